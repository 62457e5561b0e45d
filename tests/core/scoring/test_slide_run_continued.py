"""A slide scored again: after an interruption, with fields added, taken away or changed; never twice."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.results.folder import read_result_folder
from core.results.result import read_result
from core.scoring.slide_run import score_slide
from core.scoring.workers import LocalWorkers
from core.slides import open_slide
from tests.coloured_cells import (
    BACKGROUND,
    DotCard,
    NoProgress,
    draw_field,
    load_models,
    options,
    save,
    save_slide,
)
from tests.core.scoring.test_slide_run import files, score, scored_fields, suspected, why_excluded


def add_a_copy(slide: Path) -> None:
    shutil.copy(slide / "field2.png", slide / "field4.png")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, bytes]]:
    """Files of a slide of three fields, and of the same once a copy was added, that no stop came between."""
    folder = tmp_path_factory.mktemp("undisturbed")
    slide, found = save_slide(folder / "slide", fields=3), []
    for change in (None, add_a_copy):
        if change:
            change(slide)
        score(slide, folder / "out")
        found.append(files(folder / "out"))
    return found


@pytest.mark.parametrize(
    "stage",
    [
        *("write_cells", "write_features", "write_fields", "write_candidates", "write_run", "write_result"),
        "Ledger.finish",
    ],
)
def test_stopped_between_any_two_files_the_next_run_ends_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str, undisturbed: list[dict[str, bytes]]
) -> None:
    slide = save_slide(tmp_path / "slide", fields=3)

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for after_earlier_result in (False, True):
        if after_earlier_result:
            add_a_copy(slide)
        with monkeypatch.context() as patched:
            patched.setattr(f"core.scoring.slide_run.{stage}", stopped)
            with pytest.raises(KeyboardInterrupt):
                score(slide, tmp_path / "out")
        # While candidates are drawn, which takes long, the earlier result stays whole.
        earlier_stays = stage == "write_candidates" and after_earlier_result
        if earlier_stays or stage == "Ledger.finish":
            read_result_folder(tmp_path / "out")
        else:
            assert not (tmp_path / "out" / "result.json").exists()
        assert scored_fields(slide, tmp_path / "out") == 0
        assert files(tmp_path / "out") == undisturbed[after_earlier_result]


def test_a_finished_slide_is_not_scored_or_written_again(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=5)
    first = score(slide, tmp_path / "out")
    written = (tmp_path / "out" / "cells.parquet").stat().st_mtime_ns
    assert scored_fields(slide, tmp_path / "out") == 0
    assert score(slide, tmp_path / "out") == first
    assert (tmp_path / "out" / "cells.parquet").stat().st_mtime_ns == written


@pytest.mark.parametrize("lost", ["cells.parquet", "features.parquet", "result.json", "candidates"])
def test_a_result_file_that_is_gone_is_written_again_without_scoring(tmp_path: Path, lost: str) -> None:
    slide = save_slide(tmp_path / "slide", fields=3)
    score(slide, tmp_path / "out")
    before = files(tmp_path / "out")
    path = tmp_path / "out" / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert scored_fields(slide, tmp_path / "out") == 0
    assert files(tmp_path / "out") == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content.replace(b'"format": 2', b'"format": 0'),
        lambda content: content.replace(b"90", b"98"),
    ],
    ids=["emptied", "cut short", "of another format", "another count"],
)
def test_a_result_that_is_not_as_it_was_written_is_written_again_without_scoring(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    slide = save_slide(tmp_path / "slide", fields=3)
    first = score(slide, tmp_path / "out")
    before = files(tmp_path / "out")
    (tmp_path / "out" / "result.json").write_bytes(damage(before["result.json"]))
    progress = NoProgress()
    with LocalWorkers(load_models, 1) as workers:
        again = score_slide(open_slide(slide), tmp_path / "out", DotCard(), workers, options(), progress)
    assert (again, progress.cells) == (first, [])
    (remark,) = progress.remarks
    assert remark == "slide: result.json is not as it was written; it is written anew, without scoring"
    assert files(tmp_path / "out") == before


def test_fields_added_later_are_scored_and_added(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=5)
    score(slide, tmp_path / "out")
    save(slide / "field2b.png", draw_field(infected=(3,), seed=50))
    assert scored_fields(slide, tmp_path / "out") == 1
    result = read_result(tmp_path / "out" / "result.json")
    assert (result.fields.counted, result.cells.evaluable, suspected(tmp_path / "out")) == (6, 180, 5)
    assert list(why_excluded(tmp_path / "out"))[1:4] == ["field2.png", "field2b.png", "field3.png"]


def test_fields_taken_away_count_no_longer(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=5)
    score(slide, tmp_path / "out")
    (slide / "field1.png").unlink()
    progress = NoProgress()
    with LocalWorkers(load_models, 1) as workers:
        result = score_slide(open_slide(slide), tmp_path / "out", DotCard(), workers, options(), progress)
    assert progress.remarks == [
        "slide: no longer in the slide and not counted: 1 of the fields scored earlier"
    ]
    assert (result.cells.evaluable, suspected(tmp_path / "out")) == (120, 2)


def test_a_changed_field_is_scored_again_and_only_that(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=5)
    score(slide, tmp_path / "out")
    save(slide / "field2.png", draw_field(infected=(1, 2, 3), seed=60))
    assert scored_fields(slide, tmp_path / "out") == 1
    assert suspected(tmp_path / "out") == 7


def test_a_field_replaced_by_one_of_the_same_size_and_time_is_scored_again(tmp_path: Path) -> None:
    slide = tmp_path / "slide"
    for number in (1, 2):
        save(slide / f"{number}.bmp", draw_field(seed=number))
    score(slide, tmp_path / "out")
    other = save(tmp_path / "other.bmp", draw_field(infected=(1, 2, 3), seed=60))
    before = (slide / "1.bmp").stat()
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    shutil.copy2(other, slide / "1.bmp")
    after = (slide / "1.bmp").stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert scored_fields(slide, tmp_path / "out") == 1
    assert suspected(tmp_path / "out") == 3


def test_fields_that_were_moved_or_copied_are_not_scored_again_and_are_known_from_then_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = save_slide(tmp_path / "slide", fields=3)
    score(slide, tmp_path / "out")
    monkeypatch.setattr("core.scoring.changed_fields._YOUNG_NS", 0)
    for path in sorted(slide.iterdir()):
        shutil.copy(path, path.with_suffix(".copy"))  # another file at another time
        path.with_suffix(".copy").replace(path)
    assert scored_fields(slide, tmp_path / "out") == 0
    monkeypatch.setattr("core.scoring.changed_fields.is_as_scored", None)  # no field is looked at any more
    assert scored_fields(slide, tmp_path / "out") == 0


def test_of_equal_images_the_first_in_order_counts(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=4)
    shutil.copy(slide / "field1.png", slide / "copy.png")
    result = score(slide, tmp_path / "out")
    assert why_excluded(tmp_path / "out")["field1.png"] == "duplicate of copy.png"
    assert why_excluded(tmp_path / "out")["copy.png"] == ""
    assert result.fields.excluded == {"duplicate": 1}
    assert result.cells.evaluable == 120
    cells = pq.read_table(tmp_path / "out" / "cells.parquet").to_pylist()
    assert {(c["why_not"], c["infected_score"], c["rank"]) for c in cells if c["field"] == "field1.png"} == {
        ("duplicate", None, None)
    }


def test_an_equal_image_added_later_does_not_push_out_the_one_that_counted(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=4)
    score(slide, tmp_path / "out")
    shutil.copy(slide / "field1.png", slide / "a copy.png")
    score(slide, tmp_path / "out")
    assert why_excluded(tmp_path / "out")["a copy.png"] == "duplicate of field1.png"
    assert why_excluded(tmp_path / "out")["field1.png"] == ""


def test_empty_images_are_not_duplicates_of_each_other(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=2)
    for name in ("x.png", "y.png"):
        save(slide / name, np.full((200, 240, 3), BACKGROUND, np.uint8))
    score(slide, tmp_path / "out")
    assert set(why_excluded(tmp_path / "out").values()) == {""}


@pytest.mark.slow
def test_the_reference_stays_when_fields_are_added(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "slide", fields=2)
    before = score(slide, tmp_path / "out").reference
    for number in range(5):
        save(slide / f"pale{number}.png", draw_field(seed=80 + number) // 2 + 120)
    assert score(slide, tmp_path / "out").reference == before
