"""What a detector gives: located objects of three kinds on an image at its scale."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

DETECTOR_CELL_DIAMETER_PX = 28.0
"""Mean side of a red cell's box on the image that a detector is trained on and locates on."""
STRIDE_PX = 4
"""Of a detector's grid: its targets and its answers have one place for so many pixels, either way."""


class ObjectKind(IntEnum):
    """What a detector takes a located object for."""

    RED_CELL = 0
    WHITE_CELL = 1
    PLATELET = 2


@dataclass(frozen=True)
class Cells:
    """Located objects of one field, as aligned arrays.

    Attributes
    ----------
    boxes
        (N, 4) float32: x, y of the top-left corner, width, height; pixels of the image they were
        located on.
    detection_score
        (N,) float32 in [0, 1].
    kind
        (N,) uint8, values of `ObjectKind`.
    """

    boxes: NDArray[np.float32]
    detection_score: NDArray[np.float32]
    kind: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.boxes)


class CellDetector(Protocol):
    """Finds red cells, white cells and platelets on an image scaled to its cell diameter."""

    cell_diameter_px: float

    def locate(self, image: NDArray[np.uint8]) -> Cells:
        """Objects of an (H, W, 3) RGB image whose red cells are `cell_diameter_px` wide."""
        ...
