"""Two photographs laid on each other as their cells suppose, and how far they are one picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.overlap.placement import Placement

SAME_PICTURE = 0.4
"""Correlation from which two pictures show one thing: photographs of one place have .5 and more however they
are lit, compressed and focused, those of different places .3 and less."""
CELL_PX = 20.0
"""Width of a cell at which pictures are compared: outlines and large spots, no noise."""


def correlation(
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
    placement: Placement,
    widths_px: tuple[float, float],
) -> float:
    """Correlation, in [-1, 1], of what both pictures show, in grey and without what is wider than a cell.

    Parameters
    ----------
    first, second
        (H, W, 3) uint8, RGB.
    placement
        Of the first on the second.
    widths_px
        Width of a cell on each.
    """
    height, width = (round(side * CELL_PX / widths_px[1]) for side in second.shape[:2])
    to_size = [
        _in_px(placement, widths_px[0]),
        _in_px(Placement(1, 0), widths_px[1]),
    ]
    detail, shown = [], np.ones((height, width), bool)
    for picture, matrix in zip((first, second), to_size, strict=True):
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
        coarse = cv2.GaussianBlur(grey, (0, 0), max(0.4, 0.4 / abs(complex(matrix[0, 0], matrix[1, 0]))))
        laid = cv2.warpAffine(coarse, matrix, (width, height), borderValue=-1)
        shown &= laid >= 0
        detail.append(laid - cv2.GaussianBlur(laid, (0, 0), CELL_PX / 2))
    if shown.sum() < CELL_PX**2:
        return 0.0
    return correlation_of(*(values[shown] for values in detail))


def correlation_of(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Pearson's, of values that stand for the same places; 0 where either is all one value."""
    one, other = first - first.mean(), second - second.mean()
    return float((one * other).sum() / max(1e-9, np.sqrt((one**2).sum() * (other**2).sum())))


def _in_px(placement: Placement, width_px: float) -> NDArray[np.float64]:
    """What takes a pixel of a picture with cells of this width to one of the smaller."""
    turn, shift = placement.turn * CELL_PX / width_px, placement.shift * CELL_PX
    down = -1 if placement.is_mirrored else 1
    return np.array([[turn.real, -down * turn.imag, shift.real], [turn.imag, down * turn.real, shift.imag]])
