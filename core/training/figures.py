"""What a detector or a classifier is worth on images it has not seen, as plain numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, rankdata

from core.files import RFC_4180, write_csv


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


@dataclass(frozen=True, eq=False)
class Confusion:
    """Counts of images by true and predicted class.

    Attributes
    ----------
    classes
        K names.
    counts
        (K, K) int64: rows are truth, columns predictions.
    """

    classes: tuple[str, ...]
    counts: NDArray[np.int64]

    @property
    def accuracy(self) -> float:
        """Share of images on the diagonal; NaN of none."""
        return _share(int(np.trace(self.counts)), int(self.counts.sum()))

    def of_class(self, number: int) -> "ClassMeasures":
        """Measures of one class."""
        hits = int(self.counts[number, number])
        truth, predicted = int(self.counts[number].sum()), int(self.counts[:, number].sum())
        return ClassMeasures(
            name=self.classes[number],
            images=truth,
            precision=_share(hits, predicted),
            recall=_share(hits, truth),
            f1=_share(2 * hits, truth + predicted),
        )

    def per_class(self) -> tuple["ClassMeasures", ...]:
        """Measures of each class, in order."""
        return tuple(self.of_class(number) for number in range(len(self.classes)))

    def write(self, path: Path) -> None:
        """Write a CSV file with a row for each true class; raises `core.files.OutputError`."""
        rows = ([name, *row] for name, row in zip(self.classes, self.counts.tolist(), strict=True))
        write_csv(path, ["truth", *self.classes], rows, RFC_4180)


@dataclass(frozen=True)
class ClassMeasures:
    """What a classifier is worth on one class.

    Attributes
    ----------
    name
        Of the class.
    images
        That are of it.
    precision, recall, f1
        In [0, 1]; NaN where nothing is predicted, nothing is of the class, or neither.
    """

    name: str
    images: int
    precision: float
    recall: float
    f1: float


def confusion(truth: NDArray[np.int64], predicted: NDArray[np.int64], classes: Sequence[str]) -> Confusion:
    """Count (N,) true and predicted classes, each in [0, K)."""
    counts = np.zeros((len(classes), len(classes)), np.int64)
    np.add.at(counts, (truth, predicted), 1)
    return Confusion(tuple(classes), counts)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
