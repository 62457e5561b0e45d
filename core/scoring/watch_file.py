"""What a watch says of the slides at microscopes, in one file: for pages to show, and to go on from."""

import json
import time
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from core.files import write_bytes
from core.scoring.live_tally import LiveField, LiveTally
from core.wording import Sentence

KEPT = ".watch"
"""Folder beside the results for what is kept of slides that are open, and for the file."""
WATCH_FILE = "watch.json"
WRITTEN_EACH_S = 10.0
"""Longest time between two writings, also where nothing comes."""
OVER_AFTER_S = 30.0
"""Who has not written for so long does not watch any more."""


class WatchStep(StrEnum):
    """How far a slide has come."""

    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    FAILED = "failed"


@dataclass(frozen=True)
class WatchedSlide:
    """A slide as it is known from outside.

    Attributes
    ----------
    name
        Of the slide, its result, and its folder among the results.
    step
        How far it has come.
    tally
        Provisional until it is closed.
    last
        The field that came last; empty before the first.
    notes
        What the person at the microscope should know of that field.
    pictures
        State of each picture of the slide when it was last closed; empty before.
    done
        State of the file by which it was closed, if there was one: it closes the slide once.
    unreadable
        Fields that could not be read when it was closed.
    """

    name: str
    step: WatchStep
    tally: LiveTally
    last: str = ""
    notes: tuple[Sentence, ...] = ()
    pictures: dict[str, str] | None = None
    done: str = ""
    unreadable: int = 0

    def after(self, field: LiveField, tally: LiveTally) -> "WatchedSlide":
        """The slide once a field has come."""
        last = field.name or field.file
        return replace(self, step=WatchStep.OPEN, tally=tally, last=last, notes=field.notes)


_SLIDES = TypeAdapter(tuple[WatchedSlide, ...])


def write_watched(path: Path, slides: tuple[WatchedSlide, ...]) -> None:
    """Replace the file in one step; raises `core.files.OutputError`."""
    content = json.dumps([asdict(slide) for slide in slides], ensure_ascii=False, indent=1)
    write_bytes(path, content.encode())


def read_watched(path: Path) -> tuple[WatchedSlide, ...]:
    """The slides of the file; none where there is no such file, or it is damaged."""
    try:
        return _SLIDES.validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return ()


def under_watch(path: Path, now_s: float | None = None) -> tuple[WatchedSlide, ...]:
    """Slides that are watched or being closed now; none where nobody has written the file of late."""
    try:
        age_s = (time.time() if now_s is None else now_s) - path.stat().st_mtime
        slides = read_watched(path)
    except OSError:  # none there, or being replaced just now
        return ()
    going_on = (WatchStep.OPEN, WatchStep.CLOSING)
    return tuple(slide for slide in slides if slide.step in going_on and abs(age_s) < OVER_AFTER_S)
