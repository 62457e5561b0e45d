"""Several slides in one run: each in its folder, and what failed on a list that stops nothing."""

import json
import re
from pathlib import Path
from unittest.mock import Mock

import pytest
import tifffile

from core.errors import SmearscopeError
from core.files import OutputError
from core.scoring.batch import BatchResult, Problem, score_slides
from core.scoring.workers import ClusterError, LocalWorkers, ModelsNotLoadedError
from core.slides import Slide, find_slides, open_slide
from tests.coloured_cells import DotCard, DotModels, NoProgress, draw_field, load_models, options, save_slide


class CountedProgress(NoProgress):
    """Keeps how many slides have ended."""

    ended = 0

    def slide_ends(self) -> None:
        self.ended += 1


def score(*slides: Path, out: Path, progress: NoProgress | None = None) -> BatchResult:
    with LocalWorkers(load_models, 1) as workers:
        return score_slides(
            [find_slides(slides)], out, DotCard(), workers, options(), progress or NoProgress()
        )


@pytest.mark.parametrize("raised", [ZeroDivisionError("division by zero"), MemoryError(), OSError(5, "I/O")])
def test_an_error_of_the_program_is_named_with_its_kind_and_costs_its_slide_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: Exception
) -> None:
    def open_all_but_second(path: Path, name: str) -> Slide:
        if name == "second":
            raise raised
        return open_slide(path, name=name)

    monkeypatch.setattr("core.scoring.batch.open_slide", open_all_but_second)
    slides = [save_slide(tmp_path / name, fields=1) for name in ("first", "second", "third")]
    progress = CountedProgress()
    batch = score(*slides, out=tmp_path / "out", progress=progress)
    assert [result.slide for result in batch.results] == ["first", "third"]
    said = " ".join(f"{type(raised).__name__}: {raised}".split())
    (problem,) = batch.slides_not_scored
    assert (problem.slide, problem.field) == ("second", "")
    begin = re.escape(f"an error of the program: {said} (test_batch.py, line ")
    assert re.fullmatch(rf"{begin}\d+\); please report it", problem.reason)
    assert progress.ended == 3


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), ClusterError("out of reach")])
def test_what_concerns_all_slides_ends_the_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: BaseException
) -> None:
    monkeypatch.setattr("core.scoring.batch.open_slide", Mock(side_effect=raised))
    with pytest.raises(type(raised)):
        score(save_slide(tmp_path / "slide", fields=1), out=tmp_path / "out")


def test_a_damaged_page_that_asks_for_all_memory_is_named_and_the_rest_is_scored(tmp_path: Path) -> None:
    path = tmp_path / "damaged" / "a.tif"
    path.parent.mkdir()
    with tifffile.TiffWriter(path) as writer:
        for seed in range(2):
            writer.write(draw_field(seed=seed), compression="zlib", photometric="rgb", metadata=None)
    with tifffile.TiffFile(path) as tiff:
        offset = tiff.pages.first.tags["SamplesPerPixel"].valueoffset
    data = bytearray(path.read_bytes())
    data[offset : offset + 2] = (60_000).to_bytes(2, "little")
    path.write_bytes(data)
    batch = score(path.parent, save_slide(tmp_path / "whole", fields=1), out=tmp_path / "out")
    assert [result.slide for result in batch.results] == ["damaged", "whole"]
    (problem,) = batch.fields_not_read
    assert (problem.slide, problem.field) == ("damaged", "a.tif#page=1")
    assert "a.tif is damaged, or no picture of a camera" in problem.reason
    assert "pixels of 60000 bytes each" in problem.reason


def no_models() -> DotModels:
    raise SmearscopeError("no weights here")


def test_what_cannot_be_scored_or_read_is_listed_with_its_reason_and_stops_nothing(tmp_path: Path) -> None:
    save_slide(tmp_path / "first", fields=2)
    (tmp_path / "first" / "field2.png").write_bytes(b"")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "only.png").write_bytes(b"")
    save_slide(tmp_path / "last", fields=1)
    progress, out = CountedProgress(), tmp_path / "out"
    paths = [tmp_path / name for name in ("gone", "first", "bad", "last")]
    batch = score(*paths, out=out, progress=progress)
    assert [result.slide for result in batch.results] == ["first", "last"]
    assert [problem.slide for problem in batch.slides_not_scored] == [str(tmp_path / "gone"), "bad"]
    assert "no field can be read (1 tried)" in batch.slides_not_scored[1].reason
    empty = "is empty (0 bytes): copy it again, or remove it"
    assert batch.fields_not_read == (
        Problem("first", "field2.png", f"{tmp_path}/first/field2.png {empty}"),
        Problem("bad", "only.png", f"{tmp_path}/bad/only.png {empty}"),
    )
    assert progress.ended == 3
    assert {path.name for path in out.iterdir() if (path / "result.json").exists()} == {"first", "last"}
    assert json.loads((out / "problems.json").read_text(encoding="utf-8")) == {
        "slides_not_scored": [
            {"slide": problem.slide, "reason": problem.reason} for problem in batch.slides_not_scored
        ],
        "fields_not_read": [
            {"slide": problem.slide, "field": problem.field, "reason": problem.reason}
            for problem in batch.fields_not_read
        ],
    }


def test_without_problems_the_list_is_there_and_empty(tmp_path: Path) -> None:
    batch = score(save_slide(tmp_path / "slide", fields=1), out=tmp_path / "out")
    assert (batch.slides_not_scored, batch.fields_not_read) == ((), ())
    problems = json.loads((tmp_path / "out" / "problems.json").read_text())
    assert problems == {"slides_not_scored": [], "fields_not_read": []}


def test_an_output_that_cannot_be_written_is_said_before_anything_is_scored(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    progress = NoProgress()
    with pytest.raises(OutputError, match="cannot write"):
        score(save_slide(tmp_path / "slide", fields=1), out=tmp_path / "file" / "out", progress=progress)
    assert progress.begun == []


def test_without_models_no_slide_is_tried_after_the_first(tmp_path: Path) -> None:
    slides = [save_slide(tmp_path / name, fields=1) for name in ("first", "second")]
    progress = CountedProgress()
    with LocalWorkers(no_models, 1) as workers, pytest.raises(ModelsNotLoadedError, match="no weights here"):
        score_slides([find_slides(slides)], tmp_path / "out", DotCard(), workers, options(), progress)
    assert progress.ended == 0


def test_a_slide_named_as_an_earlier_one_is_refused_and_the_earlier_one_kept(tmp_path: Path) -> None:
    first, second = (save_slide(tmp_path / place, fields=1) for place in ("a/slide", "b/Slide"))
    out = tmp_path / "out"
    with LocalWorkers(load_models, 1) as workers:
        batch = score_slides(
            [find_slides([first]), find_slides([second])], out, DotCard(), workers, options(), NoProgress()
        )
    assert [result.slide for result in batch.results] == ["slide"]
    reason = "an earlier slide of this run has that name: score this one with another --out"
    assert batch.slides_not_scored == (Problem("Slide", "", reason),)
