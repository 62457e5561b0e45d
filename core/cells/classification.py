"""What scoring asks of a classifier of single cells, whatever is behind it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FeatureStatistics = tuple[float, ...]
"""Means and variances that a network's features have over a slide's own cells, in the network's order."""


@dataclass(frozen=True)
class FieldScores:
    """What a classifier says of the objects of one field.

    Attributes
    ----------
    infected_score
        (N,) float32 in [0, 1]; higher means infected.
    statistics
        Those of the slide drawn towards this field's own evaluable cells: by these all were scored.
    """

    infected_score: NDArray[np.float32]
    statistics: FeatureStatistics


class CellClassifier(Protocol):
    """Scores normalised crops (`core.cells.crops.cut_crops`) of single cells."""

    crop_size_px: int

    def feature_statistics(self, crops: NDArray[np.uint8]) -> FeatureStatistics:
        """Measure the slide on (N, S, S, 3) normalised crops of its cells, nearly all of them healthy."""
        ...

    def score_field(
        self, crops: NDArray[np.uint8], evaluable: NDArray[np.bool_], slide: FeatureStatistics
    ) -> FieldScores:
        """Score (N, S, S, 3) normalised RGB crops: all the objects of a field that are looked at.

        (N,) `evaluable` says which of them are cells that make the field's statistics.
        """
        ...

    def activation_map(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> NDArray[np.float32]:
        """(N, S, S) maps of what speaks for "infected", each scaled to [0, 1]; zero where nothing does."""
        ...
