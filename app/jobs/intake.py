"""Images brought in: nothing leaves the data folder, nothing unpacks without end, nothing is half there."""

import errno
import lzma
import os
import secrets
import shutil
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from core.errors import SmearscopeError
from core.files import cannot_write, shown_path
from core.slides.formats import is_image_name
from core.wording import sentence

MOST_FILES = 5_000
MOST_BYTES = 8 * 1024**3
"""Of one slide's images, unpacked."""
MOST_BYTES_A_FILE = 2 * 1024**3
MOST_TIMES_SMALLER = 100
"""Images hardly shrink in a zip: what claims to have shrunk more is built to fill disks."""
_PIECE = 1024**2
_NAME_BYTES = 150
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,
    ValueError,
    OSError,
)
"""What reading a damaged, encrypted or strangely packed archive raises."""


class IntakeError(SmearscopeError):
    """What was handed in cannot be taken; nothing of it was kept."""


class HandedIn(Protocol):
    """A file as a browser hands it in."""

    @property
    def name(self) -> str:
        """As it was called where it comes from."""
        ...

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place."""
        ...

    def read(self, size: int = -1, /) -> bytes:
        """Give the next bytes."""
        ...

    def tell(self) -> int:
        """The place it is at."""
        ...


@dataclass(frozen=True)
class TakenFiles:
    """What came of a hand-in.

    Attributes
    ----------
    images
        Names under which they now lie in the slide's folder.
    left_out
        Names of what is no image.
    """

    images: tuple[str, ...]
    left_out: tuple[str, ...]


def take_in_files(
    files: Iterable[HandedIn], folder: Path, *, after_moving: Callable[[], None] | None = None
) -> TakenFiles:
    """Write images, and those in zip archives, into a new folder: all of them or none.

    Parameters
    ----------
    files
        Images and zip archives. Folders within an archive become part of the names.
    folder
        Must not exist yet.
    after_moving
        Called once all files are in the folder: what it raises takes them away again.

    Raises
    ------
    IntakeError
        For a name that leads out of the folder, a link, an encrypted or damaged archive, more files or bytes
        than a slide may have, two files of one name, or no image at all.
    core.files.OutputError
        Where the disk is full or the folder cannot be written.
    """
    here_already = IntakeError(sentence("intake.here_already", name=shown_path(folder.name)))
    if folder.exists():
        raise here_already
    unfinished = _beside(folder, "unfinished")
    try:
        unfinished.mkdir(parents=True)
        intake = _Intake(unfinished)
        for file in files:
            intake.take_either(file)
        if not intake.images:
            raise IntakeError(sentence("intake.no_image"))
        unfinished.rename(folder)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY):  # somebody else was quicker
            raise here_already from error
        raise cannot_write(folder, error) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    if after_moving is not None:
        try:
            after_moving()
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
    return TakenFiles(tuple(intake.images), tuple(intake.left_out))


def add_files(
    files: Iterable[HandedIn], folder: Path, *, before_moving: Callable[[Path], None]
) -> TakenFiles:
    """Add more images to a slide's folder: all of them or none; raises as `take_in_files`.

    `before_moving` is called when all files are written beside the folder, with where they wait, and before
    the first of them is moved in: what it raises keeps them out.

    A file of a name that is there already is refused: it would take the place of a field that was read. A
    kill while the files, written by then, are moved in may leave some of them: each is whole, and the others
    have to be handed in again.
    """
    waiting = _beside(folder, "more")
    taken = take_in_files(files, waiting)
    moved: list[str] = []
    try:
        present = {file.name.casefold() for file in folder.iterdir()}
        twice = [name for name in taken.images if name.casefold() in present]
        if twice:
            names = ", ".join(shown_path(name) for name in twice[:5])
            raise IntakeError(sentence("intake.field_already", names=names))
        before_moving(waiting)
        for name in taken.images:
            # Unlike renaming, this takes the place of no file that somebody else has added by now.
            (folder / name).hardlink_to(waiting / name)
            moved.append(name)
    except OSError as error:
        for name in moved:
            with suppress(OSError):  # the first failure is the one to tell
                (folder / name).unlink()
        raise cannot_write(folder, error) from error
    finally:
        shutil.rmtree(waiting, ignore_errors=True)
    return taken


def _beside(folder: Path, what: str) -> Path:
    """A hidden folder of this hand-in alone: another person may hand in under the same name meanwhile."""
    return folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.{what}")


class _Intake:
    """Counts what goes into a folder."""

    def __init__(self, folder: Path) -> None:
        self.images: list[str] = []
        self.left_out: list[str] = []
        self._folder = folder
        self._names: set[str] = set()
        self._bytes = 0

    def take_either(self, file: HandedIn) -> None:
        file.seek(0)
        if PurePosixPath(file.name).suffix.lower() == ".zip":
            self.take_archive(file)
        else:
            self.take(file.name, file)

    def take(self, given: str, content: HandedIn | IO[bytes]) -> None:
        name = safe_name(given)
        if not is_image_name(Path(name)):
            self.left_out.append(given)
            return
        if name.casefold() in self._names:
            raise IntakeError(sentence("intake.same_name", name=shown_path(name)))
        if len(self.images) == MOST_FILES:
            raise IntakeError(sentence("intake.too_many", most=MOST_FILES))
        self._names.add(name.casefold())
        self.images.append(name)
        of_file = 0
        with (self._folder / name).open("xb") as file:
            while piece := content.read(_PIECE):
                of_file += len(piece)
                self._bytes += len(piece)
                # What is written is counted, not what an archive says of itself.
                if of_file > MOST_BYTES_A_FILE or self._bytes > MOST_BYTES:
                    raise IntakeError(
                        sentence(
                            "intake.too_large",
                            name=shown_path(given),
                            slide_gib=MOST_BYTES // 1024**3,
                            file_gib=MOST_BYTES_A_FILE // 1024**3,
                        )
                    )
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())

    def take_archive(self, archive: HandedIn) -> None:
        try:
            with zipfile.ZipFile(archive) as opened:
                for entry in opened.infolist():
                    self._take_entry(opened, entry, archive.name)
        except _DAMAGE as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk's; damaged bzip2 has no number
            raise IntakeError(
                sentence("intake.damaged", archive=shown_path(archive.name), why=str(error))
            ) from error

    def _take_entry(self, opened: zipfile.ZipFile, entry: zipfile.ZipInfo, archive: str) -> None:
        if entry.is_dir() or _is_of_the_system(entry.filename):
            return
        if stat.S_ISLNK(entry.external_attr >> 16):
            names = {"archive": shown_path(archive), "name": shown_path(entry.filename)}
            raise IntakeError(sentence("intake.link", **names))
        safe_name(entry.filename)  # refused before anything is unpacked
        if entry.file_size > MOST_TIMES_SMALLER * max(entry.compress_size, 1024):
            names = {"archive": shown_path(archive), "name": shown_path(entry.filename)}
            raise IntakeError(sentence("intake.grows", times=MOST_TIMES_SMALLER, **names))
        with opened.open(entry) as content:
            self.take(entry.filename, content)


def safe_name(given: str) -> str:
    """A name for one file in one folder; what stood in folders of its own keeps their names before it.

    Raises
    ------
    IntakeError
        Where it is absolute, or leads out of the folder it is in.
    """
    text = unicodedata.normalize("NFC", given).replace("\\", "/")
    parts = text.split("/")
    if text.startswith("/") or ".." in parts or ":" in parts[0] or "\0" in text:
        raise IntakeError(sentence("intake.leads_out", name=shown_path(given)))
    plain = "__".join(part for part in parts if part not in ("", "."))
    plain = "".join(letter if letter.isprintable() and letter not in '<>:"|?*' else "_" for letter in plain)
    stem, dot, ending = plain.rpartition(".")
    if not dot:
        stem, ending = plain, ""
    short = stem.encode()[:_NAME_BYTES].decode(errors="ignore").lstrip(". ") or "image"
    return f"{short}{dot}{ending[:20]}"


def _is_of_the_system(name: str) -> bool:
    """Whether a file was put into an archive by the system that packed it."""
    parts = PurePosixPath(name).parts
    return bool(parts) and (parts[0] == "__MACOSX" or parts[-1] in (".DS_Store", "Thumbs.db", "desktop.ini"))
