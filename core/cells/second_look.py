"""What scoring asks of a second look at the objects that a slide's first look puts forward."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.cells.classification import FeatureStatistics


class SecondLook(Protocol):
    """Scores crops with their surroundings (`core.cells.crops.surrounded_crops`)."""

    crop_size_px: int

    def feature_statistics(self, crops: NDArray[np.uint8]) -> FeatureStatistics:
        """Measure the slide on (N, S, S, 3) crops of its cells, nearly all of them healthy."""
        ...

    def scores(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> NDArray[np.float32]:
        """(N,) scores in [0, 1] of (N, S, S, 3) crops of one slide; higher means infected."""
        ...

    def activation_map(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> NDArray[np.float32]:
        """(N, S, S) maps of what speaks for "infected", each scaled to [0, 1]; zero where nothing does."""
        ...
