"""A field: one picture of a smear as the microscope gave it, and where it stands on its slide."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Rectangle:
    """Half-open rectangle ``[left, right) x [top, bottom)`` in pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.bottom - self.top

    def moved(self, right: int, down: int) -> "Rectangle":
        """The same rectangle so many pixels further to the right and down."""
        return Rectangle(self.left + right, self.top + down, self.right + right, self.bottom + down)


@dataclass(frozen=True)
class Field:
    """One picture of a slide.

    Attributes
    ----------
    name
        Unique within the slide and stable between runs: the file's name, with a suffix where one file
        holds several fields (``smear.tif#page=2``, ``smear.dcm#frame=2``, ``smear.svs#x=1024,y=0``).
    image
        (H, W, 3) uint8, RGB.
    um_per_pixel
        Micrometres a pixel, where the file says it credibly; else None.
    left_px, top_px
        Position of the field's first pixel on the slide; 0, 0 for a photograph of its own.
    owned
        Where a cell's centre must lie, in pixels of this field, for the cell to belong to it. The
        whole image for a photograph; without the half of each overlap for a region cut from a large
        image, so that every cell of the slide belongs to exactly one field.
    """

    name: str
    image: NDArray[np.uint8]
    um_per_pixel: float | None
    left_px: int
    top_px: int
    owned: Rectangle


class Slide(Protocol):
    """A smear as a list of fields, read one by one. Small and picklable: workers get a copy."""

    @property
    def name(self) -> str:
        """The slide's name: that of its folder or file, without a file's extension."""
        ...

    @property
    def path(self) -> Path:
        """The folder or file it was opened from."""
        ...

    def field_names(self) -> Sequence[str]:
        """Names of the fields in reading order; stable between runs."""
        ...

    def read_field(self, name: str) -> Field:
        """Decode one field; raises `core.errors.UnreadableImageError` with file, reason and remedy."""
        ...

    def planes_of(self, name: str) -> int:
        """How many pictures show the field's place, of which the sharpest is the field; mostly 1."""
        ...

    def files_of(self, name: str) -> Sequence[Path]:
        """The files that the field is read from: where one of them changes, the field may have changed."""
        ...
