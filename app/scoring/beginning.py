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


def start(workplace: Workplace) -> "subprocess.Popen[bytes] | None":
    """Start the process where slides wait and none is running; it lives on when the caller ends.

    Returns
    -------
    The process; None where there was nothing to start.
    """
    waiting = {ScoringStep.QUEUED, ScoringStep.SCORING}
    if not any(slide.scoring in waiting for slide in workplace.store.slides()):
        return None
    with alone(workplace.jobs) as is_alone:
        if not is_alone:
            return None
    with (workplace.jobs / "log.txt").open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own module; the data folder is an argument
            [sys.executable, "-m", "app.scoring.process", str(workplace.folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


@contextmanager
def alone(jobs: Path) -> Iterator[bool]:
    """Whether no other process scores in this folder; while inside, none can begin."""
    jobs.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(jobs / "lock", os.O_CREAT | os.O_RDWR, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
