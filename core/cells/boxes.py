"""Boxes x, y, width, height against one another: how far they overlap, and which is which."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]
"""x, y, width, height in pixels of the field's image."""


def rounded_box(box: Sequence[float]) -> Box:
    """A box with two decimals, as scoring writes them: equal for equal cells."""
    x, y, width, height = (round(float(side), 2) for side in box)
    return x, y, width, height


def intersection_over_union(boxes: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, M) overlap of (N, 4) with (M, 4) boxes, each x, y, width, height."""
    near = np.maximum(boxes[:, None, :2], others[None, :, :2])
    far = np.minimum((boxes[:, :2] + boxes[:, 2:])[:, None], (others[:, :2] + others[:, 2:])[None])
    shared = np.clip(far - near, 0, None).prod(axis=2)
    area, other_area = boxes[:, 2:].prod(axis=1), others[:, 2:].prod(axis=1)
    return np.asarray(shared / (area[:, None] + other_area[None] - shared), np.float32)


def matched(gains: NDArray[np.floating], least: float) -> NDArray[np.bool_]:
    """(N,) which rows of an (N, M) table of gains get a partner of at least `least`, each column used once.

    Pairs are taken from the largest gain down, so that one detection never stands for two cells.
    """
    found = np.zeros(gains.shape[0], bool)
    used = np.zeros(gains.shape[1], bool)
    rows, columns = np.nonzero(gains >= least)
    for index in np.argsort(-gains[rows, columns], kind="stable"):
        row, column = rows[index], columns[index]
        if not found[row] and not used[column]:
            found[row] = used[column] = True
    return found


def centre_gains(centres: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, M) nearness of (N, 2) centres to (M, 4) boxes: 1 in the middle, 0 on the inscribed ellipse."""
    middle = boxes[:, :2] + boxes[:, 2:] / 2
    offset = (centres[:, None] - middle[None]) / np.maximum(boxes[None, :, 2:] / 2, 1e-6)
    return np.asarray(1 - np.hypot(offset[..., 0], offset[..., 1]), np.float32)
