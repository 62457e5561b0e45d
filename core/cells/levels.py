"""Percentiles of a picture's levels, by counting: there are many pixels, and 256 levels."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

MEDIAN = 50.0


def counts(levels: NDArray[np.uint8], inside: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """(256,) how many pixels have each level: all of them, or those of a mask of their shape."""
    line = np.ascontiguousarray(levels).reshape(1, -1)
    mask = None if inside is None else np.ascontiguousarray(inside).view(np.uint8).reshape(1, -1)
    return np.asarray(cv2.calcHist([line], [0], mask, [256], [0, 256])).ravel().astype(np.int64)


def percentile(counted: NDArray[np.int64], percent: float) -> float:
    """As `numpy.percentile` of the pixels that were counted; raises ValueError where there are none."""
    up_to = np.cumsum(counted)
    if up_to[-1] == 0:
        raise ValueError("no pixel was counted")
    place = percent / 100 * (up_to[-1] - 1)
    before = math.floor(place)
    low, high = np.searchsorted(up_to, (before + 1, math.ceil(place) + 1)).tolist()
    share, step = place - before, high - low
    # As numpy does, from the nearer of the two, so that both give the same to the last bit.
    return float(low + step * share if share < 0.5 else high - step * (1 - share))
