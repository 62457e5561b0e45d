"""What scoring asks of a classifier of single cells, whatever is behind it."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FeatureStatistics = tuple[float, ...]
"""Means and variances that a network's features have over a slide's own cells, in the network's order."""


class CellClassifier(Protocol):
    """Scores normalised crops (`core.crops.cut_crops`) of single cells."""

    crop_size_px: int

    def feature_statistics(self, crops: NDArray[np.uint8]) -> FeatureStatistics:
        """Measure the slide on (N, S, S, 3) normalised crops of its cells, nearly all of them healthy."""
        ...

    def infected_score(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> NDArray[np.float32]:
        """(N,) scores in [0, 1] of (N, S, S, 3) normalised RGB crops; higher means infected."""
        ...

    def activation_map(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> NDArray[np.float32]:
        """(N, S, S) class activation maps for "infected", each scaled to [0, 1]."""
        ...
