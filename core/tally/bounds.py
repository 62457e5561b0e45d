"""What a count without parasites excludes, how many cells that takes, and what false calls hide.

Symbols: n cells examined, s sensitivity per infected cell, f false calls per healthy cell, R red cells
per µL, p infected fraction of all red cells, C confidence.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betaincinv, expit, hyp1f1, logit, polygamma
from scipy.stats import chi2, nbinom, poisson
from scipy.stats.distributions import rv_frozen

from core.tally.arguments import (
    check_confidence,
    check_not_negative,
    check_positive,
    check_sensitivity,
    check_share,
)
from core.tally.records import Recall

LARGEST_STEP, TAIL = 0.25, 1e-17
"""Of `_beta_grid`: distance of its points in the logit, and what of the distribution lies beyond each end."""


def excluded_infected_cells_averaged(
    steps: Sequence[Recall], *, review_sensitivity: float = 1.0, confidence: float = 0.95
) -> float:
    """Infected cells among those examined that a count of zero excludes, s being as uncertain as it is.

    Of m expected infected cells none is seen with probability exp(-m s), so with s certain a count of zero
    excludes every m above -ln(1 - C) / s: 2.996 / s at 95 %. Divided by n this bounds the infected fraction.
    Solves E[exp(-m s)] = 1 - C for m, where s is the product of the steps' sensitivities and of
    `review_sensitivity`, each step's being Beta(found + 1/2, missed + 1/2). For one step the mean is
    Kummer's function 1F1(a; a + b; -m); over further steps it is summed (`_beta_grid`).

    Raises
    ------
    ValueError
        If `steps` is empty, `review_sensitivity` outside (0, 1] or `confidence` outside (0, 1).
    """
    if not steps:
        raise ValueError(f"steps must hold at least one Recall; it is {steps!r}")
    check_sensitivity("review_sensitivity", review_sensitivity)
    check_confidence(confidence)

    return _excluded_averaged(tuple(steps), confidence) / review_sensitivity


@lru_cache(maxsize=64)  # the same for every slide of a model and after every call
def _excluded_averaged(steps: tuple[Recall, ...], confidence: float) -> float:
    *further, last = steps
    a, b = last.found + 0.5, last.missed + 0.5
    sensitivity, chance = np.ones(1), np.ones(1)
    for step in further:
        points, weights = _beta_grid(step)
        sensitivity = np.outer(sensitivity, points).ravel()
        chance = np.outer(chance, weights).ravel()

    def log_excess(log_cells: float) -> float:
        seeing_none = chance @ hyp1f1(a, a + b, -math.exp(log_cells) * sensitivity)
        return math.log(seeing_none / (1 - confidence))

    # The chance falls with m: with s = 1 it is too low or just right at the lower end of the bracket.
    low = high = math.log(-math.log1p(-confidence))
    while log_excess(high) > 0:
        high += 1.0
    return math.exp(brentq(log_excess, low, high, xtol=1e-12))


def _beta_grid(step: Recall) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points in (0, 1) and their weights, for means over Beta(found + 1/2, missed + 1/2).

    The trapezoidal rule in the logit of s, where the density is smooth and dies away on both sides, so that
    some tens of points give a dozen digits. Half a standard deviation or `LARGEST_STEP` lies between two.
    """
    a, b = step.found + 0.5, step.missed + 0.5
    width = min(LARGEST_STEP, math.sqrt(polygamma(1, a) + polygamma(1, b)) / 2)
    low, high = logit(betaincinv(a, b, TAIL)), -logit(betaincinv(b, a, TAIL))
    logits = np.arange(low, high + width, width)
    log_density = -a * np.logaddexp(0, -logits) - b * np.logaddexp(0, logits)
    weights = np.exp(log_density - log_density.max())
    return expit(logits), weights / weights.sum()


def effective_cells(cells: float, dispersion: float) -> float:
    """n / max(1, phi): the independent cells that n clustered ones are worth in bounds and intervals."""
    check_not_negative("cells", cells)
    check_positive("dispersion", dispersion)
    return cells / max(1.0, dispersion)


def zero_count_bound(cells: float, excluded: float) -> float | None:
    """Upper bound of the infected fraction after a count of zero: excluded / n, at most 1.

    `excluded` comes from `excluded_infected_cells_averaged`, `cells` from `effective_cells`. None where
    no cell was examined: an empty count bounds nothing.
    """
    check_not_negative("cells", cells)
    check_positive("excluded", excluded)
    return min(1.0, excluded / cells) if cells else None


