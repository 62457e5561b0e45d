"""Images that a slide holds already, byte for byte: the same cells would be read, and counted, twice."""

import filecmp
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.store import StoredSlide

_PIECE = 8192
"""Of a file's middle: images of one size that differ anywhere nearly always differ there."""


@dataclass(frozen=True)
class HeldImage:
    """An image to be added, by its name, and the slide that holds it already."""

    name: str
    slide: StoredSlide


def held_already(images: Iterable[Path], slides: Iterable[StoredSlide]) -> tuple[HeldImage, ...]:
    """Images of which slides hold the very bytes, under whatever name; each once for a slide.

    Parameters
    ----------
    images
        Files to be added.
    slides
        Where to look. One whose files are gone holds nothing.
    """
    waiting: dict[int, list[Path]] = {}
    for image in images:
        waiting.setdefault(image.stat().st_size, []).append(image)
    pieces = {(size, _middle(image)): image for size, of_size in waiting.items() for image in of_size}
    found: dict[HeldImage, None] = {}
    for slide in slides:
        for file in files_of(slide.folder):
            with suppress(OSError):
                size = file.stat().st_size
                alike = pieces.get((size, _middle(file))) if size in waiting else None
                if alike is not None and file != alike and filecmp.cmp(file, alike, shallow=False):
                    found[HeldImage(alike.name, slide)] = None
    return tuple(found)


def files_of(place: Path) -> Iterator[Path]:
    """The files in a folder, in whatever order; a file is its own."""
    if place.is_file():
        yield place
    else:
        yield from (file for file in place.rglob("*") if file.is_file())


def _middle(file: Path) -> bytes:
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size // 2 - _PIECE // 2))
        return opened.read(_PIECE)
