"""Slides in an object store, such as S3: fetched a folder at a time, scored from the disk here, and removed.

Readers of images open a path and jump about in a file, so each file is fetched whole. What has changed since
an earlier run is seen by its pixels, as of any file that was copied.
"""

import hashlib
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, quote

from pyarrow.fs import FileInfo, FileSelector, FileSystem, FileType

from core.errors import SmearscopeError
from core.files import own_lock, shown_path
from core.slides import Discovery, FoundSlide, SlideProblem, find_slides, natural_key
from core.slides.discovery import is_passed_over
from core.slides.formats import DICOM_SUFFIXES, HEAD_BYTES, MIRAX_SUFFIX, is_image

FETCHED_FOLDER = ".fetched"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # a letter alone is a drive of Windows
# A key may stand before the bucket, its secret may hold a "/", and options stand behind all.
_SECRETS = re.compile(r"(?<=://)(?:[^@]*:[^@]*|[^/@]*)@|\?.*")
_LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_NO_NAME = frozenset({"", ".", ".."})
_OTHER_MEANING = frozenset('\\:*?"<>|' if sys.platform == "win32" else "\\")  # in a path
_DATA_OF_MIRAX = "Slidedat.ini"
_ENDPOINT = "AWS_ENDPOINT_URL"
_NO_IMAGE = "holds no image: give the address of JPEG, PNG, TIFF, BMP, DICOM or CZI files, or of their folder"
_PIECE_BYTES = 1 << 22


def is_address(text: str) -> bool:
    """Whether an argument of the command line is the address of an object store, ``s3://bucket/folder``."""
    return _ADDRESS.match(text) is not None


@dataclass(frozen=True)
class _RemoteFile:
    """A file of a store, where it is laid here, and whether it is fetched for a scan beside it alone."""

    info: FileInfo
    local: Path
    is_for_scan: bool = False


@dataclass(frozen=True)
class _RemoteFolder:
    """What is fetched of one folder of a store, and the path here that is then searched for slides."""

    address: str
    store: FileSystem
    files: tuple[_RemoteFile, ...]
    argument: Path

    @property
    def own_files(self) -> frozenset[Path]:
        """Where its files are laid, but those that are fetched for a scan beside them."""
        return frozenset(file.local for file in self.files if not file.is_for_scan)


@dataclass(frozen=True)
class _Listing:
    """The folders at an address and below, but those that earlier addresses had, where `had_others`."""

    shown: str
    folders: tuple[_RemoteFolder, ...]
    had_others: bool


class FetchedSlides:
    """The slides below addresses, folder by folder; each folder is on this disk while it is worked on.

    Use it as a context manager: no other run fetches into the same results meanwhile. Iterating fetches a
    folder, gives what `core.slides.find_slides` finds in it, and removes it when the next one is asked for.
    So a slide in a store is named as the same one on a disk would be.

    Parameters
    ----------
    addresses
        Of folders or files, as `pyarrow.fs.FileSystem.from_uri` takes them.
    output
        Folder of the results, in which there must be room for the largest folder of images.
    earlier
        Slides of the same run that lie on a disk: no other is named as they are.

    Raises
    ------
    SmearscopeError
        An address of no kind of store that is known; on entering, where another run fetches.
    OutputError
        On entering, where the folder of the results cannot be written.
    """

    def __init__(self, addresses: Sequence[str], output: Path, earlier: Sequence[FoundSlide] = ()) -> None:
        self._into = output / FETCHED_FOLDER
        self._found = list(earlier)
        self._listings: list[_Listing] = []
        self._problems: list[SlideProblem] = []
        self._held = ExitStack()
        known: set[Path] = set()
        for address in addresses:
            shown = shown_path(_SECRETS.sub("", address))
            what = "cannot be reached"
            try:
                store, root = _opened(address, shown)
                what = "cannot be listed"
                into = self._into / _mark(address)
                folders = _listed(shown, store, root, into, is_alone=len(addresses) == 1)
            except SmearscopeError:
                raise
            except Exception as error:  # whatever a store raises: it is one of many kinds
                self._problems.append(_problem(shown, what, error))
                continue
            new = tuple(folder for folder in folders if not folder.own_files <= known)
            self._listings.append(_Listing(shown, new, had_others=len(new) < len(folders)))
            known.update(*(folder.own_files for folder in new))

    @property
    def folders(self) -> int:
        """Number of folders to be fetched."""
        return sum(len(listing.folders) for listing in self._listings)

    def __enter__(self) -> Self:
        if self.folders:
            self._held.enter_context(_own_folder(self._into))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.close()

    def __iter__(self) -> Iterator[Discovery]:
        if self._problems:
            yield Discovery((), tuple(self._problems))
        for listing in self._listings:
            has_image = listing.had_others
            for folder in listing.folders:
                discovery = _fetched(folder, self._found)
                if discovery is not None:
                    has_image = True
                    self._found += discovery.slides
                    yield discovery
                shutil.rmtree(self._into, ignore_errors=True)
            if not has_image:
                yield Discovery((), (_of_address(listing.shown, _NO_IMAGE),))


