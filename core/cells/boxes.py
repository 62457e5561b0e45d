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


PAIRS_AT_ONCE = 1 << 18
"""Pairs of boxes that are compared at a time."""


def intersection_over_union(boxes: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, M) overlap of (N, 4) with (M, 4) boxes, each x, y, width, height."""
    return _overlap(boxes[:, None], others[None])


def overlapping_pairs(boxes: NDArray[np.float32], more_than: float) -> NDArray[np.int64]:
    """Which of (N, 4) boxes overlap more than so much of their union, in memory for the neighbours alone.

    Returns
    -------
    (P, 2) places of two boxes, the earlier one first; none of a box with a side that is NaN.
    """
    known = np.flatnonzero(~np.isnan(boxes).any(axis=1))
    along = min((0, 1), key=lambda axis: int(_followers(boxes[known], axis)[1].sum()))
    order, followers = _followers(boxes[known], along)
    order, until = known[order], np.cumsum(followers)
    begin = boxes[order, 1 - along]
    end = begin + boxes[order, 3 - along]
    found = [np.empty((0, 2), np.int64)]
    start = 0
    while start < len(order):
        done = until[start] - followers[start]
        stop = max(start + 1, int(np.searchsorted(until, done + PAIRS_AT_ONCE, side="right")))
        first = np.repeat(np.arange(start, stop), followers[start:stop])
        second = first + 1 + np.arange(len(first)) - (until - followers - done)[first]
        near = (begin[first] < end[second]) & (begin[second] < end[first])
        pairs = np.sort(np.stack([order[first[near]], order[second[near]]], axis=1), axis=1)
        found.append(pairs[_overlap(boxes[pairs[:, 0]], boxes[pairs[:, 1]]) > more_than])
        start = stop
    return np.concatenate(found)


def _followers(boxes: NDArray[np.float32], axis: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The order of boxes along an axis, and for each in it how many of the next begin before it ends."""
    order = np.argsort(boxes[:, axis], kind="stable")
    begin = boxes[order, axis]
    end = begin + boxes[order, axis + 2]
    return order, np.maximum(np.searchsorted(begin, end) - np.arange(len(order)) - 1, 0)


def _overlap(boxes: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Overlap of each of (..., 4) boxes with its partner."""
    near = np.maximum(boxes[..., :2], others[..., :2])
    far = np.minimum(boxes[..., :2] + boxes[..., 2:], others[..., :2] + others[..., 2:])
    shared = np.clip(far - near, 0, None).prod(axis=-1)
    area, other_area = boxes[..., 2:].prod(axis=-1), others[..., 2:].prod(axis=-1)
    return np.asarray(shared / (area + other_area - shared), np.float32)


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