def detection_limit_per_ul(cells: float, excluded: float, red_cells_per_ul: float) -> float | None:
    """Parasites/µL above which a count of zero excludes: `zero_count_bound` times R; None for no cells."""
    check_positive("red_cells_per_ul", red_cells_per_ul)
    bound = zero_count_bound(cells, excluded)
    return None if bound is None else bound * red_cells_per_ul


def cells_for_limit(limit_per_ul: float, excluded: float, red_cells_per_ul: float) -> float:
    """Independent cells after which a count of zero excludes `limit_per_ul`: excluded * R / D."""
    check_positive("limit_per_ul", limit_per_ul)
    check_positive("excluded", excluded)
    check_positive("red_cells_per_ul", red_cells_per_ul)
    return excluded * red_cells_per_ul / limit_per_ul


def rate_upper_limit(events: float, trials: float, *, confidence: float = 0.95) -> float:
    """One-sided upper limit of a small rate: chi2.ppf(C, 2 x + 2) / 2 / n, at most 1.

    Without an event this is -ln(1 - C) / n: 13 779 healthy cells without a false call prove f < 2.2e-4.
    """
    check_not_negative("events", events)
    check_positive("trials", trials)
    check_confidence(confidence)
    return min(1.0, float(chi2.ppf(confidence, 2 * events + 2)) / 2 / trials)


def smallest_count_beyond_noise(
    expected_false: float, *, variation: float = 0.0, confidence: float = 0.95
) -> int:
    """c, the smallest count that false ones alone reach with a probability of at most 1 - C.

    Smallest c of at least 1 with P(N >= c) <= 1 - C, where N is Poisson with mean `expected_false`
    (= n f), or, where slides differ with the coefficient of variation `variation`, the negative
    binomial with variance mean + (variation * mean)^2.
    """
    check_not_negative("expected_false", expected_false)
    check_not_negative("variation", variation)
    check_confidence(confidence)
    if expected_false == 0:
        return 1
    return int(_false_counts(expected_false, variation).isf(1 - confidence)) + 1


def _false_counts(expected: float, variation: float) -> rv_frozen:
    """Distribution of false calls on a slide: Poisson, or gamma-mixed Poisson."""
    if variation == 0:
        return poisson(expected)
    shape = variation**-2
    return nbinom(shape, shape / (shape + expected))


def unaided_limit_per_ul(
    cells: int,
    sensitivity: float,
    false_calls_per_cell: float,
    red_cells_per_ul: float,
    *,
    variation: float = 0.0,
    confidence: float = 0.95,
) -> float | None:
    """Limit of detection, in parasites/µL, of the machine's calls with nobody looking at them.

    With the infected fraction p a slide gives n (f + p (s - f)) calls on average. The slide is called
    positive from c calls on, c = `smallest_count_beyond_noise` of n f. The limit is R times the
    smallest p with P(calls >= c) >= C, the calls above the n f false ones being Poisson. n = 200 000,
    s = .95, R = 5e6: f = 1e-2 gives 4 002, 1e-3 1 323, 1e-4 484, 1e-5 224, 0 79; f = 1e-4 with
    slides that differ by a `variation` of 1 gives 1 773.

    Returns
    -------
    None where no cell was examined, or where even p = 1 would not be detected.

    Raises
    ------
    ValueError
        For a count or rate out of range, or f not below s: such calls carry no information.
    """
    check_not_negative("cells", cells)
    check_sensitivity("sensitivity", sensitivity)
    check_share("false_calls_per_cell", false_calls_per_cell)
    check_positive("red_cells_per_ul", red_cells_per_ul)
    if not false_calls_per_cell < sensitivity:
        raise ValueError(
            f"false_calls_per_cell must be below sensitivity ({sensitivity!r}); "
            f"it is {false_calls_per_cell!r}"
        )
    if not cells:
        return None
    expected_false = cells * false_calls_per_cell
    needed = smallest_count_beyond_noise(expected_false, variation=variation, confidence=confidence)
    if variation == 0 or expected_false == 0:
        # P(Poisson(m) >= c) = C at m = chi2.ppf(C, 2 c) / 2
        added = float(chi2.ppf(confidence, 2 * needed)) / 2 - expected_false
    else:
        false_count = np.arange(needed)
        chance = _false_counts(expected_false, variation).pmf(false_count)

        def missed(added: float) -> float:
            """P(false + infected calls < c) - (1 - C)."""
            return float(np.sum(chance * poisson.cdf(needed - 1 - false_count, added))) - (1 - confidence)

        added = brentq(missed, 0.0, float(chi2.ppf(confidence, 2 * needed)) / 2)
    fraction = added / (cells * (sensitivity - false_calls_per_cell))
    return fraction * red_cells_per_ul if fraction <= 1 else None
