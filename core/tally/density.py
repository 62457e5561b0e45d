"""Infected fraction and parasite density of a slide on which parasites were seen, with their intervals.

Symbols: n cells examined, x infected cells counted, s sensitivity per infected cell, f_r false accepts per
healthy cell, R red cells per µL, phi dispersion, C confidence, a = 1 - C.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betaincinv, expit, gammainc, gammaincc, logit, ndtri, polygamma, stdtrit

from core.tally.arguments import (
    check_at_most,
    check_confidence,
    check_count,
    check_positive,
    check_sensitivity,
)
from core.tally.performance import FalseAccepts, Recall
from core.tally.records import CONFIDENCE, Assumptions, FieldReading

MONTE_CARLO_DRAWS = 200_000
LARGEST_STEP, TAIL = 0.25, 1e-17
"""Of `_beta_grid`: distance of its points in the logit, and what of the distribution lies beyond each end."""
PARASITES_FOR_A_DENSITY = 62
"""Parasites to count for a density within 25 % at a confidence of 95 %: (1.96 / .25)^2, rounded up."""


@dataclass(frozen=True)
class Estimate:
    """A value with its two-sided confidence interval."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> "Estimate":
        """All three scaled by `factor`."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor)


@dataclass(frozen=True)
class Figures:
    """What the infected cells of a slide amount to.

    Attributes
    ----------
    infected, cells
        Infected cells counted, and the cells they were counted among.
    raw_fraction
        x / n with its Clopper-Pearson interval.
    corrected_fraction
        x / (n s) with its Poisson interval, or the Rogan-Gladen estimate where false accepts were measured;
        None where s cannot be told.
    density_per_ul
        `corrected_fraction` times R, in parasites/µL; None with it.
    dispersion
        The phi by which the intervals were widened, at least 1.
    dispersion_measured
        Whether it was measured on this slide.
    """

    infected: int
    cells: int
    raw_fraction: Estimate
    corrected_fraction: Estimate | None
    density_per_ul: Estimate | None
    dispersion: float
    dispersion_measured: bool


@dataclass(frozen=True)
class WholeFieldFigures:
    """What the infected cells of fields that two readers have looked at whole amount to.

    Nothing of the list is in them: they hold where the fields were chosen without it.

    Attributes
    ----------
    fields, infected, cells
        How many fields, the infected cells counted on them, and their evaluable cells.
    fraction
        Infected over all cells with its Clopper-Pearson interval, widened by `dispersion`.
    density_per_ul
        `fraction` times R, in parasites/µL.
    dispersion
        The phi by which the interval was widened, at least 1.
    dispersion_measured
        Whether it was measured between these fields, or is assumed.
    """

    fields: int
    infected: int
    cells: int
    fraction: Estimate
    density_per_ul: Estimate
    dispersion: float
    dispersion_measured: bool


def raw_fraction(
    infected: int, cells: int, *, dispersion: float = 1.0, confidence: float = 0.95
) -> Estimate | None:
    """x / n with the Clopper-Pearson interval; None for no cells.

    With phi above 1, n / phi takes the place of n and x / phi that of x in the interval: the fraction
    stays, the interval widens.

    Raises
    ------
    ValueError
        If a count is negative or not whole, x > n, phi <= 0 or `confidence` outside (0, 1).
    """
    _check_counts(infected, cells, dispersion, confidence)
    if not cells:
        return None
    phi, tail = max(1.0, dispersion), (1 - confidence) / 2
    seen, healthy = infected / phi, (cells - infected) / phi
    # Not scipy's binomtest, which takes whole counts only; nor beta.ppf, which is this in 30 times the time.
    low = float(betaincinv(seen, healthy + 1, tail)) if infected else 0.0
    high = float(betaincinv(seen + 1, healthy, 1 - tail)) if infected < cells else 1.0
    return Estimate(infected / cells, low, high)


def infected_limits(
    infected: int, recall: Recall, *, dispersion: float = 1.0, confidence: float = 0.95
) -> tuple[float, float]:
    """Two-sided limits of the infected cells m of which x were found, s being as uncertain as it is.

    The exact Poisson limits, averaged over s ~ Beta(found + 1/2, missed + 1/2): the lower solves
    E[P(N >= x)] = a/2, the upper E[P(N <= x)] = a/2, with N Poisson of mean m s. With s certain these are
    chi2.ppf(a/2, 2 x) / 2 / s, which is 0 at x = 0, and chi2.ppf(1 - a/2, 2 x + 2) / 2 / s. With phi above 1
    they are those of x / phi, times phi.
    """
    _check_counts(infected, infected, dispersion, confidence)
    phi, tail = max(1.0, dispersion), (1 - confidence) / 2
    seen = infected / phi
    sensitivity, weight = _beta_grid(recall)

    def so_many(cells: float) -> float:
        return float(weight @ gammainc(seen, cells * sensitivity)) - tail

    def so_few(cells: float) -> float:
        return tail - float(weight @ gammaincc(seen + 1, cells * sensitivity))

    return phi * _root(so_many) if infected else 0.0, phi * _root(so_few)


def _root(rising: Callable[[float], float]) -> float:
    """Where a function rises through 0, above 0; 0 where that is nearer to it than numbers go."""
    low, high = -700.0, 0.0
    if rising(math.exp(low)) >= 0:
        return 0.0
    while rising(math.exp(high)) < 0:
        high += 1.0
    return math.exp(brentq(lambda log_cells: rising(math.exp(log_cells)), low, high, xtol=1e-12))


def _beta_grid(recall: Recall) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points in (0, 1) and their weights, for means over Beta(found + 1/2, missed + 1/2).

    The trapezoidal rule in the logit of s, where the density is smooth and dies away on both sides, so that
    some tens of points give a dozen digits. Half a standard deviation or `LARGEST_STEP` lies between two.
    """
    a, b = recall.found + 0.5, recall.missed + 0.5
    width = min(LARGEST_STEP, math.sqrt(polygamma(1, a) + polygamma(1, b)) / 2)
    low, high = logit(betaincinv(a, b, TAIL)), -logit(betaincinv(b, a, TAIL))
    logits = np.arange(low, high + width, width)
    log_density = -a * np.logaddexp(0, -logits) - b * np.logaddexp(0, logits)
    weights = np.exp(log_density - log_density.max())
    return expit(logits), weights / weights.sum()


