"""What scoring asks of a classifier of single cells, whatever is behind it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FeatureStatistics = tuple[float, ...]
"""Means and variances that a network's features have over a slide's own cells, in the network's order."""


@dataclass(frozen=True)
class FieldScores:
    """What a classifier says of the objects of one field, or of the cells that a slide is measured on.

    Attributes
    ----------
    infected_score
        (N,) float32 in [0, 1]; higher means infected.
    statistics
        By these all were scored: those of the slide, or of the slide drawn towards the field's own evaluable
        cells.
    """

    infected_score: NDArray[np.float32]
    statistics: FeatureStatistics


class CellClassifier(Protocol):
    """Scores normalised crops (`core.cells.crops.cut_crops`) of single cells."""

    crop_size_px: int

    def measure_slide(self, crops: NDArray[np.uint8]) -> FieldScores:
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
