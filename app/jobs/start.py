"""Beginning the scoring process; nothing here loads the networks."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.workplace import Workplace
from core.store import ScoringStep

REVIEW_BUDGET = 100
"""Most candidates that a reader is asked to look at, unless the slide has its own number."""


def start(workplace: Workplace) -> "subprocess.Popen[bytes] | None":
    """Start the process where slides wait and none is running; it lives on when the caller ends.

    Returns
    -------
    The process; None where there was nothing to start.
    """
    waiting = {ScoringStep.QUEUED, ScoringStep.SCORING}
    if not any(slide.scoring in waiting for slide in workplace.store.slides()):
        return None
    return _begin(workplace, workplace.jobs, "app.jobs.scoring_process")


def start_maps(workplace: Workplace) -> "subprocess.Popen[bytes] | None":
    """Start the process that makes the maps that were asked for, where none is running."""
    return _begin(workplace, workplace.asked_maps, "app.jobs.map_process")


def start_comparison(workplace: Workplace) -> "subprocess.Popen[bytes] | None":
    """Start the process that compares two models, where none is running."""
    return _begin(workplace, workplace.comparisons, "app.jobs.comparison_process")


def _begin(workplace: Workplace, jobs: Path, module: str) -> "subprocess.Popen[bytes] | None":
    with alone(jobs) as lock:
        if lock is None:
            return None
        workplace.jobs.mkdir(parents=True, exist_ok=True)
        with (workplace.jobs / "log.txt").open("ab") as log:
            # It inherits the lock: it takes seconds to come up, and nobody may start another meanwhile.
            return subprocess.Popen(  # noqa: S603 - our own module; the data folder is an argument
                [sys.executable, "-m", module, str(workplace.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(lock,),
            )


@contextmanager
def alone(jobs: Path) -> Iterator[int | None]:
    """The lock of one kind of job in a data folder, as a descriptor; None where another process has it.

    While inside, no other can begin; nor can one while a process lives that has inherited the descriptor.
    """
    jobs.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(jobs / "lock", os.O_CREAT | os.O_RDWR, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield descriptor
    finally:
        os.close(descriptor)
