"""Slides in an object store, such as S3: fetched a folder at a time, scored from the disk here, and removed.

Readers of images open a path and jump about in a file, so each file is fetched whole. What has changed since
an earlier run is seen by its pixels, as of any file that was copied.
"""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from pyarrow.fs import FileInfo, FileSelector, FileSystem, FileType

from core.errors import SmearscopeError
from core.files import cannot_write, lock_taken, opened_lock, shown_path
from core.slides import Discovery, SlideProblem, find_slides, natural_key
from core.slides.discovery import is_passed_over
from core.slides.formats import is_image_file

FETCHED_FOLDER = ".fetched"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # a letter alone is a drive of Windows
_SECRETS = re.compile(r"(?<=://)[^/@]*@|\?.*")  # a key may stand before the bucket, and options behind all
_NO_NAME = frozenset({"", ".", ".."})
_OTHER_MEANING = frozenset('\\:*?"<>|')  # in a path, on one system or another
_PIECE_BYTES = 1 << 22


def is_address(text: str) -> bool:
    """Whether an argument of the command line is the address of an object store, ``s3://bucket/folder``."""
    return _ADDRESS.match(text) is not None


@dataclass(frozen=True)
class _RemoteFolder:
    """Files that lie directly in one folder of a store, and where the folder is laid here."""

    address: str
    store: FileSystem
    files: tuple[FileInfo, ...]
    argument: Path
    local: Path


class FetchedSlides:
    """The slides below addresses, folder by folder; each folder is on this disk while it is worked on.

    Iterating fetches a folder, gives what `core.slides.find_slides` finds in it, and removes it when the next
    one is asked for. So a slide in a store is named as the same one on a disk would be.

    Parameters
    ----------
    addresses
        Of folders or files, as `pyarrow.fs.FileSystem.from_uri` takes them.
    output
        Folder of the results, in which there must be room for the largest folder of images.

    Raises
    ------
    SmearscopeError
        An address of no kind of store that is known.
    """

    def __init__(self, addresses: Sequence[str], output: Path) -> None:
        self._into = output / FETCHED_FOLDER
        self._folders: list[_RemoteFolder] = []
        self._problems: list[SlideProblem] = []
        for address in addresses:
            shown = shown_path(_SECRETS.sub("", address))
            store, root = _opened(address, shown)
            try:
                self._folders += _listed(shown, store, root, self._into, is_alone=len(addresses) == 1)
            except Exception as error:  # whatever a store raises: it is one of many kinds
                self._problems.append(_problem(shown, "cannot be listed", error))

    @property
    def folders(self) -> int:
        """Number of folders to be fetched."""
        return len(self._folders)

    def __iter__(self) -> Iterator[Discovery]:
        if self._problems:
            yield Discovery((), tuple(self._problems))
        if not self._folders:
            return
        with _own_folder(self._into):
            for folder in self._folders:
                yield _fetched(folder)
                shutil.rmtree(self._into, ignore_errors=True)


def _opened(address: str, shown: str) -> tuple[FileSystem, str]:
    """The store of an address, and the path there."""
    # People write addresses as they read them; fsspec takes them so, and the others as the web does.
    written = address if address.startswith("fsspec+") else quote(address, safe="%/:?&=@+,;~!$'()*[]")
    try:
        store, root = FileSystem.from_uri(written)
    except (OSError, ValueError, ImportError) as error:
        raise SmearscopeError(
            f"{shown} is the address of no store that can be read: give s3://bucket/folder, "
            "gs://bucket/folder or fsspec+KIND://folder, or mount the store and give a folder"
        ) from error
    return store, root


def _listed(shown: str, store: FileSystem, root: str, into: Path, *, is_alone: bool) -> list[_RemoteFolder]:
    """Folders with files at an address and below; hidden ones and those of a system are passed over."""
    laid = Path(into, *_parts(root)[-1 if is_alone else 0 :])
    argument = laid if is_alone else into
    there = store.get_file_info(root)
    if there.type == FileType.File:
        return [_RemoteFolder(shown, store, (there,), argument, laid.parent)]
    folders: dict[PurePosixPath, list[FileInfo]] = {}
    for found in store.get_file_info(FileSelector(root, recursive=True)):
        below = _parts(found.path)[len(_parts(root)) :]
        if found.type == FileType.File and not any(map(is_passed_over, below)):
            folders.setdefault(PurePosixPath(*below[:-1]), []).append(found)
    if not folders:
        raise FileNotFoundError("there is no file")
    return [
        _RemoteFolder(
            f"{shown.rstrip('/')}/{below}" if below.parts else shown,
            store,
            tuple(files),
            argument,
            laid / below,
        )
        for below, files in sorted(folders.items(), key=lambda one: natural_key(str(one[0])))
    ]


def _parts(path: str) -> list[str]:
    return path.strip("/").split("/")


def _fetched(folder: _RemoteFolder) -> Discovery:
    """What there is in a folder, all of it fetched; nothing of it is scored where a file is missing."""
    try:
        _check(folder)
        folder.local.mkdir(parents=True, exist_ok=True)
        here = [_fetch(folder, file) for file in folder.files]
    except Exception as error:  # whatever a store raises: it is one of many kinds
        return Discovery((), (_problem(folder.address, "cannot be fetched", error),))
    # As everywhere, a folder without images among others is none.
    return find_slides([folder.argument]) if any(map(is_image_file, here)) else Discovery((), ())


def _fetch(folder: _RemoteFolder, file: FileInfo) -> Path:
    path: Path = folder.local / file.base_name
    # Never over another: to the disk here, names may be one that differ by case alone.
    with folder.store.open_input_stream(file.path) as source, path.open("xb") as copy:
        shutil.copyfileobj(source, copy, _PIECE_BYTES)
    if file.size not in (None, path.stat().st_size):
        raise OSError(f"of {file.base_name} {path.stat().st_size} of {file.size} bytes came")
    return path


def _check(folder: _RemoteFolder) -> None:
    """Refuse names that are no names of files here, and more than there is room for."""
    for name in {part for file in folder.files for part in _parts(file.path)}:
        if name in _NO_NAME or set(name) & _OTHER_MEANING:
            raise OSError(f"{name!r} cannot be the name of a file here: rename it")
    needed, there = sum(file.size or 0 for file in folder.files), _free_bytes(folder.local)
    if needed > there:
        raise OSError(f"it has {needed / 1e9:.1f} GB, and {there / 1e9:.1f} GB are free here")


def _free_bytes(folder: Path) -> int:
    """Free bytes where a folder is or will be."""
    made = next(path for path in folder.absolute().parents if path.exists())
    return shutil.disk_usage(made).free


def _problem(shown: str, what: str, error: Exception) -> SlideProblem:
    why = " ".join(str(error).split())[:200] or type(error).__name__
    return SlideProblem(
        Path(shown.partition("://")[2]), f"{shown} {what} ({why}): correct that, and give the command again"
    )


@contextmanager
def _own_folder(folder: Path) -> Iterator[None]:
    """Nobody else fetches into it at the same time; what a run that was killed has left there is removed."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = opened_lock(folder.with_suffix(".lock"))
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        if not lock_taken(lock):
            raise SmearscopeError(
                f"another run is fetching slides into {shown_path(folder.parent)}: wait for it, or give "
                "another --out"
            )
        shutil.rmtree(folder, ignore_errors=True)
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
