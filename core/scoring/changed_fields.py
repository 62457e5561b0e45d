"""Which fields have changed since they were scored: by what the system says, then by their pixels."""

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from core.errors import UnreadableImageError
from core.scoring.deadly_fields import is_deadly
from core.scoring.ledger import Ledger
from core.scoring.workers import available_cores
from core.slides import Slide, content_hash

_YOUNG_NS = 3_000_000_000
"""The coarsest clock of a file system, that of memory cards, counts by two seconds."""
_YOUNG_AT = ", young at "


def file_states(slide: Slide) -> dict[str, str]:
    """What the system says of the files of each field, as a text to compare, by field name.

    Size, place on the disk, and times of change to the nanosecond: of the content, which whoever copies a
    file can set, and of the file, which nobody can. Equal texts mean the same content; others mean that it
    must be looked at (`is_as_scored`), for a file that was moved or copied is the same picture.

    Some disks keep time by the second, so that a file that was young when it was asked for may have been
    replaced since: its text is like no other. So is that of a file which cannot be asked for.
    """
    state = cache(partial(_state, now_ns=time.time_ns()))
    return {name: state(tuple(slide.files_of(name))) for name in slide.field_names()}


def is_as_scored(slide: Slide, name: str, pixels_hash: str, unreadable: str) -> bool:
    """Whether a field still has the pixels that were scored, or still cannot be read for the same reason."""
    try:
        return content_hash(slide.read_field(name).image) == pixels_hash
    except UnreadableImageError as error:
        return str(error) == unreadable


def fields_to_score(slide: Slide, states: dict[str, str], ledger: Ledger) -> list[str]:
    """Fields that are new or changed, and those that could not be read but can now.

    What could not be read may have been a matter of rights or of a network drive. A file that was moved or
    copied, and shows what was scored, is noted as it is now.
    """
    scored_from, unreadable, content = (
        ledger.column(column) for column in ("source", "unreadable", "content_hash")
    )
    names = slide.field_names()
    doubtful = [
        name
        for name in names
        if name in scored_from and (scored_from[name] != states[name] or unreadable[name])
    ]
    # To read what killed a process might kill this one too.
    deadly = {name for name in doubtful if is_deadly(unreadable[name])}
    changed = {name for name in deadly if _but_for_age(scored_from[name]) != _but_for_age(states[name])}
    doubtful = [name for name in doubtful if name not in deadly]
    # Decoders let other threads run.
    with ThreadPoolExecutor(available_cores()) as threads:
        found = threads.map(lambda name: is_as_scored(slide, name, content[name], unreadable[name]), doubtful)
        changed |= {name for name, is_same in zip(doubtful, found, strict=True) if not is_same}
    for name in doubtful:
        if name not in changed and scored_from[name] != states[name]:
            ledger.add(replace(ledger.get(name), source=states[name]))
    ledger.flush()
    return [name for name in names if name not in scored_from or name in changed]


def _state(files: tuple[Path, ...], now_ns: int) -> str:
    states = [_state_of_one(file, now_ns) for file in files]
    return states[0] if len(states) == 1 else hashlib.blake2b(json.dumps(states).encode()).hexdigest()


def _state_of_one(path: Path, now_ns: int) -> str:
    try:
        status = path.stat()
    except OSError as error:  # reading the file says so; a text like no other
        return f"not seen at {now_ns} ns: {error}"
    state = f"{status.st_size} bytes, {status.st_mtime_ns} ns, {status.st_ctime_ns} ns, {status.st_ino}"
    return state if status.st_ctime_ns < now_ns - _YOUNG_NS else f"{state}{_YOUNG_AT}{now_ns} ns"


def _but_for_age(state: str) -> str:
    return state.partition(_YOUNG_AT)[0]
