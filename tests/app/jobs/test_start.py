"""Beginning the scoring process: one at a time in a data folder, and only where a slide waits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.jobs.start import alone, start
from app.workplace import Workplace
from core.store import ScoringStep, StoredSlide
from tests.coloured_cells import save_slide


@pytest.fixture
def slide(workplace: Workplace, tmp_path: Path) -> StoredSlide:
    case = workplace.store.add_case("patient", by="Anna")
    folder = save_slide(tmp_path / "images", fields=6)
    return workplace.store.add_slide(case.id, "slide", folder, by="Anna")


def test_two_processes_never_score_in_one_folder(workplace: Workplace, slide: StoredSlide) -> None:
    with alone(workplace.jobs) as lock:
        assert lock is not None
        assert start(workplace) is None
        with alone(workplace.jobs) as second:
            assert second is None
    assert workplace.store.record(slide.id).slide.scoring == ScoringStep.QUEUED


def test_no_process_is_started_for_an_empty_queue(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.start.subprocess.Popen", lambda *_, **__: pytest.fail("started"))
    assert start(workplace) is None


@pytest.fixture
def sleeper(workplace: Workplace, slide: StoredSlide, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A process that `start` starts, and that only leaves a mark."""
    real, mark = subprocess.Popen, workplace.folder / "mark"
    code = f"import time; time.sleep(0.3); open({str(mark)!r}, 'w').close()"
    monkeypatch.setattr(
        "app.jobs.start.subprocess.Popen",
        lambda _, **more: real([sys.executable, "-c", code], **more),
    )
    return mark


def test_the_process_lives_in_a_session_of_its_own_that_no_closed_terminal_ends(
    workplace: Workplace, sleeper: Path
) -> None:
    started = start(workplace)
    assert started is not None
    assert os.getsid(started.pid) == started.pid
    assert os.getpgid(started.pid) == started.pid
    started.wait()
    assert sleeper.exists()


def test_started_again_before_it_has_come_up_it_stays_one_process(
    workplace: Workplace, sleeper: Path
) -> None:
    started = start(workplace)
    assert started is not None
    assert start(workplace) is None
    started.wait()
    again = start(workplace)  # the slide waits still, and the process that had the lock is gone
    assert again is not None
    again.wait()
