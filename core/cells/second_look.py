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

    def logits(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> NDArray[np.float32]:
        """(N,) logits, the log-odds of "infected", of (N, S, S, 3) crops of one slide."""
        ...
