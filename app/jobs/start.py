"""Beginning the scoring process; nothing here loads the networks."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from app.workplace import Workplace
from core.files import lock_taken, opened_lock
from core.store import ScoringStep

REVIEW_BUDGET = 100
"""Most candidates that a reader is asked to look at, unless the slide has its own number."""
TRIES, SECONDS_BETWEEN_TRIES = 50, 0.1
"""How long a process on Windows waits until the one that began it gives up the lock."""


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
            return _begun([sys.executable, "-m", module, str(workplace.folder)], log, lock)


def _begun(command: list[str], log: IO[bytes], lock: int) -> "subprocess.Popen[bytes]":
    """A process of our own that lives on when this one ends, and when its terminal is closed."""
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
    if sys.platform == "win32":
        # Locks are not inherited there: `has_lock` takes it anew.
        apart = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
        return subprocess.Popen(command, creationflags=apart, **quiet)  # noqa: S603
    else:
        # It inherits the lock: it takes seconds to come up, and nobody may start another meanwhile.
        return subprocess.Popen(command, start_new_session=True, pass_fds=(lock,), **quiet)  # noqa: S603


@contextmanager
def alone(jobs: Path) -> Iterator[int | None]:
    """The lock of one kind of job in a data folder, as a descriptor; None where another process has it.

    While inside, no other can begin; nor can one while a process lives that has inherited the descriptor.
    """
    jobs.mkdir(parents=True, exist_ok=True)
    descriptor = opened_lock(jobs / "lock")
    try:
        yield descriptor if lock_taken(descriptor) else None
    finally:
        os.close(descriptor)


def has_lock(jobs: Path) -> bool:
    """Whether this process, which was begun for these jobs, has their lock: for as long as it lives."""
    if sys.platform == "win32":
        descriptor = opened_lock(jobs / "lock")
        for _ in range(TRIES):
            if lock_taken(descriptor):
                return True
            time.sleep(SECONDS_BETWEEN_TRIES)
        return False
    else:
        return True  # inherited from the process that began this one
