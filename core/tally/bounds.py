"""What a count without parasites excludes, how many cells that takes, and what chance alone can count.

Symbols: n cells examined, s sensitivity per infected cell, f_r false accepts per healthy cell, R red cells
per µL, p infected fraction of all red cells, C confidence.
"""

import math
from functools import lru_cache

from scipy.optimize import brentq
from scipy.special import gammaincinv, hyp1f1, pdtr, pdtrik

from core.tally.arguments import check_confidence, check_not_negative, check_positive, check_sensitivity
from core.tally.performance import Recall


def excluded_infected_cells_averaged(
    recall: Recall, *, review_sensitivity: float = 1.0, confidence: float = 0.95
) -> float:
    """Infected cells among those examined that a count of zero excludes, s being as uncertain as it is.

    Of m expected infected cells none is seen with probability exp(-m s), so with s certain a count of zero
    excludes every m above -ln(1 - C) / s: 2.996 / s at 95 %. Divided by n this bounds the infected fraction.
    Solves E[exp(-m s)] = 1 - C for m, where s is `review_sensitivity` times a sensitivity distributed as
    Beta(found + 1/2, missed + 1/2): the mean is Kummer's function 1F1(a; a + b; -m).

    Raises
    ------
    ValueError
        If `review_sensitivity` lies outside (0, 1] or `confidence` outside (0, 1).
    """
    check_sensitivity("review_sensitivity", review_sensitivity)
    check_confidence(confidence)

    return _excluded_averaged(recall, confidence) / review_sensitivity


# The same for every slide of a model and after every call; one for each point of a curve.
@lru_cache(maxsize=1024)
def _excluded_averaged(recall: Recall, confidence: float) -> float:
    a, b = recall.found + 0.5, recall.missed + 0.5

    def log_excess(log_cells: float) -> float:
        return math.log(float(hyp1f1(a, a + b, -math.exp(log_cells))) / (1 - confidence))

    # The chance falls with m: with s = 1 it is too low or just right at the lower end of the bracket.
    low = high = math.log(-math.log1p(-confidence))
    while log_excess(high) > 0:
        high += 1.0
    return math.exp(brentq(log_excess, low, high, xtol=1e-12))


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
    """One-sided upper limit of a small rate: gammaincinv(x + 1, C) / n, at most 1.

    The first is chi2.ppf(C, 2 x + 2) / 2, which takes scipy 30 times as long.

    Without an event this is -ln(1 - C) / n: 13 779 healthy cells without a false one prove f < 2.2e-4.
    """
    check_not_negative("events", events)
    check_positive("trials", trials)
    check_confidence(confidence)
    return min(1.0, float(gammaincinv(events + 1, confidence)) / trials)


def smallest_count_beyond_noise(expected_false: float, *, confidence: float = 0.95) -> int:
    """c, the smallest count that false ones alone reach with a probability of at most 1 - C.

    Smallest c of at least 1 with P(N >= c) <= 1 - C, where N is Poisson with mean `expected_false`, which
    is n f_r.
    """
    check_not_negative("expected_false", expected_false)
    check_confidence(confidence)
    if expected_false == 0:
        return 1
    # The most that false ones reach with a probability of C; scipy.stats takes a third of a process's start.
    most = max(0, math.ceil(float(pdtrik(confidence, expected_false))) - 1)
    return most + 1 if pdtr(most, expected_false) >= confidence else most + 2
