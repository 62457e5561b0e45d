"""What a watch says of the slides at microscopes, in one file: for pages to show, and to go on from."""

import hashlib
import json
import time
from collections.abc import Mapping
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
        Fingerprint (`fingerprint`) of the pictures of the slide when it was last closed; empty before.
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
    pictures: str = ""
    done: str = ""
    unreadable: int = 0

    def after(self, field: LiveField, tally: LiveTally) -> "WatchedSlide":
        """The slide once a field has come."""
        last = field.name or field.file
        return replace(self, step=WatchStep.OPEN, tally=tally, last=last, notes=field.notes)


_SLIDES = TypeAdapter(tuple[WatchedSlide, ...])
_STATES = TypeAdapter(frozenset[str])


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


def fingerprint(pictures: Mapping[str, str]) -> str:
    """Another text where any picture of a slide, by name and state, is another one."""
    return hashlib.blake2b(json.dumps(sorted(pictures.items())).encode(), digest_size=16).hexdigest()


def write_states(folder: Path, slide: str, pictures: Mapping[str, str]) -> None:
    """Keep the states of a slide's pictures beside the file, which is written too often to hold them."""
    write_bytes(_states_path(folder, slide), json.dumps(sorted(pictures.values())).encode())


def read_states(folder: Path, slide: str) -> frozenset[str]:
    """The states that were kept of a slide; none where there are none, or their file is damaged."""
    try:
        return _STATES.validate_json(_states_path(folder, slide).read_bytes())
    except (FileNotFoundError, ValidationError):
        return frozenset()


def _states_path(folder: Path, slide: str) -> Path:
    return folder / "closed" / f"{slide}.json"


def under_watch(path: Path, now_s: float | None = None) -> tuple[WatchedSlide, ...]:
    """Slides that are watched or being closed now; none where nobody has written the file of late."""
    try:
        age_s = (time.time() if now_s is None else now_s) - path.stat().st_mtime
        slides = read_watched(path)
    except OSError:  # none there, or being replaced just now
        return ()
    going_on = (WatchStep.OPEN, WatchStep.CLOSING)
    return tuple(slide for slide in slides if slide.step in going_on and abs(age_s) < OVER_AFTER_S)
