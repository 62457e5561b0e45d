"""A field that was photographed at several depths of focus: the sharpest picture is the field."""

from collections.abc import Hashable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import UnreadableImageError
from core.slides.field import Field, Rectangle
from core.slides.formats import decoding, not_decoded


class FieldSource(Protocol):
    """Where one field is to be had. Small, hashable and picklable; nothing is opened before `read`."""

    @property
    def path(self) -> Path:
        """The file that holds it."""
        ...

    def read(self, name: str) -> Field:
        """Decode the field under this name; raises `core.errors.UnreadableImageError`."""
        ...


@dataclass(frozen=True)
class FocalPlanes:
    """Pictures of one place; which of them is the field is decided by their pixels alone."""

    planes: tuple[FieldSource, ...]

    @property
    def path(self) -> Path:
        """The file that holds the first."""
        return self.planes[0].path

    def read(self, name: str) -> Field:
        """Decode the sharpest plane as field `name`; raises `UnreadableImageError` where none can be read.

        A plane that cannot be read is passed over: the place is seen on the others.
        """
        with decoding(self.path):
            state = tuple(plane.path.stat().st_mtime_ns for plane in self.planes if plane.path.exists())
        return self.planes[_sharpest(self.planes, state)].read(name)


def of_one_place(planes: Sequence[FieldSource]) -> FieldSource:
    """The source of a place, of which there are one or several pictures."""
    return planes[0] if len(planes) == 1 else FocalPlanes(tuple(planes))


def planes_with_all_tiles(path: Path, tiles: Sequence[AbstractSet[Hashable]], area: Rectangle) -> list[int]:
    """Positions of those planes of a picture of tiles that lack no tile of an area that another has.

    Parameters
    ----------
    tiles
        Of each plane, what tells the tiles of the area that it has.

    Raises
    ------
    UnreadableImageError
        Where each lacks a tile that another has: whichever was chosen, some cells would be lost.
    """
    complete = [number for number, held in enumerate(tiles) if all(held >= other for other in tiles)]
    if not complete:
        raise not_decoded(
            path,
            f"focal planes that each lack other tiles, at column {area.left} and row {area.top}",
            "export it in one focal plane",
        )
    return complete


def sharpness(image: NDArray[np.uint8]) -> float:
    """How much fine detail an (H, W, 3) RGB picture shows; to compare pictures of one place alone.

    Mean square of the Laplacian of the green light, slightly smoothed, so that noise is not taken for detail.
    """
    green = cv2.GaussianBlur(np.ascontiguousarray(image[..., 1]), (0, 0), 1.0)
    return float(np.square(cv2.Laplacian(green, cv2.CV_32F)).mean())


@lru_cache(maxsize=4096)
def _sharpest(planes: tuple[FieldSource, ...], state: tuple[int, ...]) -> int:
    """Position of the sharpest, of equal ones the first; the state of the files ends what was kept."""
    best, best_sharpness = 0, -1.0
    for number, plane in enumerate(planes):
        try:
            found = sharpness(plane.read("").image)
        except UnreadableImageError:
            continue
        if found > best_sharpness:
            best, best_sharpness = number, found
    return best
