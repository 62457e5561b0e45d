"""What scoring asks of a second look, which objects of a slide it sees, and how both looks rank them."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from core.cells.classification import FeatureStatistics

SHARE, LEAST = 0.04, 2000
"""The second look sees this share of each field's objects, and of a small slide a larger share: about so many
objects in all, or all that there are."""
TAKEN_FOR_INFECTED = 0.5
"""Score of the first look from which the second look sees an object whatever its share: a field may hold many
parasites."""
SCORE_LIMIT = 1e-6
"""Scores nearer to 0 or 1 than this are taken as this near: they are written with six decimals."""


@dataclass(frozen=True, eq=False)
class SecondSight:
    """What a second look makes of some objects.

    Attributes
    ----------
    logits
        (N,) float32, the log-odds of "infected".
    features
        (N, D) float16, what the logits are a linear function of: from them the objects of a slide can be
        ranked anew without the network.
    """

    logits: NDArray[np.float32]
    features: NDArray[np.float16]


class SecondLook(Protocol):
    """Scores crops with their surroundings (`core.cells.crops.surrounded_crops`)."""

    crop_size_px: int

    def feature_statistics(self, crops: NDArray[np.uint8]) -> FeatureStatistics:
        """Measure the slide on (N, S, S, 3) crops of its cells, nearly all of them healthy."""
        ...

    def look(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> SecondSight:
        """Look at (N, S, S, 3) crops of one slide."""
        ...


def share_seen(objects: float) -> float:
    """Share of each field's objects that the second look sees on a slide of about so many objects."""
    return min(1.0, max(SHARE, LEAST / objects))


def seen_again(first: NDArray[np.float32], share: float) -> NDArray[np.bool_]:
    """(N,) which objects of a field the second look sees: the best of it, and all taken for infected.

    Field by field, and not by a score that holds for the slide: fields of one folder may differ in stain, and
    what stands out is told from its neighbours.

    Parameters
    ----------
    first
        (N,) scores of the first look; NaN of what is not looked at, which is not seen either.
    share
        Of those that are looked at, rounded up.
    """
    looked_at = np.isfinite(first)
    seen = looked_at & (first >= TAKEN_FOR_INFECTED)
    order = np.argsort(-np.where(looked_at, first, -1), kind="stable")
    seen[order[: int(np.ceil(share * looked_at.sum()))]] = True
    return seen


def combined(first: NDArray[np.float32], second_log_odds: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N,) scores in [0, 1] that rank what both looks have seen: their log-odds added.

    The two networks see different things, and what one of them takes for a parasite by mistake the other
    often does not.
    """
    log_odds = logit(np.clip(first.astype(np.float64), SCORE_LIMIT, 1 - SCORE_LIMIT)) + second_log_odds
    return np.asarray(expit(log_odds), np.float32)


def rank_values(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N,) what a list is sorted by: second scores, in [0, 1], stand above all that have none (NaN)."""
    return np.where(np.isnan(second), first, 2.0 + second).astype(np.float64)
