"""Pictures that a camera's program is still writing: which files of a folder are there whole.

Folders are looked at again and again; nobody tells of a change. The systems' own messages do not come from
network drives, where cameras and this program meet most often.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from core.slides.formats import decoding, is_image_file, is_image_name, natural_key

AT_REST_S = 0.4
"""A file whose size and time of change were the same for so long is taken to be whole."""
LATE_S = 60.0
"""A file that is not whole so long after it came is named."""
TRY_AGAIN_S = 1.0
"""After this time a file that could not be decoded is tried anew, though the system says it is the same; one
that is late after `LATE_S`."""
DONE = "done"
"""A file of this name, whatever its ending and content, says that a slide is complete."""
_UNFINISHED = frozenset(
    {".tmp", ".temp", ".part", ".partial", ".crdownload", ".download", ".filepart", ".writing", ".lock"}
)
"""Endings that programs give to a file while they write it; then they rename it."""


@dataclass(frozen=True)
class Look:
    """What a look at a folder found.

    Attributes
    ----------
    whole
        Files that are there whole and were not taken yet as they are now, in natural order.
    gone
        Files that were taken, or turned out to be no pictures, and are not there any more.
    late
        Files that are not whole though they came a minute ago; each is named once.
    waiting
        How many files are still awaited: not taken, and not late.
    is_changed
        Whether a picture, or a file that says that the slide is complete, came, grew or went since the last
        look. Other files, as a camera's log, may change as they like.
    done
        Name and state of the files that say that the slide is complete; empty where there is none.
    """

    whole: tuple[str, ...]
    gone: tuple[str, ...]
    late: tuple[str, ...]
    waiting: int
    is_changed: bool
    done: str


@dataclass(frozen=True)
class _Awaited:
    """A file that is not taken yet: its state, since when it is so, when it came, when it is next offered."""

    state: str
    came_s: float
    as_it_is_s: float
    offered_from_s: float
    is_late: bool = False


class ArrivingPictures:
    """The image files that lie directly in a folder, as they come.

    A file is offered once its size and its time of change were the same at two looks, a while apart. Whoever
    is offered it decodes it and says `take` or, where it is not whole after all, `put_off`. One that is
    changed after it was taken is offered again.

    Parameters
    ----------
    folder
        Is looked at, never written to.
    taken
        State (`state_of`) of each file that an earlier run has taken.
    """

    def __init__(self, folder: Path, taken: Mapping[str, str]) -> None:
        self.folder = folder
        self._taken = dict(taken)
        self._awaited: dict[str, _Awaited] = {}
        self._states: dict[str, str] = {}

    def look(self, now_s: float) -> Look:
        """Look at the folder; raises `UnreadableImageError` where it cannot be listed."""
        states = _files_of(self.folder)
        changed = {name for name, _ in states.items() ^ self._states.items()}
        is_changed, self._states = any(map(self._tells_of_work, changed)), states
        awaited: dict[str, _Awaited] = {}
        whole, late = [], []
        for name in sorted(filter(_may_be_picture, states), key=natural_key):
            if self._taken.get(name) == states[name]:
                continue
            before = self._awaited.get(name)
            one = before or _Awaited(states[name], now_s, now_s, now_s)
            if one.state != states[name]:
                one = replace(one, state=states[name], as_it_is_s=now_s, offered_from_s=now_s)
            is_at_rest = now_s - one.as_it_is_s >= AT_REST_S
            if is_at_rest and not is_image_file(self.folder / name):
                self._taken[name] = states[name]
                continue
            if is_at_rest and now_s >= one.offered_from_s and not _is_unfinished(name, states[name]):
                whole.append(name)
            elif not one.is_late and now_s - one.came_s >= LATE_S:
                if is_image_file(self.folder / name) or _is_unfinished(name, states[name]):
                    late.append(name)
                one = replace(one, is_late=True)
            awaited[name] = one
        self._awaited = awaited
        gone = tuple(sorted(self._taken.keys() - states.keys(), key=natural_key))
        for name in gone:
            del self._taken[name]
        waiting = sum(not one.is_late for one in awaited.values())
        done = "; ".join(f"{name}: {states[name]}" for name in sorted(filter(_says_done, states)))
        return Look(tuple(whole), gone, tuple(late), waiting, is_changed, done)

    def _tells_of_work(self, name: str) -> bool:
        return _says_done(name) or is_image_file(self.folder / name)

    def state_of(self, name: str) -> str:
        """What the system said of a file that was offered: another text means that it has changed since."""
        return self._awaited[name].state

    def take(self, name: str) -> None:
        """Say that a file that was offered is dealt with: it is offered again only where it changes."""
        self._taken[name] = self._awaited.pop(name).state

    def put_off(self, name: str, now_s: float) -> None:
        """Say that a file that was offered cannot be decoded: it may be written still."""
        one = self._awaited[name]
        again_s = now_s + (LATE_S if one.is_late else TRY_AGAIN_S)
        self._awaited[name] = replace(one, offered_from_s=again_s)


def pictures_in(folder: Path) -> dict[str, str]:
    """State of each picture that lies directly in a folder, by name; raises `UnreadableImageError`."""
    states = _files_of(folder)
    return {name: states[name] for name in sorted(states) if is_image_file(folder / name)}


def _files_of(folder: Path) -> dict[str, str]:
    """Size and time of change of the files in a folder that are not hidden, by name."""
    states = {}
    with decoding(folder), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith(".") or entry.is_dir():
                continue
            try:
                # Asked anew: what comes with a listing may be old on Windows while a file is written.
                status = Path(entry.path).stat()
            except OSError:
                continue  # renamed or taken away since it was listed
            states[entry.name] = f"{status.st_size} bytes, {status.st_mtime_ns} ns"
    return states


def _is_unfinished(name: str, state: str) -> bool:
    path = Path(name)
    is_temporary = path.suffix.lower() in _UNFINISHED or name.startswith("~") or name.endswith("~")
    return is_temporary or state.startswith("0 bytes")


def _says_done(name: str) -> bool:
    return Path(name).stem.casefold() == DONE and not is_image_name(Path(name))


def _may_be_picture(name: str) -> bool:
    return not _says_done(name)