def corrected_fraction(
    infected: int,
    cells: int,
    recall: Recall,
    *,
    review_sensitivity: float = 1.0,
    dispersion: float = 1.0,
    confidence: float = 0.95,
) -> Estimate | None:
    """x / (n s) with the interval of `infected_limits` over n, each at most 1.

    phi widens the interval and never moves the value.

    Returns
    -------
    None where no cell was examined, or validation found nothing that far down the list.
    """
    _check_counts(infected, cells, dispersion, confidence)
    check_sensitivity("review_sensitivity", review_sensitivity)
    if not cells or not recall.found:
        return None
    low, high = infected_limits(infected, recall, dispersion=dispersion, confidence=confidence)
    reviewed = cells * review_sensitivity
    value = infected / (reviewed * recall.value)
    return Estimate(min(1.0, value), min(1.0, low / reviewed), min(1.0, high / reviewed))


def rogan_gladen(
    infected: int,
    cells: int,
    recall: Recall,
    false_accepts: FalseAccepts,
    *,
    review_sensitivity: float = 1.0,
    dispersion: float = 1.0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate | None:
    """Infected fraction with false accepts taken out: (x/n - f_r) / (s - f_r), clipped to [0, 1].

    Interval: quantiles of the same expression over draws of s ~ Beta(found + 1/2, missed + 1/2),
    f_r ~ Gamma(false + 1/2, 1/healthy) and x/n ~ Gamma(x/phi + 1/2, phi/n). 12 of 200 000 cells, s from 930
    of 1 000, 8 false accepts in 2 000 000 and R = 5e6 give 301/µL, 153 to 525. The same seed gives the same
    interval.

    Returns
    -------
    None where no cell was examined, or s is not above f_r: then the accepts carry no information.

    Raises
    ------
    ValueError
        For counts or a sensitivity out of range.
    """
    _check_counts(infected, cells, dispersion, confidence)
    check_sensitivity("review_sensitivity", review_sensitivity)
    sensitivity = recall.value * review_sensitivity
    if not cells or not sensitivity > false_accepts.rate:
        return None
    phi, tail = max(1.0, dispersion), (1 - confidence) / 2
    random = np.random.default_rng(seed)
    size = MONTE_CARLO_DRAWS
    s = review_sensitivity * random.beta(recall.found + 0.5, recall.missed + 0.5, size)
    f = random.gamma(false_accepts.count + 0.5, 1 / false_accepts.healthy_cells, size)
    q = random.gamma(infected / phi + 0.5, phi / cells, size)
    # A draw with s <= f_r says nothing of the fraction: it counts as "anything up to 1".
    fraction = np.divide(q - f, s - f, out=np.ones(size), where=s > f).clip(0.0, 1.0)
    low, high = np.quantile(fraction, [tail, 1 - tail])
    value = (infected / cells - false_accepts.rate) / (sensitivity - false_accepts.rate)
    return Estimate(min(1.0, max(0.0, value)), float(low), float(high))


def density_figures(
    infected: int,
    cells: int,
    recall: Recall | None,
    assumptions: Assumptions,
    dispersion: float,
    *,
    dispersion_measured: bool,
) -> Figures | None:
    """Raw fraction, corrected fraction and density of a count; None for no cells.

    Rogan-Gladen where false accepts were measured, else the Poisson interval over n s. With `recall` None the
    raw fraction alone.
    """
    raw = raw_fraction(infected, cells, dispersion=dispersion, confidence=CONFIDENCE)
    if raw is None:
        return None
    corrected = None
    if recall is not None and assumptions.false_accepts:
        corrected = rogan_gladen(
            infected,
            cells,
            recall,
            assumptions.false_accepts,
            review_sensitivity=assumptions.review_sensitivity,
            dispersion=dispersion,
            confidence=CONFIDENCE,
        )
    elif recall is not None:
        corrected = corrected_fraction(
            infected,
            cells,
            recall,
            review_sensitivity=assumptions.review_sensitivity,
            dispersion=dispersion,
            confidence=CONFIDENCE,
        )
    density = None if corrected is None else corrected.times(assumptions.red_cells_per_ul)
    return Figures(infected, cells, raw, corrected, density, max(1.0, dispersion), dispersion_measured)


def dispersion(fields: Sequence[FieldReading]) -> float | None:
    """Pearson dispersion phi of per-field counts.

    The sum of (x_i - n_i p)^2 / (n_i p) over the k fields that have cells, divided by k - 1, with
    p = sum x / sum n. About 1 where parasites lie at random, more where they cluster. None where it
    cannot be estimated: fewer than two fields with cells, or no infected cell.
    """
    counted = [reading for reading in fields if reading.cells]
    infected = np.array([reading.infected for reading in counted], dtype=float)
    cells = np.array([reading.cells for reading in counted], dtype=float)
    if len(counted) < 2 or not infected.sum():
        return None
    expected = cells * infected.sum() / cells.sum()
    return float(np.sum((infected - expected) ** 2 / expected) / (len(counted) - 1))


def dispersion_of_few(fields: Sequence[FieldReading], *, confidence: float = 0.95) -> float | None:
    """`dispersion` times (t / z)^2, with t of k - 1 degrees of freedom: k fields tell phi that uncertainly.

    Both are quantiles at 1 - a/2. For 2, 5, 20 and 100 fields the factor is 42, 2.0, 1.14 and 1.02.
    """
    check_confidence(confidence)
    estimated = dispersion(fields)
    if estimated is None:
        return None
    counted, upper = sum(reading.cells > 0 for reading in fields), 1 - (1 - confidence) / 2
    return estimated * float(stdtrit(counted - 1, upper) / ndtri(upper)) ** 2


def whole_field_figures(
    fields: Sequence[FieldReading], assumed_dispersion: float, red_cells_per_ul: float
) -> WholeFieldFigures | None:
    """Raw fraction and density of fields that were read whole; None where they have no cells.

    Parameters
    ----------
    fields
        One at least.
    assumed_dispersion
        Stands in where these fields cannot tell phi: one field alone, no parasite, or the same share on all.
    """
    infected, cells = sum(one.infected for one in fields), sum(one.cells for one in fields)
    measured = dispersion_of_few(fields, confidence=CONFIDENCE) or None
    phi = max(1.0, assumed_dispersion if measured is None else measured)
    fraction = raw_fraction(infected, cells, dispersion=phi, confidence=CONFIDENCE)
    if fraction is None:
        return None
    density = fraction.times(red_cells_per_ul)
    return WholeFieldFigures(len(fields), infected, cells, fraction, density, phi, measured is not None)


def sensitivity_lower_limit(recall: Recall, *, confidence: float = 0.95) -> float:
    """One-sided lower limit of a sensitivity, Clopper-Pearson: beta.ppf(1 - C, found, missed + 1).

    scipy's binomtest searches for the same limit, to twelve digits and in fifteen times the time.
    """
    check_confidence(confidence)
    return float(betaincinv(recall.found, recall.missed + 1, 1 - confidence)) if recall.found else 0.0


def _check_counts(infected: int, cells: int, phi: float, confidence: float) -> None:
    check_count("infected", infected)
    check_count("cells", cells)
    check_at_most("infected", infected, "cells", cells)
    check_positive("dispersion", phi)
    check_confidence(confidence)
