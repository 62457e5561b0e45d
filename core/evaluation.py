"""What a detector or a classifier is worth on images it has not seen, as plain numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, rankdata


@dataclass(frozen=True)
class Share:
    """A count of a total, with its 95 % Clopper-Pearson interval."""

    count: int
    total: int

    @property
    def value(self) -> float:
        """The share; NaN of nothing."""
        return self.count / self.total if self.total else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """Exact two-sided 95 % limits (Clopper & Pearson 1934); 0 and 1 of nothing."""
        if not self.total:
            return 0.0, 1.0
        limits = binomtest(self.count, self.total).proportion_ci(0.95, "exact")
        return float(limits.low), float(limits.high)


def area_under_curve(truth: NDArray[np.bool_], score: NDArray[np.floating]) -> float:
    """Chance that a random positive scores above a random negative, ties counting half (Mann-Whitney U)."""
    positives = int(truth.sum())
    negatives = len(truth) - positives
    if positives == 0 or negatives == 0:
        raise ValueError("an area under the curve needs both infected and healthy cells")
    ranks = rankdata(score)
    return float((ranks[truth].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def threshold_at(truth: NDArray[np.bool_], score: NDArray[np.floating], false_call_rate: float) -> float:
    """The score that healthy cells exceed no more often than `false_call_rate`.

    A cell is called when its score is above the threshold.
    """
    healthy = np.sort(score[~truth])[::-1]
    allowed = int(np.floor(false_call_rate * len(healthy)))
    return float(healthy[allowed]) if allowed < len(healthy) else -np.inf


def sensitivity_at(truth: NDArray[np.bool_], score: NDArray[np.floating], false_call_rate: float) -> float:
    """Share of the infected cells called when healthy ones are called no more often than the rate."""
    return float((score[truth] > threshold_at(truth, score, false_call_rate)).mean())


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
