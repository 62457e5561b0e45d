"""Which fields of a slide are scored again: those that look otherwise than they did, and no others."""

import errno
import os
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import tifffile

from core.scoring.changed_fields import fields_to_score, file_states, is_as_scored
from core.scoring.deadly_fields import DEADLY
from core.scoring.ledger import Ledger
from core.scoring.ledger_table import LedgerEntry
from core.slides import content_hash, open_slide
from tests.coloured_cells import draw_field, save
from tests.core.scoring.test_ledger import IDENTITY, scored
from tests.core.slides.images import picture


def states_of(folder: Path) -> dict[str, str]:
    return file_states(open_slide(folder))


def test_a_file_that_stays_has_one_state_once_it_is_old_enough_and_each_change_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path / "slide" / "a.png", draw_field())
    assert states_of(path.parent) != states_of(path.parent)  # a clock by the second could not tell
    monkeypatch.setattr("core.scoring.changed_fields._YOUNG_NS", 0)
    before = states_of(path.parent)
    assert before == states_of(path.parent)
    status = path.stat()
    content = path.read_bytes()
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert states_of(path.parent) != before


def test_a_file_that_cannot_be_asked_for_has_a_state_like_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = open_slide(save(tmp_path / "slide" / "a.png", draw_field()).parent)
    monkeypatch.setattr("core.scoring.changed_fields._YOUNG_NS", 0)
    seen = file_states(slide)
    for number in (errno.EACCES, errno.EIO, errno.ESTALE, errno.ENOENT):
        error = OSError(number, os.strerror(number))
        with monkeypatch.context() as patched:
            patched.setattr(Path, "stat", Mock(side_effect=error))
            states = [seen, file_states(slide), file_states(slide)]
        assert len({state["a.png"] for state in states}) == 3


def test_all_pages_of_a_file_have_the_state_of_their_file(tmp_path: Path) -> None:
    (tmp_path / "slide").mkdir()
    pages = np.array([picture(seed=seed) for seed in range(2)])
    tifffile.imwrite(tmp_path / "slide" / "a#b.tif", pages, photometric="rgb")
    states = states_of(tmp_path / "slide")
    assert list(states) == ["a#b.tif#page=1", "a#b.tif#page=2"]
    assert len(set(states.values())) == 1


def test_a_field_is_as_it_was_scored_while_its_pixels_or_the_reason_against_them_are(tmp_path: Path) -> None:
    path = save(tmp_path / "slide" / "a.png", draw_field())
    slide = open_slide(path.parent)
    pixels = content_hash(slide.read_field("a.png").image)
    assert is_as_scored(slide, "a.png", pixels, "")
    save(path, draw_field(seed=9))
    assert not is_as_scored(slide, "a.png", pixels, "")
    path.unlink()
    assert not is_as_scored(slide, "a.png", pixels, "")
    assert is_as_scored(slide, "a.png", "", f"{path} does not exist")


def test_new_fields_are_scored_and_what_killed_its_process_only_once_it_is_another(tmp_path: Path) -> None:
    folder = tmp_path / "slide"
    for number, name in enumerate(("deadly.png", "new.png", "other.png", "same.png")):
        save(folder / name, draw_field(seed=number))
    slide = open_slide(folder)
    states, pixels = file_states(slide), content_hash(slide.read_field("same.png").image)
    with Ledger(tmp_path / "ledger", IDENTITY, resume=True) as ledger:
        ledger.add(replace(scored("same.png", content=pixels), source="as it was before it was moved"))
        ledger.add(replace(scored("other.png"), source="as it was before"))
        ledger.add(LedgerEntry("deadly.png", states["deadly.png"], 1, None, f"deadly.png: {DEADLY}"))
        ledger.flush()
        assert fields_to_score(slide, states, ledger) == ["new.png", "other.png"]
        assert ledger.column("source")["same.png"] == states["same.png"]
        younger = {**states, "deadly.png": f"{states['deadly.png']}, young at 9 ns"}
        assert fields_to_score(slide, younger, ledger) == ["new.png", "other.png"]
        changed = {**states, "deadly.png": "another"}
        assert fields_to_score(slide, changed, ledger) == ["deadly.png", "new.png", "other.png"]
