"""From the arguments of a command line to slides, each with a name that can be a folder's."""

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import UnreadableImageError
from core.files import shown_path
from core.slides.folder import folder_contents
from core.slides.formats import decoding, is_image_file, natural_key

SYSTEM_FOLDERS = frozenset(
    {"@eadir", "@recycle", "#recycle", "#snapshot", "$recycle.bin", "recycler", "system volume information",
     "__macosx", "lost+found"}
)  # fmt: skip
"""Folders of small copies and of what was thrown away, by operating systems and network drives."""
ANNOTATION_FOLDERS = frozenset({"segmentationclass", "segmentationobject"})
"""Folders of painted masks beside the pictures, in the layout of Pascal VOC, which annotation tools write."""
_NAME_BYTES = 200  # file systems allow 255; what is written beside the folder needs some


@dataclass(frozen=True)
class FoundSlide:
    """A slide to be opened with `core.slides.open_slide`.

    Attributes
    ----------
    name
        Unique among the slides found together, also where case does not count; one part of a path on
        every system.
    path
        Folder or file.
    """

    name: str
    path: Path


@dataclass(frozen=True)
class SlideProblem:
    """A path that gave no slide, and a line that says why and what to do."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Discovery:
    """What `find_slides` found, and what it did not."""

    slides: tuple[FoundSlide, ...]
    problems: tuple[SlideProblem, ...]


def find_slides(paths: Iterable[Path], earlier: Iterable[FoundSlide] = ()) -> Discovery:
    """Slides below the given paths, argument by argument, in natural order.

    - A file is a slide: one picture or one large image.
    - A folder with pictures directly in it is one slide of all of them.
    - A pyramidal TIFF, SVS, NDPI, tiled TIFF or CZI of over 100 megapixels or DICOM whole slide in a folder
      is a slide of its own. Where a DICOM whole slide is all a folder holds, the folder is the slide.
    - Folders within are searched in the same way, however deep, whether or not the folder above is a
      slide. Passed over are hidden folders, those of the system (`SYSTEM_FOLDERS`, `ANNOTATION_FOLDERS`),
      the data folder beside a MIRAX scan and those without images; a folder reached twice, through links or
      because it was given twice, counts once.
    - A path that does not exist, a folder that cannot be listed, an argument below which there is no image,
      and a file of another kind are problems; they do not stop the others.

    A slide is named after its path below the argument (after the argument itself where that is the
    slide), with ``__`` between parts. Slides that would be named alike get the file's ending, then the
    names of the folders above, until they differ.

    Parameters
    ----------
    paths
        Files and folders.
    earlier
        Slides of the same run: they are not found again, and no other is named as they are.
    """
    path_of_name = {slide.name.casefold(): slide.path for slide in earlier}
    paths_before = set(path_of_name.values())
    seen: set[Path] = set()
    problems: list[SlideProblem] = []
    located: list[_Located] = []
    for given in paths:
        argument = given.absolute()
        real = Path(os.path.realpath(given))
        known = real in seen or any(slide.path.resolve().is_relative_to(real) for slide in located)
        searched = list(_search(given, seen))
        if not searched and not known:
            reason = f"{shown_path(given)} holds no image: put JPEG, PNG, TIFF, BMP, DICOM or CZI files in it"
            searched = [SlideProblem(given, reason)]
        for found in searched:
            if isinstance(found, SlideProblem):
                problems.append(found)
            elif found not in paths_before:
                depth = len(found.absolute().relative_to(argument).parts)
                located.append(_Located(found, max(depth, 1)))
    names = _unique_names(located, path_of_name.keys())
    slides = tuple(FoundSlide(name, slide.path) for name, slide in zip(names, located, strict=True))
    return Discovery(slides, tuple(problems))


@dataclass(frozen=True)
class _Located:
    path: Path
    own_parts: int  # how many last parts of the path its name begins with


def _search(path: Path, seen: set[Path]) -> Iterator[Path | SlideProblem]:
    try:
        with decoding(path):
            real = path.resolve(strict=True)
            is_folder = real.is_dir()
    except UnreadableImageError as error:
        yield SlideProblem(path, str(error))
        return
    if real in seen:
        return
    seen.add(real)
    if is_folder:
        yield from _search_folder(path, seen)
    elif is_image_file(path):
        yield path
    else:
        yield SlideProblem(
            path,
            f"{shown_path(path)} is not an image, by its name or content: give a folder or an image file",
        )


def _search_folder(folder: Path, seen: set[Path]) -> Iterator[Path | SlideProblem]:
    try:
        contents = folder_contents(folder)
        with decoding(folder):
            inner = [
                entry
                for entry in folder.iterdir()
                if entry.is_dir() and not is_passed_over(entry.name) and not _is_of_mirax(entry)
            ]
    except UnreadableImageError as error:
        yield SlideProblem(folder, str(error))
        return
    if contents.pictures or contents.is_one_scan:
        yield folder
    below = [*inner, *(() if contents.is_one_scan else contents.large_images)]
    for path in sorted(below, key=lambda path: natural_key(path.name)):
        yield from _search(path, seen)


def _is_of_mirax(folder: Path) -> bool:
    """Whether it holds the data of a MIRAX scan, whose file lies beside it."""
    scan = folder.with_name(f"{folder.name}.mrxs")
    return scan.exists() and (folder / "Slidedat.ini").exists()


def is_passed_over(name: str) -> bool:
    """Whether a folder of this name is hidden, or one of a system or of an annotation tool."""
    return name.startswith(".") or name.casefold() in SYSTEM_FOLDERS | ANNOTATION_FOLDERS


def _unique_names(slides: list[_Located], taken: Collection[str]) -> list[str]:
    """Names as short as they can be, none alike or `taken`; only those that clash get longer."""
    steps = [0] * len(slides)
    while True:
        names = [_name(slide, step) for slide, step in zip(slides, steps, strict=True)]
        uses = Counter([*taken, *(name.casefold() for name in names)])
        clashes = [index for index, name in enumerate(names) if uses[name.casefold()] > 1]
        if not clashes:
            return names
        for index in clashes:
            steps[index] += 1


def _name(slide: _Located, step: int) -> str:
    """Name at a step: without the file's ending, with it, with ever more parents, with a mark of the path."""
    path = slide.path.absolute()
    parts = [part for part in path.parts if part != path.anchor]
    if step == 0 and parts and not path.is_dir():
        parts[-1] = path.stem
    kept = slide.own_parts + max(step - 1, 0)
    name = "__".join(parts[-kept:])
    if kept > len(parts):
        name = (
            hashlib.blake2b(str(path).encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
            + "_"
            + name
        )
    return as_folder_name(name)


def as_folder_name(text: str) -> str:
    """A text as the name of a folder that every system can have."""
    plain = "".join(
        character if character.isprintable() and character not in '/\\:*?"<>|' else "_"
        for character in unicodedata.normalize("NFC", text)
    )
    short = plain.encode("utf-8")[:_NAME_BYTES].decode("utf-8", "ignore").rstrip(". ")
    return "_" + short if short.startswith(".") or not short else short
