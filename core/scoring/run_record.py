"""How a run went: what differs from run to run, and therefore stands beside the result, in `run.json`."""

import json
import platform
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from core.files import write_bytes
from core.scoring.workers import available_cores

LIBRARIES = (
    *("imagecodecs", "numpy", "onnxruntime", "opencv-python-headless", "openslide-bin", "pyarrow", "pydicom"),
    *("scipy", "simplejpeg", "tifffile"),
)
"""Those whose version can change a score or a file's bytes."""


@dataclass(frozen=True)
class RunRecord:
    """One run on one slide.

    Attributes
    ----------
    started, ended
        UTC, ISO 8601.
    seconds
        From opening the slide to the last table written.
    fields_scored, cells_located
        In this run; what an earlier run had scored is not among them.
    cells_per_second
        `cells_located` by `seconds`.
    workers
        Number of processes.
    options
        As the user gave them.
    """

    started: str
    ended: str
    seconds: float
    fields_scored: int
    cells_located: int
    cells_per_second: float
    workers: int
    options: dict[str, Any]


class RunClock:
    """Counts what a run does to a slide; begins when made."""

    def __init__(self) -> None:
        self._started = datetime.now(UTC)
        self._began_s = time.monotonic()
        self._fields = 0
        self._cells = 0

    def field_done(self, cells: int) -> None:
        """Count a scored field and the cells located on it."""
        self._fields += 1
        self._cells += cells

    def record(self, workers: int, options: dict[str, Any]) -> RunRecord:
        """The run up to now."""
        ended = datetime.now(UTC)
        seconds = time.monotonic() - self._began_s  # whatever is done to the clock meanwhile
        return RunRecord(
            started=self._started.isoformat(timespec="seconds"),
            ended=ended.isoformat(timespec="seconds"),
            seconds=round(seconds, 3),
            fields_scored=self._fields,
            cells_located=self._cells,
            cells_per_second=round(self._cells / seconds, 1) if seconds > 0 else 0.0,
            workers=workers,
            options=options,
        )


def write_run(path: Path, record: RunRecord) -> None:
    """Write `run.json`, with the machine and the versions; raises `core.files.OutputError`."""
    document = {**asdict(record), "machine": machine(), "versions": versions()}
    write_bytes(path, json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n")


@cache  # they stay while a process lives, and reading them takes longer than scoring a field
def versions() -> dict[str, str]:
    """Versions of Smearscope, Python and the libraries that can change a score."""
    return {
        "smearscope": version("smearscope"),
        "python": platform.python_version(),
        **{library: version(library) for library in LIBRARIES},
    }


def machine() -> dict[str, str | int]:
    """What the run was made on."""
    return {
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": available_cores(),
    }
