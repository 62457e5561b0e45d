"""How wide the red cells of a picture are, told from the picture alone, and what is located at that width."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.cells.crops import scaled
from core.cells.detection import CellDetector, Cells, ObjectKind

SMALLEST_CELL_PX = 16.0
WIDEST_OF_SIDE = 0.4
"""Width of the widest cell that is looked for over the picture's shorter side: in pictures cut round single
white cells red ones take up to 0.34 of it, and what is wider is no cell."""
OTHER_WIDTH = 1.25
"""Ratio of two widths of cells, either way, from which they are those of two magnifications."""
LADDER_STEP = 1.4
"""Ratio of neighbouring widths that are tried; the detector still sees cells off by half a step."""
PROBE_PX = 640
"""Side, at the detector's scale, of the middle part of a field on which widths are tried."""
SURE = 0.4
"""Detection score from which an object is taken for a cell: of marked red cells 99 in 100 score higher."""
CORRECTIONS = 3
"""Times that a field is brought to the width of its own cells: from half or twice of it, that takes two."""
CELLS_FOR_A_WIDTH = 5
LEAST_SURE, BARELY_SURE = 0.65, 0.45
"""Share of sure ones among the objects taken for red cells below which all widths are tried on a field: at a
wrong width it is up to .64, at the right one mostly more. And that which another width must exceed where too
few are found: at the right one it is .49 and more on 39 of 40 fields of eight sets (the other is blurred)."""
SURELY_POSITIVE, OF_INVERSE = 0.6, 0.2
"""Share of sure ones from which nobody asks whether a picture is a negative, and by how much more of them are
sure on the inverse of one."""


@dataclass(frozen=True)
class Fit:
    """How well a supposed cell width explains a field.

    Attributes
    ----------
    explained
        Share of the picture covered by red cells of the supposed width, weighted by their scores.
    correction
        Median width found over the width supposed.
    cells
        Red cells found.
    """

    explained: float
    correction: float
    cells: int


def locate_at(image: NDArray[np.uint8], detector: CellDetector, diameter_px: float) -> Cells:
    """Objects of an image whose red cells are supposed to be this wide; boxes in the image's pixels."""
    _, small, cells = _located(image, detector, diameter_px)
    per_pixel = np.array([image.shape[1] / small.shape[1], image.shape[0] / small.shape[0]], np.float32)
    return Cells((cells.boxes * np.tile(per_pixel, 2)).astype(np.float32), cells.detection_score, cells.kind)


def fit_of(image: NDArray[np.uint8], detector: CellDetector, diameter_px: float) -> Fit:
    """How well cells of a supposed width explain the middle of an image."""
    reach = int(PROBE_PX * diameter_px / detector.cell_diameter_px)
    height, width = image.shape[:2]
    rows, columns = min(height, reach), min(width, reach)
    top, left = (height - rows) // 2, (width - columns) // 2
    cells = locate_at(image[top : top + rows, left : left + columns], detector, diameter_px)
    red = (cells.kind == ObjectKind.RED_CELL) & (cells.detection_score > SURE)
    if not red.any():
        return Fit(0.0, 1.0, 0)
    sides = np.sqrt(cells.boxes[red, 2] * cells.boxes[red, 3])
    ratio = sides / diameter_px
    # A cell found at half or double the supposed width speaks against the width, however sure.
    agreement = np.minimum(ratio, 1 / ratio) ** 2
    covered = float((cells.detection_score[red] * agreement * sides**2).sum())
    return Fit(covered / (rows * columns), float(np.median(ratio)), int(red.sum()))


def cell_diameter_px(image: NDArray[np.uint8], detector: CellDetector) -> float | None:
    """Width of the image's red cells, told from the image alone; None where none is found.

    Widths on a geometric ladder are tried; the one whose cells cover most of the picture wins, and the
    median width of its cells then corrects it.
    """
    largest = min(image.shape[:2]) * WIDEST_OF_SIDE
    rungs = int(np.log(max(largest / SMALLEST_CELL_PX, 1.0)) / np.log(LADDER_STEP)) + 1
    widths = [SMALLEST_CELL_PX * LADDER_STEP**rung for rung in range(rungs)]
    fits = [fit_of(image, detector, width) for width in widths]
    best = int(np.argmax([fit.explained for fit in fits]))
    if fits[best].cells == 0:
        return None
    diameter_px = widths[best] * fits[best].correction
    for _ in range(2):
        diameter_px *= fit_of(image, detector, diameter_px).correction
    return float(diameter_px)


Located = tuple[float, NDArray[np.uint8], Cells]
"""Width of the cells, the picture at the detector's scale if they are so wide, what is located on that."""


def at_own_width(
    image: NDArray[np.uint8], detector: CellDetector, diameter_px: float, *, tried: NDArray[np.uint8] | None
) -> Located:
    """What is located at a width, or at the field's own where that is another.

    From 0.5 to 2 times the right width the cells found lead to it step by step. Beyond, few are found or
    few surely: then all widths are tried, and that which finds more of them surely is the field's own.

    Parameters
    ----------
    tried
        The part of the picture on which all widths are tried; None tries none.
    """
    best = _located(image, detector, diameter_px)
    for _ in range(CORRECTIONS):
        own_px = _cell_width_px(best[2]) * best[0] / detector.cell_diameter_px
        if not abs(np.log(own_px / best[0])) > np.log(OTHER_WIDTH):  # as for NaN
            break
        best = _located(image, detector, own_px)
    if tried is None or _sureness(best[2]) >= LEAST_SURE:
        return best
    seen_px = cell_diameter_px(tried, detector)
    if seen_px is None or abs(np.log(seen_px / best[0])) <= np.log(OTHER_WIDTH):
        return best
    return max(best, _located(image, detector, seen_px), key=lambda one: _sureness(one[2]))


def is_negative(image: NDArray[np.uint8], detector: CellDetector, diameter_px: float, cells: Cells) -> bool:
    """Whether a picture is a negative: cells are surely found on its inverse, and not on itself."""
    share = sure_share(cells)
    if share >= SURELY_POSITIVE:
        return False
    inverse = sure_share(at_own_width(255 - image, detector, diameter_px, tried=None)[2])
    return inverse >= SURELY_POSITIVE and inverse - share > OF_INVERSE


def _located(image: NDArray[np.uint8], detector: CellDetector, diameter_px: float) -> Located:
    small = scaled(image, detector.cell_diameter_px / diameter_px)
    return diameter_px, small, detector.locate(small)


def sure_share(cells: Cells) -> float:
    """Share of sure ones among the objects taken for red cells; 1 of none, where there is nothing to find."""
    red = cells.kind == ObjectKind.RED_CELL
    return float((cells.detection_score[red] >= SURE).mean()) if red.any() else 1.0


def _sureness(cells: Cells) -> float:
    """Share of sure ones; of too few to tell a width by, what another width must have more than."""
    return BARELY_SURE if math.isnan(_cell_width_px(cells)) else sure_share(cells)


def _cell_width_px(cells: Cells) -> float:
    """Median side of the surely located red cells; NaN of too few."""
    sure = (cells.kind == ObjectKind.RED_CELL) & (cells.detection_score >= SURE)
    sides = np.sqrt(cells.boxes[sure, 2] * cells.boxes[sure, 3])
    return float(np.median(sides)) if len(sides) >= CELLS_FOR_A_WIDTH else float("nan")
