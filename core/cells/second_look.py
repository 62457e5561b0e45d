"""What scoring asks of a second look, which objects of a slide it sees, and how both looks rank them."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from core.cells.classification import FeatureStatistics

SHARE, LEAST = 0.04, 2000
"""The second look sees about this share of a slide's objects, the best by the first look, and no fewer than
about so many."""
SCORE_LIMIT = 1e-6
"""Scores nearer to 0 or 1 than this are taken as this near: they are written with six decimals."""


class SecondLook(Protocol):
    """Scores crops with their surroundings (`core.cells.crops.surrounded_crops`)."""

    crop_size_px: int

    def feature_statistics(self, crops: NDArray[np.uint8]) -> FeatureStatistics:
        """Measure the slide on (N, S, S, 3) crops of its cells, nearly all of them healthy."""
        ...

    def logits(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> NDArray[np.float32]:
        """(N,) logits, the log-odds of "infected", of (N, S, S, 3) crops of one slide."""
        ...


def seen_from(typical_scores: NDArray[np.float32], objects: float) -> float:
    """First look's score from which the second look sees an object.

    Parameters
    ----------
    typical_scores
        (N,) the first look's of some of the slide's cells, drawn without regard to their score.
    objects
        How many the slide holds, about; above 0.

    Returns
    -------
    0 where it sees all of them.
    """
    share = max(SHARE, LEAST / objects)
    return float(np.quantile(typical_scores, 1 - share)) if share < 1 else 0.0


def combined(first: NDArray[np.float32], second_log_odds: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N,) scores in [0, 1] that rank what both looks have seen: their log-odds added.

    The two networks see different things, and what one of them takes for a parasite by mistake the other
    often does not.
    """
    log_odds = logit(np.clip(first.astype(np.float64), SCORE_LIMIT, 1 - SCORE_LIMIT)) + second_log_odds
    return np.asarray(expit(log_odds), np.float32)
