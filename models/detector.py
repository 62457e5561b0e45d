"""From a field to located objects: what a centre-point network is shown, and what its answer means.

The network itself is in `models.detector_network`, for training, and in `models.graphs.detector_graph`, for
scoring.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.detection import DETECTOR_CELL_DIAMETER_PX, STRIDE_PX, Cells, ObjectKind
from core.cells.levels import counts, percentile

GRID_PX = 16
"""Coarsest stride inside the network: tiles must start on multiples of it to see the same grid."""
HALO_PX = 128
"""Reach of an output's receptive field, rounded up to the grid: pixels further away cannot change it."""
TILE_PX = 1024
SCORE_FLOOR = 0.25
MAX_OVERLAP = 0.5
"""Two boxes that share more than this (intersection over union) are one object."""
WHITE_LEVEL = 230.0
INPUT_MIDDLE, INPUT_LEVELS = 128.0, 64.0
"""Of a picture: the level that is zero to the network, and how many make one."""
PLANES = len(ObjectKind) + 4
"""Of an answer: a heat map a kind, width and height, x and y of the offset."""

Answer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""From a tile (H, W, 3), multiples of `GRID_PX`, to (`PLANES`, H / 4, W / 4) on the grid of stride 4:

- how sure a centre is, in [0, 1], a plane for each `ObjectKind`;
- natural logarithm of box width and height over `DETECTOR_CELL_DIAMETER_PX`;
- the centre's x, y from the grid cell's corner, in grid cells.
"""


def white_balanced(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One gain a channel so that the brightest twentieth, the empty background, is near white.

    Takes the tint of lamp and camera away before the network sees the field.
    """
    bright = np.array([percentile(counts(image[::4, ::4, channel]), 95) for channel in range(3)])
    table = np.clip(np.arange(256)[:, None] * (WHITE_LEVEL / np.maximum(bright, 32.0)), 0, 255)
    return np.asarray(cv2.LUT(image, np.rint(table).astype(np.uint8)[None]), np.uint8)


def decode(answer: NDArray[np.float32]) -> Cells:
    """Peaks of one image's answer (`PLANES`, h, w) as objects."""
    heat, size, offset = np.split(answer, [len(ObjectKind), len(ObjectKind) + 2])
    highest_around = np.stack([cv2.dilate(plane, np.ones((3, 3), np.uint8)) for plane in heat])
    kind, row, column = np.nonzero((highest_around == heat) & (heat > SCORE_FLOOR))
    score = heat[kind, row, column]
    sides = np.exp(size[:, row, column].clip(-2.0, 2.0)) * np.float32(DETECTOR_CELL_DIAMETER_PX)
    places = np.stack([column, row]).astype(np.float32)
    corner = (places + offset[:, row, column]) * STRIDE_PX - sides / 2
    # One object of whatever kind at one place: the better-scored kind wins.
    kept = without_doubles(np.concatenate([corner, corner + sides]).T, score)
    kept = kept[np.argsort(row[kept] * heat.shape[2] + column[kept], kind="stable")]
    return Cells(
        boxes=np.concatenate([corner, sides]).T[kept],
        detection_score=score[kept],
        kind=kind[kept].astype(np.uint8),
    )


def without_doubles(corners: NDArray[np.float32], score: NDArray[np.float32]) -> NDArray[np.intp]:
    """Indices of the boxes (N, 4: left, top, right, bottom) left when better ones suppress their doubles."""
    boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1).astype(np.float64)
    return np.asarray(cv2.dnn.NMSBoxes(boxes.tolist(), score.tolist(), 0.0, MAX_OVERLAP), np.intp).reshape(-1)


class Detector:
    """A trained network as the `core.cells.detection.CellDetector` that scoring takes.

    Parameters
    ----------
    answer
        Runs the network on a tile.
    tile_px
        Side of the tiles' inner parts.
    """

    cell_diameter_px = DETECTOR_CELL_DIAMETER_PX

    def __init__(self, answer: Answer, tile_px: int = TILE_PX) -> None:
        self._answer = answer
        self._tile_px = tile_px

    def locate(self, image: NDArray[np.uint8]) -> Cells:
        """Objects of an (H, W, 3) RGB image whose red cells are `cell_diameter_px` wide.

        Images larger than a tile are cut into tiles that overlap by `HALO_PX` on each side and start on
        the network's grid. An output depends on nothing further than the halo, so the answers put together
        from the tiles' inner parts are those of the whole image.
        """
        height, width = image.shape[:2]
        padded_height, padded_width = -height % GRID_PX + height, -width % GRID_PX + width
        balanced = np.zeros((padded_height, padded_width, 3), np.uint8)
        balanced[:height, :width] = white_balanced(image)
        balanced[height:] = balanced[height - 1 : height]
        balanced[:, width:] = balanced[:, width - 1 : width]
        whole = np.empty((PLANES, padded_height // STRIDE_PX, padded_width // STRIDE_PX), np.float32)
        step = self._tile_px
        for top in range(0, padded_height, step):
            for left in range(0, padded_width, step):
                outer_top, outer_left = max(0, top - HALO_PX), max(0, left - HALO_PX)
                bottom, right = min(padded_height, top + step), min(padded_width, left + step)
                tile = balanced[outer_top : bottom + HALO_PX, outer_left : right + HALO_PX]
                inner_top, inner_left = (top - outer_top) // STRIDE_PX, (left - outer_left) // STRIDE_PX
                rows, columns = (bottom - top) // STRIDE_PX, (right - left) // STRIDE_PX
                place = np.s_[
                    :, top // STRIDE_PX : bottom // STRIDE_PX, left // STRIDE_PX : right // STRIDE_PX
                ]
                inner = np.s_[:, inner_top : inner_top + rows, inner_left : inner_left + columns]
                whole[place] = self._answer(tile)[inner]
        return decode(whole)
