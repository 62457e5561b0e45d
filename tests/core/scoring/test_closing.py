"""The run on a closed slide: that of the command, in a process that ends with the watch."""

import time
from functools import partial
from pathlib import Path

import pytest

from core.results.result import SlideResult
from core.scoring.closing import Closing, ClosingRun, score_closed
from core.scoring.workers import LocalWorkers
from core.slides import FoundSlide
from tests.coloured_cells import DotCard, load_models, options, save_slide


def closing_of(folder: Path, output: Path, wait_s: float = 0.0) -> Closing:
    load = partial(load_models, wait_s)
    return Closing(FoundSlide(folder.name, folder), output, DotCard(), load, options())


def test_it_gives_the_result_or_says_why_there_is_none(tmp_path: Path) -> None:
    with LocalWorkers(load_models, 1) as workers:
        result = score_closed(closing_of(save_slide(tmp_path / "a", 1), tmp_path / "out"), workers)
        (tmp_path / "b").mkdir()
        (tmp_path / "b" / "f.png").write_bytes(b"")
        why = score_closed(closing_of(tmp_path / "b", tmp_path / "out"), workers)
    assert isinstance(result, SlideResult)
    assert result.cells.evaluable == 30
    assert isinstance(why, str)
    assert "f.png is empty (0 bytes)" in why


@pytest.mark.slow
def test_the_run_in_its_process_ends_with_the_result_and_can_be_stopped_before(tmp_path: Path) -> None:
    slide = save_slide(tmp_path / "a", 6)
    stopped = ClosingRun(closing_of(slide, tmp_path / "out", wait_s=0.3))
    assert stopped.outcome() is None
    stopped.stop()
    assert not (tmp_path / "out" / "a" / "result.json").exists()
    run = ClosingRun(closing_of(slide, tmp_path / "out"))
    while (outcome := run.outcome()) is None:
        time.sleep(0.05)
    assert isinstance(outcome, SlideResult)
    assert outcome.cells.evaluable == 180
    assert (tmp_path / "out" / "a" / "result.json").exists()
