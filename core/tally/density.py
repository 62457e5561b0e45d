"""Infected fraction and parasite density of a slide on which parasites were seen, with their intervals.

Symbols: n cells examined, x infected cells counted, s sensitivity per infected cell, f_r false accepts per
healthy cell, R red cells per µL, phi dispersion, C confidence, a = 1 - C.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta, chi2

from core.tally.arguments import (
    check_at_most,
    check_confidence,
    check_count,
    check_positive,
    check_sensitivity,
)
from core.tally.records import CONFIDENCE, Assumptions, FalseCalls, FieldReading, Performance, Recall

MONTE_CARLO_DRAWS = 200_000
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
        x / (n s) with its exact Poisson interval, or the Rogan-Gladen estimate where false accepts
        were measured.
    density_per_ul
        `corrected_fraction` times R, in parasites/µL.
    dispersion
        The phi by which the intervals were widened, at least 1.
    dispersion_measured
        Whether it was measured on this slide.
    """

    infected: int
    cells: int
    raw_fraction: Estimate
    corrected_fraction: Estimate
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
    # Not scipy's binomtest, which takes whole counts only.
    low = float(beta.ppf(tail, seen, healthy + 1)) if infected else 0.0
    high = float(beta.ppf(1 - tail, seen + 1, healthy)) if infected < cells else 1.0
    return Estimate(infected / cells, low, high)


def poisson_limits(
    infected: int, *, dispersion: float = 1.0, confidence: float = 0.95
) -> tuple[float, float]:
    """Exact two-sided limits of the expected count.

    chi2.ppf(a/2, 2 x) / 2, which is 0 at x = 0, and chi2.ppf(1 - a/2, 2 x + 2) / 2. With phi above 1
    they are those of x / phi, times phi.
    """
    _check_counts(infected, infected, dispersion, confidence)
    phi, tail = max(1.0, dispersion), (1 - confidence) / 2
    seen = infected / phi
    low = float(chi2.ppf(tail, 2 * seen)) / 2 * phi if infected else 0.0
    high = float(chi2.ppf(1 - tail, 2 * seen + 2)) / 2 * phi
    return low, high


def corrected_fraction(
    infected: int,
    cells: int,
    sensitivity: float,
    *,
    dispersion: float = 1.0,
    confidence: float = 0.95,
) -> Estimate | None:
    """x / (n s) with the interval of `poisson_limits` over n s, each at most 1; None for no cells.

    The interval takes s as exactly known; phi widens it and never moves the value.
    """
    _check_counts(infected, cells, dispersion, confidence)
    check_sensitivity("sensitivity", sensitivity)
    if not cells:
        return None
    low, high = poisson_limits(infected, dispersion=dispersion, confidence=confidence)
    found = cells * sensitivity
    return Estimate(min(1.0, infected / found), min(1.0, low / found), min(1.0, high / found))


def rogan_gladen(
    infected: int,
    cells: int,
    steps: Sequence[Recall],
    false_accepts: FalseCalls,
    *,
    review_sensitivity: float = 1.0,
    dispersion: float = 1.0,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate | None:
    """Infected fraction with false accepts taken out: (x/n - f_r) / (s - f_r), clipped to [0, 1].

    Interval: quantiles of the same expression over draws of s as the product of
    Beta(found + 1/2, missed + 1/2) of each step, f_r ~ Gamma(false + 1/2, 1/healthy) and
    x/n ~ Gamma(x/phi + 1/2, phi/n). 12 of 200 000 cells, s from 930 of 1 000, 8 false accepts in
    2 000 000 and R = 5e6 give 301/µL, 153 to 525. The same seed gives the same interval.

    Returns
    -------
    None where no cell was examined.

    Raises
    ------
    ValueError
        For counts out of range, or s not above f_r: then the accepts carry no information.
    """
    _check_counts(infected, cells, dispersion, confidence)
    check_sensitivity("review_sensitivity", review_sensitivity)
    sensitivity = math.prod(step.value for step in steps) * review_sensitivity
    check_sensitivity("sensitivity", sensitivity)
    if not sensitivity > false_accepts.rate:
        raise ValueError(f"sensitivity must be above f_r ({false_accepts.rate!r}); it is {sensitivity!r}")
    if not cells:
        return None
    phi, tail = max(1.0, dispersion), (1 - confidence) / 2
    random = np.random.default_rng(seed)
    size = MONTE_CARLO_DRAWS
    s = np.full(size, review_sensitivity)
    for step in steps:
        s *= random.beta(step.found + 0.5, step.missed + 0.5, size)
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
    performance: Performance,
    assumptions: Assumptions,
    dispersion: float,
    *,
    dispersion_measured: bool,
) -> Figures | None:
    """Raw fraction, corrected fraction and density of a count; None for no cells.

    Rogan-Gladen where false accepts were measured, else the exact Poisson interval over n s.
    """
    raw = raw_fraction(infected, cells, dispersion=dispersion, confidence=CONFIDENCE)
    if assumptions.false_accepts:
        corrected = rogan_gladen(
            infected,
            cells,
            performance.steps,
            assumptions.false_accepts,
            review_sensitivity=assumptions.review_sensitivity,
            dispersion=dispersion,
            confidence=CONFIDENCE,
        )
    else:
        sensitivity = performance.sensitivity * assumptions.review_sensitivity
        corrected = corrected_fraction(
            infected, cells, sensitivity, dispersion=dispersion, confidence=CONFIDENCE
        )
    if raw is None or corrected is None:
        return None
    density = corrected.times(assumptions.red_cells_per_ul)
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


def sensitivity_lower_limit(steps: Sequence[Recall], *, confidence: float = 0.95) -> float:
    """One-sided lower limit of the steps' product: the product of their Clopper-Pearson limits.

    Exact for one step; for several it is on the safe side. beta.ppf(1 - C, found, missed + 1) each: scipy's
    binomtest searches for the same limit, to twelve digits and in fifteen times the time.
    """
    check_confidence(confidence)
    return math.prod(float(beta.ppf(1 - confidence, step.found, step.missed + 1)) for step in steps)


def _check_counts(infected: int, cells: int, phi: float, confidence: float) -> None:
    check_count("infected", infected)
    check_count("cells", cells)
    check_at_most("infected", infected, "cells", cells)
    check_positive("dispersion", phi)
    check_confidence(confidence)
