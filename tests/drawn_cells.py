"""Pictures of discs of known place, size and colour, and models that need no weights."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.classification import FeatureStatistics, FieldScores
from core.cells.crops import CROP_SIZE_PX, SURROUNDED_SIZE_PX
from core.cells.detection import Cells, ObjectKind
from core.cells.second_look import SecondSight
from core.slides.field import Field, Rectangle

BACKGROUND = (236, 232, 228)
CELL = (190, 120, 150)
Colour = tuple[int, int, int]
Centre = tuple[float, float]


def disc_picture(
    height_px: int,
    width_px: int,
    centres: Sequence[Centre],
    diameter_px: float | Centre,
    cell: Colour = CELL,
    background: Colour = BACKGROUND,
    blur_px: float = 0.0,
) -> NDArray[np.uint8]:
    """Ellipses (one diameter, or one across and one down) with soft edges of one pixel, then blurred."""
    across, down = diameter_px if isinstance(diameter_px, tuple) else (diameter_px, diameter_px)
    rows, columns = np.ogrid[0.5:height_px, 0.5:width_px]
    covered = np.zeros((height_px, width_px), np.float32)
    for x, y in centres:
        down_px = slice(max(0, int(y - down / 2) - 1), max(0, int(y + down / 2) + 2))
        across_px = slice(max(0, int(x - across / 2) - 1), max(0, int(x + across / 2) + 2))
        radius = np.hypot((columns[:, across_px] - x) / (across / 2), (rows[down_px] - y) / (down / 2))
        disc = np.clip((1 - radius) * min(across, down) / 2 + 0.5, 0, 1)
        covered[down_px, across_px] = np.maximum(covered[down_px, across_px], disc)
    if blur_px:
        covered = cv2.GaussianBlur(covered, (0, 0), blur_px).astype(np.float32)
    levels = np.array(background) + covered[..., None] * (np.array(cell) - np.array(background))
    return np.asarray(np.rint(levels), np.uint8)


def boxes_around(centres: Sequence[Centre], side_px: float | Centre) -> NDArray[np.float32]:
    """(N, 4) x, y, width, height of boxes with these centres."""
    across, down = side_px if isinstance(side_px, tuple) else (side_px, side_px)
    rows = [(x - across / 2, y - down / 2, across, down) for x, y in centres]
    return np.array(rows, np.float32).reshape(-1, 4)


def grid_centres(height_px: int, width_px: int, pitch_px: float) -> list[Centre]:
    """Centres of a square grid that keeps a pitch from the border."""
    return [
        (x, y)
        for y in np.arange(pitch_px, height_px - pitch_px + 1, pitch_px)
        for x in np.arange(pitch_px, width_px - pitch_px + 1, pitch_px)
    ]


def field_of(
    image: NDArray[np.uint8], owned: Rectangle | None = None, um_per_pixel: float | None = None
) -> Field:
    """A picture as a field; it owns all its cells unless told otherwise."""
    height_px, width_px = image.shape[:2]
    return Field("field", image, um_per_pixel, 0, 0, owned or Rectangle(0, 0, width_px, height_px))


def located(boxes: NDArray[np.float32], kind: ObjectKind = ObjectKind.RED_CELL, score: float = 0.9) -> Cells:
    """Objects of one kind and score."""
    count = len(boxes)
    return Cells(boxes, np.full(count, score, np.float32), np.full(count, kind, np.uint8))


class ToldDetector:
    """Gives the objects it was told, whatever the picture."""

    def __init__(self, cells: Cells, cell_diameter_px: float = 28.0) -> None:
        self.cells = cells
        self.cell_diameter_px = cell_diameter_px

    def locate(self, image: NDArray[np.uint8]) -> Cells:
        return self.cells


class NarrowDetector:
    """Finds dark regions, but only those nearly as wide as the cells that it was made for."""

    cell_diameter_px = 28.0
    smallest, largest = 0.7, 1.4

    def locate(self, image: NDArray[np.uint8]) -> Cells:
        dark = (image[..., 1] < 180).astype(np.uint8)
        statistics = cv2.connectedComponentsWithStats(dark)[2]
        boxes = statistics[1:, :4].astype(np.float32)
        ratio = np.sqrt(boxes[:, 2] * boxes[:, 3]) / self.cell_diameter_px
        return located(boxes[(ratio > self.smallest) & (ratio < self.largest)])


class RecordingClassifier:
    """Takes no cell for infected, and keeps what it is given."""

    crop_size_px = CROP_SIZE_PX

    def __init__(self) -> None:
        self.measured: list[NDArray[np.uint8]] = []
        self.scored: list[NDArray[np.uint8]] = []
        self.evaluable: list[NDArray[np.bool_]] = []
        self.mapped: list[NDArray[np.uint8]] = []
        self.statistics: list[FeatureStatistics] = []

    def feature_statistics(self, crops: NDArray[np.uint8]) -> FeatureStatistics:
        self.measured.append(crops)
        return (float(len(crops)), 0.5)

    def score_field(
        self, crops: NDArray[np.uint8], evaluable: NDArray[np.bool_], slide: FeatureStatistics
    ) -> FieldScores:
        self.scored.append(crops)
        self.evaluable.append(evaluable)
        self.statistics.append(slide)
        return FieldScores(np.zeros(len(crops), np.float32), (*slide, float(evaluable.sum())))

    def activation_map(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> NDArray[np.float32]:
        self.mapped.append(crops)
        self.statistics.append(statistics)
        return np.zeros(crops.shape[:3], np.float32)


class RecordingSecondLook:
    """Finds even odds everywhere, and as the one feature the number of the crop; keeps what it is given."""

    crop_size_px = SURROUNDED_SIZE_PX

    def __init__(self) -> None:
        self.measured: list[NDArray[np.uint8]] = []
        self.seen: list[NDArray[np.uint8]] = []
        self.statistics: list[FeatureStatistics] = []

    def feature_statistics(self, crops: NDArray[np.uint8]) -> FeatureStatistics:
        self.measured.append(crops)
        return (float(len(crops)), 0.25)

    def look(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> SecondSight:
        self.seen.append(crops)
        self.statistics.append(statistics)
        number = np.arange(len(crops), dtype=np.float16)
        return SecondSight(np.zeros(len(crops), np.float32), number[:, None])
