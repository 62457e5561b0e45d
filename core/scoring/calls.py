"""From the scores of a slide to the score from which a cell is called infected."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from core.tally import Performance

SCORE_LIMIT = 1e-6
"""Scores nearer to 0 or 1 than this are taken as this near: they are written with six decimals."""
CELLS_FOR_A_SPREAD = 200
"""Fewer cells than this say too little about their own spread; the typical one of the card is used."""


@dataclass(frozen=True)
class Calling:
    """From which score a slide's cells are called infected, and what validation says of that threshold."""

    threshold: float
    performance: Performance


@dataclass(frozen=True)
class Bulk:
    """Where the scores of a slide's healthy majority lie.

    Attributes
    ----------
    centre
        Median log-odds.
    spread
        Median less the 16th percentile: the lower side, into which no infected cell falls.
    """

    centre: float
    spread: float


def log_odds(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Logarithm of s / (1 - s) of scores in [0, 1]; finite, because scores are kept off 0 and 1."""
    inside = np.clip(np.asarray(scores, np.float64), SCORE_LIMIT, 1 - SCORE_LIMIT)
    return np.asarray(logit(inside), np.float64)


def bulk(scores: NDArray[np.floating], typical_spread: float) -> Bulk:
    """Centre and spread of a slide's scores, of which nearly all belong to healthy cells.

    Parameters
    ----------
    scores
        In [0, 1]; at least one.
    typical_spread
        Used in place of the slide's own where it has under `CELLS_FOR_A_SPREAD` cells, and as the floor
        of half its value everywhere: a slide of very even cells must not turn trifles into calls.
    """
    if len(scores) == 0:
        raise ValueError("no score to take a spread from")
    odds = log_odds(scores)
    centre = float(np.median(odds))
    if len(odds) < CELLS_FOR_A_SPREAD:
        return Bulk(centre, typical_spread)
    spread = centre - float(np.quantile(odds, 0.16))
    return Bulk(centre, max(spread, typical_spread / 2))


def excess(scores: NDArray[np.floating], of: Bulk) -> NDArray[np.float64]:
    """How far scores stand above their slide's bulk, in units of its spread."""
    return (log_odds(scores) - of.centre) / of.spread


def score_at(excess_value: float, of: Bulk) -> float:
    """The score in [0, 1] that stands this far above the bulk: the inverse of `excess`."""
    return float(expit(of.centre + excess_value * of.spread))
