"""What a worker does with a slide: measure it once, then decode and score one field after another."""

import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis.strategies import integers

from core.cells.reference import SlideReference
from core.scoring import field_tasks
from core.scoring.field_tasks import (
    FieldTask,
    SlideInWork,
    SlideNotHereError,
    measure_reference,
    score_field,
    slide_in_work,
    spread_order,
)
from core.scoring.ledger_table import LedgerEntry
from core.slides import content_hash, open_slide
from tests.coloured_cells import OTHER_CELL, REFERENCE, DiscModels, draw_field, save


def task(folder: Path, reference: SlideReference | None = REFERENCE, pictures: Any = None) -> FieldTask:  # noqa: ANN401 - any that are told
    """Of the only field of a slide, in a folder of its own."""
    slide = SlideInWork(folder / "slide", "slide", str(folder), reference, None, pictures)
    return FieldTask(slide, "a.png", "state", 3, 1.0)


def test_the_fields_looked_at_first_lie_far_apart() -> None:
    assert spread_order(8) == [0, 4, 2, 6, 1, 5, 3, 7]


@given(integers(1, 3000))
def test_every_field_has_its_turn_once(count: int) -> None:
    assert sorted(spread_order(count)) == list(range(count))


@given(integers(16, 3000))
def test_the_first_eight_leave_no_quarter_of_the_slide_out(count: int) -> None:
    assert {4 * index // count for index in spread_order(count)[:8]} == {0, 1, 2, 3}


def test_a_field_that_cannot_be_read_is_an_entry_with_the_reason(tmp_path: Path) -> None:
    save(tmp_path / "slide" / "a.png", draw_field()).write_bytes(b"")
    entry = score_field(DiscModels(), task(tmp_path))
    assert (entry.name, entry.source, entry.generation, entry.scored) == ("a.png", "state", 3, None)
    assert "empty" in entry.unreadable


def test_a_slide_that_the_machine_does_not_have_is_no_fault_of_the_image(tmp_path: Path) -> None:
    where = rf"^{tmp_path}/slide is not there on {platform.node()}: .* under the same path$"
    with pytest.raises(SlideNotHereError, match=where):
        score_field(DiscModels(), task(tmp_path))
    with pytest.raises(SlideNotHereError, match=where):
        measure_reference(DiscModels(), (task(tmp_path).slide, ["a.png"]))


def test_a_field_that_was_taken_away_is_an_entry_with_that_reason(tmp_path: Path) -> None:
    save(tmp_path / "slide" / "b.png", draw_field())
    entry = score_field(DiscModels(), task(tmp_path))
    assert (entry.scored, entry.unreadable) == (None, f"{tmp_path}/slide/a.png is not there any more")


def test_workers_are_told_where_the_slide_lies_whatever_folder_they_stand_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(tmp_path / "slide" / "a.png", draw_field())
    monkeypatch.chdir(tmp_path)
    slide = open_slide(Path("slide"))
    assert slide_in_work(slide, {}, None).path == tmp_path / "slide"


def test_a_field_is_not_scored_before_its_slide_is_measured(tmp_path: Path) -> None:
    save(tmp_path / "slide" / "a.png", draw_field())
    entry = score_field(DiscModels(), task(tmp_path, reference=None))
    assert entry.scored is None
    assert entry.unreadable == "it could not be read when its slide was measured: score the slide again"


def test_who_makes_pictures_of_a_field_is_given_what_scoring_has_decoded(tmp_path: Path) -> None:
    class Told:
        def of_field(self, image: np.ndarray, content: str) -> None:
            assert content == content_hash(image)
            told.append(image.shape)

    told: list[Sequence[int]] = []
    image = draw_field()
    save(tmp_path / "slide" / "a.png", image)
    entry: LedgerEntry = score_field(DiscModels(), task(tmp_path, pictures=Told()))
    assert (entry.cells, told) == (30, [image.shape])


def test_a_slide_is_measured_on_the_crops_that_scoring_will_cut(tmp_path: Path) -> None:
    models = DiscModels()
    save(tmp_path / "slide" / "a.png", draw_field(cell=OTHER_CELL))
    slide = SlideInWork(tmp_path / "slide", "slide", "state", None, 8.6 / 28)
    reference = measure_reference(models, (slide, ["a.png"]))
    assert reference is not None
    score_field(models, task(tmp_path, reference))
    np.testing.assert_array_equal(models.classifier.scored[0], models.classifier.measured[0])


def test_a_scan_that_is_bare_glass_but_for_one_region_is_measured_on_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(field_tasks, "REFERENCE_FIELDS", 3)
    path, cells = tmp_path / "slide" / "a.tif", draw_field()
    scan = np.full((3000, 3000, 3), 235, np.uint8)
    scan[-cells.shape[0] :, -cells.shape[1] :] = cells
    path.parent.mkdir()
    tifffile.imwrite(path, scan, tile=(256, 256), photometric="rgb")
    *bare, corner = open_slide(path).field_names()
    assert len(bare) == 8
    names = [*bare[:7], corner, bare[7]]
    assert spread_order(9)[-1] == 7  # the corner's turn is the last
    slide = SlideInWork(path, "a.tif", str(tmp_path), None, None)
    measured = measure_reference(DiscModels(), (slide, names))
    alone = measure_reference(DiscModels(), (slide, [corner]))
    assert measured is not None
    assert alone is not None
    assert measured.cell_colour == alone.cell_colour
    assert measured.objects_a_field == pytest.approx(alone.objects_a_field / len(names))
