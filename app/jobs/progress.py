"""What the scoring process says of itself while it works, in a file a slide, for pages to show."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from core.files import write_bytes

SECONDS_BETWEEN = 0.5


@dataclass(frozen=True)
class ScoringProgress:
    """How far the scoring of a slide has come.

    Attributes
    ----------
    fields, fields_done
        Of the slide; those scored by an earlier run are among the done ones.
    cells
        Located in this run.
    fields_of_run
        Scored in this run.
    seconds
        Since this run began on the slide.
    """

    fields: int
    fields_done: int
    cells: int
    fields_of_run: int
    seconds: float

    @property
    def share(self) -> float:
        """Done, in [0, 1]."""
        return min(1.0, self.fields_done / self.fields) if self.fields else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the speed of this run; None before its first field."""
        if not self.fields_of_run:
            return None
        return (self.fields - self.fields_done) * self.seconds / self.fields_of_run


_PROGRESS = TypeAdapter(ScoringProgress)


class StoppedError(Exception):
    """Somebody has asked for the scoring to stop."""


class ProgressFile:
    """Writes a `ScoringProgress` twice a second, and stops the scoring where that was asked for.

    Parameters
    ----------
    path
        Replaced in one step each time.
    is_stopped
        Asked each time; `StoppedError` is raised where it says so.
    """

    def __init__(self, path: Path, is_stopped: Callable[[], bool]) -> None:
        self._path, self._is_stopped = path, is_stopped
        self._begun = self._written = time.monotonic()
        self._fields = self._before = self._scored = self._cells = 0

    def slide_begins(self, name: str, fields: int, fields_done: int) -> None:
        """Begin at what earlier runs have done."""
        self._fields, self._before = fields, fields_done
        self._write()

    def field_done(self, cells: int) -> None:
        """Count a field; raises `StoppedError` where scoring is to stop."""
        self._scored += 1
        self._cells += cells
        if time.monotonic() - self._written >= SECONDS_BETWEEN:
            self._write()

    def slide_ends(self) -> None:
        """Take the file away."""
        self._path.unlink(missing_ok=True)

    def remark(self, line: str) -> None:
        """Print it: the process writes its output into a log."""
        print(line, flush=True)

    def _write(self) -> None:
        self._written = time.monotonic()
        now = ScoringProgress(
            self._fields,
            self._before + self._scored,
            self._cells,
            self._scored,
            round(self._written - self._begun, 3),
        )
        write_bytes(self._path, json.dumps(asdict(now)).encode())
        if self._is_stopped():
            raise StoppedError


def read_progress(path: Path) -> ScoringProgress | None:
    """What the scoring process last said; None where it has said nothing yet, or what it said is damaged.

    It says it anew with the next fields.
    """
    try:
        return _PROGRESS.validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def progress_path(jobs: Path, slide_id: int) -> Path:
    """File of a slide."""
    return jobs / f"{slide_id}.json"
