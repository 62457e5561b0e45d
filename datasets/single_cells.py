"""The red cell in a picture of a single cell: where it is, and what of the picture is painted over."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.crops import disk_masks, raw_crops
from datasets.foreground import BOX_OVER_CELL, foreground_mask

BLACKENED_BELOW = 12
"""NIH crops are painted black around the cell; JPEG leaves values up to about this there."""
SMALLEST_CELL_PX = 8
ASSUMED_SHARE = 0.7
"""Width of the cell over that of a picture in whose middle nothing whole stands out."""


@dataclass(frozen=True, eq=False)
class SingleCell:
    """A picture of one red cell, and its box.

    Attributes
    ----------
    image
        (H, W, 3) uint8, RGB.
    box
        (1, 4) float32: x, y, width, height, with the room that annotators and the detector leave around it.
    shown
        (H, W) uint8, 1 where the picture is not painted black; None where none of it is.
    """

    image: NDArray[np.uint8]
    box: NDArray[np.float32]
    shown: NDArray[np.uint8] | None

    def crop(self, size_px: int) -> NDArray[np.uint8]:
        """(1, S, S, 3) uint8: the cell at its standard width (`core.cells.crops.raw_crops`)."""
        return raw_crops(self.image, self.box, size_px)

    def mask(self, size_px: int) -> NDArray[np.bool_]:
        """(1, S, S): the cell's disk on the grid of `crop`, less what is painted black."""
        disk = disk_masks(self.box, size_px)
        if self.shown is None:
            return disk
        # The rim of the black paint is neither cell nor background: leave a pixel of it out.
        framed = cv2.copyMakeBorder(self.shown, 64, 64, 64, 64, cv2.BORDER_CONSTANT)
        cell = cv2.erode(framed, np.ones((3, 3), np.uint8))
        planes = np.dstack([np.asarray(cell, np.uint8) * np.uint8(255)] * 3)
        moved = self.box + np.array([64, 64, 0, 0], np.float32)
        return disk & (raw_crops(planes, moved, size_px, beyond=(0, 0, 0))[..., 0] > 127)


def single_cell(image: NDArray[np.uint8]) -> SingleCell | None:
    """The cell of a picture that was cut around one: painted black about it, or with its surroundings.

    Parameters
    ----------
    image
        (H, W, 3) uint8, RGB.

    Returns
    -------
    None where all but a speck is black.
    """
    height, width = image.shape[:2]
    corner = max(1, min(height, width) // 32)
    corners = [image[rows, columns] for rows in _ends(corner) for columns in _ends(corner)]
    black = sum(int(each.max()) <= BLACKENED_BELOW for each in corners)
    # A cell cut by the picture's border can reach into one corner.
    if black >= 3:
        return blackened_cell(image)
    side = round(ASSUMED_SHARE * min(height, width))
    return surrounded_cell(image, otherwise=((width - side) / 2, (height - side) / 2, side, side))


def blackened_cell(image: NDArray[np.uint8]) -> SingleCell | None:
    """The cell of a picture that is black around it; None where all but a speck is."""
    shown = (image.max(axis=2) > BLACKENED_BELOW).astype(np.uint8)
    shown = np.asarray(cv2.morphologyEx(shown, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    x, y, width, height = cv2.boundingRect(shown)
    if min(width, height) < SMALLEST_CELL_PX:
        return None
    return SingleCell(image, _widened(x, y, width, height), shown)


def surrounded_cell(image: NDArray[np.uint8], otherwise: tuple[float, float, float, float]) -> SingleCell:
    """The cell of a picture with its surroundings: the dark region at its centre, else what is given."""
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(foreground_mask(image).astype(np.uint8))
    height, width = image.shape[:2]
    label = labels[height // 2, width // 2]
    x, y, box_width, box_height = statistics[label, :4]
    longest, shortest = max(box_width, box_height), min(box_width, box_height)
    if label > 0 and longest < 0.95 * width and shortest > 0.4 * width:
        return SingleCell(image, _widened(x, y, box_width, box_height), None)
    return SingleCell(image, _widened(*otherwise), None)


def _ends(length: int) -> tuple[slice, slice]:
    return slice(None, length), slice(-length, None)


def _widened(x: float, y: float, width: float, height: float) -> NDArray[np.float32]:
    """A tight box with the room around the cell that annotators and the detector leave."""
    box = np.array([[x, y, width, height]], np.float32)
    extra = box[:, 2:] * (BOX_OVER_CELL - 1)
    return np.concatenate([box[:, :2] - extra / 2, box[:, 2:] + extra], axis=1).astype(np.float32)
