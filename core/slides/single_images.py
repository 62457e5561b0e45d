"""Images taken one by one, each with a name of its own, whatever slide or folder they lie in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import UnreadableImageError
from core.slides.discovery import FoundSlide, SlideProblem, find_slides
from core.slides.field import Slide
from core.slides.folder import folder_contents
from core.slides.slide import open_slide, storable


@dataclass(frozen=True)
class SingleImage:
    """An image to be read; nothing is decoded before.

    Attributes
    ----------
    name
        Unique among the images found together, also where case does not count; one part of a path on every
        system.
    source
        Path of its file, with ``#page=2`` or the like where that holds several.
    folder
        In which the file lies.
    """

    name: str
    source: str
    folder: Path
    slide: Slide
    field_name: str

    def read(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8, RGB; raises `UnreadableImageError`."""
        return self.slide.read_field(self.field_name).image


def find_images(paths: Iterable[Path]) -> tuple[tuple[SingleImage, ...], tuple[SlideProblem, ...]]:
    """Images below the given paths, searched as `core.slides.find_slides` does; and what was none, and why.

    Each picture, each page of a file of several, and each region of a large image is an image.
    """
    discovery = find_slides(paths)
    files = [file for slide in discovery.slides for file in _files(slide)]
    problems = list(discovery.problems)
    images: list[SingleImage] = []
    # Once more file by file, for their names.
    named = find_slides(files)
    for file in named.slides:
        try:
            images += _images(file)
        except UnreadableImageError as error:
            problems.append(SlideProblem(file.path, str(error)))
    return tuple(images), (*problems, *named.problems)


def _files(slide: FoundSlide) -> tuple[Path, ...]:
    if not slide.path.is_dir():
        return (slide.path,)
    contents = folder_contents(slide.path)
    return contents.pictures or contents.large_images[:1]


def _images(file: FoundSlide) -> Iterator[SingleImage]:
    slide = open_slide(file.path)
    for field_name in slide.field_names():
        suffix = field_name.removeprefix(storable(file.path.name))
        source = storable(str(file.path)) + suffix
        yield SingleImage(file.name + suffix, source, file.path.parent, slide, field_name)
