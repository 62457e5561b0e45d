"""A disk on which no file has room for more than some bytes: writing beyond them fails as on a full one.

`Disk` lets it become full in the middle of something, for a process of its own (`in_child`).
"""

import errno
import os
import resource
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_CHANGES = {
    "os.mkdir": 2,
    "os.rename": 2,
    "os.remove": 1,
    "os.rmdir": 1,
    "os.utime": 3,
    "os.link": 2,
    "os.truncate": None,
}
"""Which argument of a change is the open folder, if any, that its name is to be looked for in."""


@contextmanager
def full_disk(room_bytes: int) -> Iterator[None]:
    """Let files of this process grow to `room_bytes` and no further."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class Disk:
    """The changes below a folder that this process makes from now on, counted; at one of them it is full.

    Parameters
    ----------
    folder
        What lies elsewhere is not counted.
    full_at
        At which change, from 1 on.
    room_bytes
        From then on no file grows beyond it; None lets this one change fail, as where there is no room for a
        name, and later ones not.
    """

    def __init__(self, folder: Path, full_at: int, room_bytes: int | None) -> None:
        self.changes = 0
        self._folder, self._full_at, self._room_bytes = str(folder), full_at, room_bytes
        sys.addaudithook(self._noticed)  # which stays: hence the process of its own

    def _noticed(self, event: str, arguments: tuple[Any, ...]) -> None:
        is_change = arguments[2] & (os.O_WRONLY | os.O_RDWR) if event == "open" else event in _CHANGES
        if not is_change or not _place(event, arguments).startswith(self._folder):
            return
        self.changes += 1
        if self.changes != self._full_at:
            return
        if self._room_bytes is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), arguments[0])
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (self._room_bytes, hard))


def _place(event: str, arguments: tuple[Any, ...]) -> str:
    """What is changed, also where only the open folder says where it lies, as `shutil.rmtree` has it."""
    position = _CHANGES.get(event)
    if position is None or arguments[position] < 0:
        return str(arguments[0])
    return str(Path(f"/proc/self/fd/{arguments[position]}").readlink() / arguments[0])


def in_child(work: Callable[[], str]) -> str:
    """What work gives that is done in a fork of this process; its traceback where it fails."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            said = work()
        except BaseException:
            said = traceback.format_exc()
        os.write(writing, said.encode()[:60_000])
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    return said
