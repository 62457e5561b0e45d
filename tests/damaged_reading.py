"""Damaged files read in a process of their own: it may name them, never fail on them, hang or fill memory.

As a program it is that process: it reads a line of JSON a file (`kind` and `seed`), and answers with one.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from select import select
from typing import IO, Self

import psutil

from core.errors import SmearscopeError
from tests.mutations import mutated

ROOT = Path(__file__).parents[1]
ASKED_FOR_BYTES = 6 << 30
"""A file may state a length of 32 bits, and readers ask for that much and use what the file has."""
FILES = {"images": "tests.damaged_images:IMAGES", "documents": "tests.damaged_documents:DOCUMENTS"}
"""Where the kinds of file that are damaged stand."""

Files = dict[str, bytes]
"""The files of a folder by name, the first of which is damaged."""


@dataclass(frozen=True)
class Readable:
    """A kind of file: what an undamaged one is, and how it is read out of its folder."""

    files: Files
    read: Callable[[Path], None]


@dataclass(frozen=True)
class Reading:
    """What became of a damaged file.

    Attributes
    ----------
    kind, seed, damage
        Which file, and what was done to it.
    outcome
        "read", "named", or else what went wrong: "uncaught", "killed", "hung", "filled memory".
    said
        The error.
    seconds, grown_bytes
        What it took: time, and memory beyond that of the process before.
    """

    kind: str
    seed: int
    damage: str
    outcome: str
    said: str
    seconds: float
    grown_bytes: int

    @property
    def is_fault(self) -> bool:
        """Whether the program, not the file, is to blame."""
        return self.outcome not in ("read", "named")


class DamagedReader:
    """Has damaged files read by another process, which is replaced where it dies.

    Parameters
    ----------
    which
        Name of a dictionary of `Readable` by kind, as ``module:NAME``.
    longest_s, most_bytes
        What a file may take at most; then the process is killed.
    """

    def __init__(self, which: str, longest_s: float, most_bytes: int) -> None:
        self._which = which
        self._longest_s, self._most_bytes = longest_s, most_bytes
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def read(self, kind: str, seed: int) -> Reading:
        """Damage a file of a kind as the seed says, and have it read."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps([kind, seed]) + "\n")
        process.stdin.flush()
        started, watched, before = time.monotonic(), psutil.Process(process.pid), 0
        while not select([process.stdout], [], [], 0.05)[0]:
            seconds = time.monotonic() - started
            grown = watched.memory_info().rss
            before = before or grown
            if seconds > self._longest_s or grown > self._most_bytes:
                self._end()
                outcome = "hung" if seconds > self._longest_s else "filled memory"
                return Reading(kind, seed, "", outcome, "", seconds, grown - before)
        answer = process.stdout.readline()
        if not answer:
            code = process.wait()
            self._process = None
            seconds = time.monotonic() - started
            return Reading(kind, seed, "", "killed", f"ended with {code}", seconds, 0)
        return Reading(**json.loads(answer))

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.damaged_reading", self._which],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        return self._process

    def _end(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None


def kinds_of(which: str) -> dict[str, Readable]:
    """The dictionary of this name."""
    module, _, name = which.partition(":")
    kinds: dict[str, Readable] = getattr(__import__(module, fromlist=[name]), name)
    return kinds


def damaged(kinds: dict[str, Readable], kind: str, seed: int) -> tuple[str, Files]:
    """What was done to the first file of a kind, and the files then."""
    random = Random(f"{kind} {seed}")  # noqa: S311 - damage, not secrets
    files = kinds[kind].files
    other = kinds[random.choice(list(kinds))].files
    first = next(iter(files))
    damage, content = mutated(files[first], next(iter(other.values())), random)
    return damage, files | {first: content}


@contextmanager
def laid_out(files: Files) -> Iterator[Path]:
    """A folder of these files, for the while."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder) / "read" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield Path(folder) / "read"


def read_damaged(kinds: dict[str, Readable], kind: str, seed: int) -> Reading:
    """Read a damaged file in this process."""
    damage, files = damaged(kinds, kind, seed)
    with laid_out(files) as folder:
        before_bytes = _forget_peak()
        started = time.monotonic()
        outcome, said = "read", ""
        try:
            kinds[kind].read(folder)
        except SmearscopeError as error:
            outcome, said = "named", str(error)
            if "\n" in said:
                outcome = "uncaught"
        except BaseException:
            outcome, said = "uncaught", traceback.format_exc()[-1500:]
        seconds = time.monotonic() - started
        return Reading(kind, seed, damage, outcome, said, seconds, max(0, _peak_bytes() - before_bytes))


def _forget_peak() -> int:
    """Begin to measure the peak of memory anew; what is resident now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    return int(psutil.Process().memory_info().rss)


def _peak_bytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def _serve(questions: IO[str], answers: IO[str], which: str) -> None:
    kinds = kinds_of(which)
    warnings.simplefilter("ignore")
    room = psutil.Process().memory_info().vms + ASKED_FOR_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    for line in questions:
        reading = read_damaged(kinds, *json.loads(line))
        answers.write(json.dumps(asdict(reading)) + "\n")
        answers.flush()


if __name__ == "__main__":
    # What libraries print must not stand among the answers.
    own = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    _serve(sys.stdin, own, sys.argv[1])
