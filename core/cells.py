"""Red cells on a field: what a detector gives, and which of the located cells may be counted."""

from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.slides.field import Field


class Kind(IntEnum):
    """What a detector takes a located object for."""

    RED_CELL = 0
    WHITE_CELL = 1
    PLATELET = 2


class WhyNot(StrEnum):
    """Why a located object is not an evaluable red cell; empty where it is one."""

    EVALUABLE = ""
    EDGE = "edge"
    OUT_OF_FOCUS = "out of focus"
    CLUMP = "clump"
    NOT_A_RED_CELL = "not a red cell"
    DUPLICATE = "duplicate"


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
        (N,) uint8, values of `Kind`.
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


class CellClassifier(Protocol):
    """Scores normalised crops (`core.crops.cut_crops`) of single cells."""

    crop_size_px: int

    def infected_score(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N,) scores in [0, 1] of (N, S, S, 3) normalised RGB crops; higher means infected."""
        ...

    def activation_map(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, S, S) class activation maps for "infected", each scaled to [0, 1]."""
        ...
