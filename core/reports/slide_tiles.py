"""Tiles of a whole slide at every scale: put together from its fields, each reduced once."""

from collections.abc import Callable, Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from core.reports.drawing import blank
from core.slides import PlacedField
from core.slides.pixels import Canvas

TILE_PX = 512
REDUCTIONS = (1, 4, 16)
"""Of the copies of a field that tiles are made from; each tile takes the next finer one."""


def highest_level(width: int, height: int) -> int:
    """The level at which a view fits one tile; level n is reduced by 2 to the nth."""
    return max(0, (max(width, height) - 1) // TILE_PX).bit_length()


def tile_size(width: int, height: int, level: int, column: int, row: int) -> tuple[int, int]:
    """Width and height of a tile: those at the right and lower border are smaller; 0 beyond them."""
    reduction = 2**level
    across, down = -(-width // reduction), -(-height // reduction)
    return (
        min(TILE_PX, max(0, across - column * TILE_PX)),
        min(TILE_PX, max(0, down - row * TILE_PX)),
    )


def copy_for(level: int) -> int:
    """The reduction of the copies of fields from which tiles of a level are made."""
    return max(reduction for reduction in REDUCTIONS if reduction <= 2**level)


def reduced_copies(image: NDArray[np.uint8]) -> dict[int, NDArray[np.uint8]]:
    """A field's copies by reduction, without the full one; pixels are averages."""
    height, width = image.shape[:2]
    return {
        reduction: np.asarray(
            cv2.resize(
                image,
                (max(1, round(width / reduction)), max(1, round(height / reduction))),
                interpolation=cv2.INTER_AREA,
            ),
            np.uint8,
        )
        for reduction in REDUCTIONS[1:]
    }


def composed(
    size: tuple[int, int],
    level: int,
    column: int,
    row: int,
    fields: Iterable[PlacedField],
    image_of: Callable[[PlacedField, int], NDArray[np.uint8]],
) -> Canvas:
    """Put a tile together from the fields that reach into it; paper between them.

    Parameters
    ----------
    size
        Width and height of the tile (`tile_size`).
    fields
        All of the slide; those beside the tile are passed over.
    image_of
        A field's copy at a reduction.
    """
    reduction, copy = 2**level, copy_for(level)
    width, height = size
    tile = blank(height, width)
    left, top = column * TILE_PX * reduction, row * TILE_PX * reduction
    for field in fields:
        x = _within(field.left - left, field.width, width, reduction)
        y = _within(field.top - top, field.height, height, reduction)
        if x is None or y is None:
            continue
        image = image_of(field, copy)
        part = image[_source(y, top - field.top, reduction, copy, len(image))][
            :, _source(x, left - field.left, reduction, copy, image.shape[1])
        ]
        shape = (x.stop - x.start, y.stop - y.start)
        if part.shape[1::-1] != shape:
            part = np.asarray(cv2.resize(part, shape, interpolation=cv2.INTER_AREA), np.uint8)
        tile[y, x] = part
    return tile


def _within(start: int, length: int, most: int, reduction: int) -> slice | None:
    """The pixels of a tile that a field covers along one side; None for none."""
    begin, end = max(0, start // reduction), min(most, -(-(start + length) // reduction))
    return slice(begin, end) if begin < end else None


def _source(tile: slice, offset: int, reduction: int, copy: int, length: int) -> slice:
    """The pixels of a field's copy that some pixels of a tile show."""
    begin = min(length - 1, max(0, (tile.start * reduction + offset) // copy))
    return slice(begin, min(length, max(begin + 1, -(-(tile.stop * reduction + offset) // copy))))
