"""Files that are either there whole or not at all, also after a power cut or a kill; tables as CSV."""

import csv
import io
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import SmearscopeError
from core.wording import sentence

RFC_4180 = "\r\n"
"""The line end of the standard, which the tables of trainings and studies have; others have a line feed."""

_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
"""How a text begins that spreadsheets take for a formula; full-width signs too, which some treat alike."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


class OutputError(SmearscopeError):
    """The output folder cannot be written; what was written before stays valid."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on leaving without an error it takes the place of `path`.

    The content is on the disk before the name is: after a kill there is the old file or the new one.

    Raises
    ------
    OutputError
        Where the folder cannot be written or the disk is full.
    """
    # Of this process alone: two may make the same picture at once.
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _flush(temporary)
        temporary.replace(path)
        _flush(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()  # what broke off must not fill the disk; there is none after a success


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Give an empty temporary folder beside `path`; on leaving without an error it takes the place of `path`.

    Raises
    ------
    OutputError
        Where the folder cannot be written or the disk is full.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        yield temporary
        for file in temporary.iterdir():
            _flush(file)
        _flush(temporary)
        if path.exists():
            shutil.rmtree(path)
        temporary.rename(path)
        _flush(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)  # there is none after a success


def remove_unfinished(folder: Path) -> None:
    """Take away what processes that were killed had begun to write into a folder; raises `OutputError`.

    For the one process that writes there: it looks like what another is about to write.
    """
    for path in folder.glob(".*.part"):
        if path.is_file():  # folders are begun anew under the same name
            remove(path)


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file's content in one step; raises `OutputError`."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]], line_end: str = "\n") -> str:
    """A head and rows as CSV; a text is in quotation marks where it needs them, None is empty.

    A spreadsheet takes no text for a formula (`harmless`); `read_csv` gives it back as it was.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_end)
    writer.writerow(columns)
    writer.writerows([harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return text.getvalue()


def harmless(text: str) -> str:
    """A text for a table, with an apostrophe before what a spreadsheet would run as a formula.

    As OWASP advises on CSV injection. Numbers stay numbers.
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def read_csv(file: Iterable[str]) -> Iterator[dict[str, str]]:
    """The rows of a table by column, texts as they were before `harmless`; what a row lacks is empty."""
    for row in csv.DictReader(file, restval=""):
        yield {name: as_it_was(text) if isinstance(text, str) else text for name, text in row.items()}


def as_it_was(text: str) -> str:
    """A text of a table that `harmless` made safe."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def write_csv(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]], line_end: str = "\n"
) -> None:
    """Write a head and rows as a CSV file in UTF-8, whole or not at all; raises `core.files.OutputError`."""
    write_bytes(path, csv_text(columns, rows, line_end).encode())


def remove(path: Path) -> None:
    """Take a file away, where there is one; raises `OutputError`."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error


def check_writable(folder: Path) -> None:
    """Make a folder, and make sure before any work is done that it can be written; raises `OutputError`."""
    probe = folder / ".writable.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise cannot_write(folder, error) from error


def cannot_write(path: Path, error: OSError) -> OutputError:
    """Say what could not be written, why, and that nothing is lost."""
    return OutputError(
        sentence("output.cannot_write", path=shown_path(path), why=error.strerror or str(error))
    )


def _flush(path: Path) -> None:
    if sys.platform == "win32" and path.is_dir():
        return  # a folder is no file there, and has its names on the disk when they are made
    descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def opened_lock(path: Path) -> int:
    """Open the file of a lock, made where there is none, as a descriptor; raises OSError."""
    return os.open(path, os.O_CREAT | os.O_RDWR, 0o644)


def lock_taken(descriptor: int) -> bool:
    """Take a lock until its descriptor is closed; False where another process has it.

    The operating system gives it up when its holder ends, whichever way it ends.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # as the two systems say that it is taken
        return False
    return True


def own_lock(path: Path) -> int | None:
    """The lock in a file, its folder made where there is none, as a descriptor; None where another has it.

    Raises
    ------
    OutputError
        Where the file cannot be made, or lies on a drive that knows no locks.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = opened_lock(path)
    except OSError as error:
        raise cannot_write(path.parent, error) from error
    is_taken = False
    try:
        is_taken = lock_taken(descriptor)
    except OSError as error:  # a network drive, most often
        raise cannot_write(path, error) from error
    finally:
        if not is_taken:
            os.close(descriptor)
    return descriptor if is_taken else None


def shown_path(path: Path | str) -> str:
    """A path as one printable line: control characters and undecodable bytes are escaped."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in str(path)
    )
