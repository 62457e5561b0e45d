"""What stands out from a field's background, without any network: a first guess of a cell's width."""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import SmearscopeError

BOX_OVER_CELL = 1.15
"""Side of an annotated box over the cell's; measured on three sets, whose cells fill 0.85 to 0.88 of it."""


class NoCellsError(SmearscopeError):
    """A field on which no cell can be told from the background."""


def foreground_mask(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W) uint8, 1 where the green channel is darker than Otsu's threshold, holes filled.

    Haemoglobin absorbs green: that channel separates pale cells best.
    """
    green = np.ascontiguousarray(image[..., 1])
    threshold, _ = cv2.threshold(green, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    dark = (green <= threshold).astype(np.uint8)
    contours, _ = cv2.findContours(dark, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return np.asarray(cv2.drawContours(np.zeros_like(dark), contours, -1, 1, cv2.FILLED), np.uint8)


def compact_components(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(N, 4) x, y, width, height of connected dark regions that are round, whole and not specks."""
    mask = foreground_mask(image)
    _, _, statistics, _ = cv2.connectedComponentsWithStats(mask)
    boxes, areas = statistics[1:, :4], statistics[1:, 4]
    height, width = mask.shape
    whole = (
        (boxes[:, 0] > 0)
        & (boxes[:, 1] > 0)
        & (boxes[:, 0] + boxes[:, 2] < width)
        & (boxes[:, 1] + boxes[:, 3] < height)
    )
    # An ellipse fills pi/4 of its box; clumps and filaments fill less or are long.
    filled = areas / (boxes[:, 2] * boxes[:, 3])
    long = np.maximum(boxes[:, 2], boxes[:, 3]) / np.minimum(boxes[:, 2], boxes[:, 3])
    round_ones = whole & (filled > 0.65) & (filled < 0.9) & (long < 1.6) & (areas >= 60)
    return np.asarray(boxes[round_ones], np.float32)


def foreground_diameter_px(image: NDArray[np.uint8]) -> float:
    """Width of a typical cell's box from the compact dark regions, weighted by area against specks.

    Raises
    ------
    NoCellsError
        Where no compact region stands out.
    """
    boxes = compact_components(image)
    if len(boxes) == 0:
        raise NoCellsError("no round dark region stands out from the background")
    diameters = np.sqrt(boxes[:, 2] * boxes[:, 3])
    order = np.argsort(diameters)
    weight = np.cumsum(diameters[order] ** 2)
    middle = int(np.searchsorted(weight, weight[-1] / 2))
    return float(diameters[order][middle]) * BOX_OVER_CELL