def _opened(address: str, shown: str) -> tuple[FileSystem, str]:
    """The store of an address, and the path there."""
    # People write addresses as they read them; fsspec takes them so, and the others as the web does.
    written = address
    if not address.startswith("fsspec+"):
        written = quote(_LONE_PERCENT.sub("%25", address), safe="%/:?&=@+,;~!$'()*[]")
    try:
        store, root = FileSystem.from_uri(written)
    except (ValueError, ImportError, NotImplementedError) as error:
        raise SmearscopeError(
            f"{shown} is the address of no store that can be read: give s3://bucket/folder, "
            "gs://bucket/folder or fsspec+KIND://folder, or mount the store and give a folder"
        ) from error
    return store, root


def _mark(address: str) -> str:
    """Name of a folder for what is of one server: on another, a bucket may have the same name."""
    server = _SECRETS.sub("", address).partition("://")[2].partition("/")[0]
    endpoint = parse_qs(address.partition("?")[2]).get("endpoint_override", [os.environ.get(_ENDPOINT, "")])
    told = f"{address.partition('://')[0]}://{server} {endpoint[0]}"
    return hashlib.blake2b(told.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()


def _listed(shown: str, store: FileSystem, root: str, into: Path, *, is_alone: bool) -> list[_RemoteFolder]:
    """Folders with files at an address and below; hidden ones and those of a system are passed over."""
    laid = Path(into, *_parts(root))
    there = store.get_file_info(root)
    if there.type == FileType.File:
        return [
            _RemoteFolder(shown, store, (_RemoteFile(there, laid), *_read_with(store, there, laid)), laid)
        ]
    inside: dict[PurePosixPath, list[FileInfo]] = {}
    for found in store.get_file_info(FileSelector(root, recursive=True)):
        below = _below(root, found)
        if found.type == FileType.File and not any(map(is_passed_over, below.parts)):
            inside.setdefault(below.parent, []).append(found)
    if not inside:
        raise FileNotFoundError("there is no file")
    data_of_mirax = {folder for folder in inside if _is_of_mirax(folder, inside)}
    folders: dict[PurePosixPath, list[_RemoteFile]] = {}
    for folder, files in inside.items():
        data = next((one for one in (folder, *folder.parents) if one in data_of_mirax), None)
        folders.setdefault(folder if data is None else data.parent, []).extend(
            _RemoteFile(file, laid / folder / file.base_name, is_for_scan=data is not None) for file in files
        )
    return [
        _RemoteFolder(
            f"{shown.rstrip('/')}/{folder}" if folder.parts else shown,
            store,
            tuple(files),
            laid if is_alone else into,
        )
        for folder, files in sorted(folders.items(), key=lambda one: natural_key(str(one[0])))
    ]


def _parts(path: str) -> list[str]:
    return path.strip("/").split("/") if path.strip("/") else []


def _below(root: str, found: FileInfo) -> PurePosixPath:
    return PurePosixPath(*_parts(found.path)[len(_parts(root)) :])


def _is_of_mirax(folder: PurePosixPath, inside: Mapping[PurePosixPath, Sequence[FileInfo]]) -> bool:
    """Whether it holds the data of a MIRAX scan, whose file lies beside it."""
    scan = (folder.name + MIRAX_SUFFIX).casefold()
    return any(file.base_name == _DATA_OF_MIRAX for file in inside[folder]) and any(
        file.base_name.casefold() == scan for file in inside.get(folder.parent, ())
    )


def _read_with(store: FileSystem, file: FileInfo, laid: Path) -> list[_RemoteFile]:
    """What is read with a file: the folder of a MIRAX scan, and beside a DICOM file others of its scan."""
    root, _, name = file.path.rpartition("/")
    if laid.suffix.lower() == MIRAX_SUFFIX:
        data = FileSelector(f"{root}/{laid.stem}", recursive=True, allow_not_found=True)
        beside = store.get_file_info(data)
    elif _may_be_dicom(name):
        beside = [one for one in store.get_file_info(FileSelector(root)) if _may_be_dicom(one.base_name)]
    else:
        return []
    return [
        _RemoteFile(one, laid.parent / _below(root, one), is_for_scan=True)
        for one in beside
        if one.type == FileType.File and one.path != file.path
    ]


def _may_be_dicom(name: str) -> bool:
    """Whether by its name a file can be DICOM; often that has no ending, or a number's."""
    suffix = Path(name).suffix.lower()
    return not is_passed_over(name) and (suffix in DICOM_SUFFIXES or not suffix.strip(".0123456789"))


def _fetched(folder: _RemoteFolder, earlier: Sequence[FoundSlide]) -> Discovery | None:
    """What there is in a folder, all its images fetched; none is scored where one is missing.

    None of a folder without images: as everywhere, it is passed over.
    """
    try:
        files = [file for file in folder.files if file.is_for_scan or _is_image(folder.store, file)]
        if all(file.is_for_scan for file in files):
            return None
        _check(files, folder.argument)
        for file in files:
            _fetch(folder.store, file)
    except Exception as error:  # whatever a store raises: it is one of many kinds
        return Discovery((), (_problem(folder.address, "cannot be fetched", error),))
    return find_slides([folder.argument], earlier)


def _is_image(store: FileSystem, file: _RemoteFile) -> bool:
    """Whether a file is an image by its name, or by its first bytes: others are not fetched."""

    def head() -> bytes:
        with store.open_input_stream(file.info.path) as source:
            return bytes(source.read(HEAD_BYTES))

    return is_image(Path(file.info.base_name), head)


def _fetch(store: FileSystem, file: _RemoteFile) -> None:
    file.local.parent.mkdir(parents=True, exist_ok=True)
    # Never over another: to the disk here, names may be one that differ by case alone.
    with store.open_input_stream(file.info.path) as source, file.local.open("xb") as copy:
        shutil.copyfileobj(source, copy, _PIECE_BYTES)
    size = file.local.stat().st_size
    if file.info.size not in (None, size):
        raise OSError(f"of {file.info.base_name} {size} of {file.info.size} bytes came")


def _check(files: Sequence[_RemoteFile], into: Path) -> None:
    """Refuse names that are no names of files here, and more than there is room for."""
    for name in {part for file in files for part in _parts(file.info.path)}:
        if name in _NO_NAME or set(name) & _OTHER_MEANING:
            raise OSError(f"{name!r} cannot be the name of a file here: rename it")
    needed, there = sum(file.info.size or 0 for file in files), _free_bytes(into)
    if needed > there:
        raise OSError(f"it has {needed / 1e9:.1f} GB, and {there / 1e9:.1f} GB are free here")


def _free_bytes(folder: Path) -> int:
    """Free bytes where a folder is or will be."""
    made = next(path for path in folder.absolute().parents if path.exists())
    return shutil.disk_usage(made).free


def _problem(shown: str, what: str, error: Exception) -> SlideProblem:
    why = " ".join(_SECRETS.sub("", str(error)).split())[:200] or type(error).__name__
    return _of_address(shown, f"{what} ({why}): correct that, and give the command again")


def _of_address(shown: str, reason: str) -> SlideProblem:
    return SlideProblem(Path(shown.partition("://")[2]), f"{shown} {reason}")


@contextmanager
def _own_folder(folder: Path) -> Iterator[None]:
    """Nobody else fetches into it at the same time; what a run that was killed has left there is removed."""
    lock = own_lock(folder.with_suffix(".lock"))
    if lock is None:
        raise SmearscopeError(
            f"another run is fetching slides into {shown_path(folder.parent)}: wait for it, or give another "
            "--out"
        )
    try:
        shutil.rmtree(folder, ignore_errors=True)
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
