"""Runs of several arms put side by side: mean and spread of each arm, and its differences to one of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95


@dataclass(frozen=True)
class RunKey:
    """What two runs of different arms have in common when they are a pair.

    Attributes
    ----------
    seed
        Of the training.
    fold
        From 1; 0 where there is but one split.
    """

    seed: int
    fold: int


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation of a figure over runs.

    Attributes
    ----------
    runs
        In which the figure is defined.
    mean
        NaN of none.
    deviation
        Of a sample (n - 1 below the root); NaN of fewer than two.
    """

    runs: int
    mean: float
    deviation: float


@dataclass(frozen=True)
class Difference:
    """Mean difference of a figure between the runs of two arms that are pairs.

    Attributes
    ----------
    pairs
        In which the figure is defined on both sides.
    mean
        NaN of none.
    low, high
        Of the 95 % interval; NaN of fewer than two pairs.
    """

    pairs: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Ratio:
    """Ratio of the mean of one figure to that of another over the same runs.

    Attributes
    ----------
    runs
        In which both are defined.
    value
        NaN of none, and over a mean of 0.
    low, high
        Of the 95 % interval; NaN of fewer than two runs, and where the interval of the lower mean holds 0.
    """

    runs: int
    value: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Sum up the figures of an arm's runs; NaN is left out."""
    known = [value for value in values if not math.isnan(value)]
    mean = float(np.mean(known)) if known else math.nan
    return Spread(len(known), mean, float(np.std(known, ddof=1)) if len(known) > 1 else math.nan)


def paired_difference(values: Mapping[RunKey, float], reference: Mapping[RunKey, float]) -> Difference:
    """`values - reference` over the runs that both have, with Student's t interval of the mean difference.

    The interval takes the pairs for independent. Those of one fold under several seeds share their images,
    and training parts of different folds overlap: it is then too narrow.
    """
    differences = [
        values[key] - reference[key]
        for key in values
        if key in reference and not math.isnan(values[key] - reference[key])
    ]
    found = spread(differences)
    if found.runs < 2:
        return Difference(found.runs, found.mean, math.nan, math.nan)
    quantile = float(stats.t.ppf(0.5 + CONFIDENCE / 2, found.runs - 1))
    half = quantile * found.deviation / math.sqrt(found.runs)
    return Difference(found.runs, found.mean, found.mean - half, found.mean + half)


def paired_ratio(values: Mapping[RunKey, float], by: Mapping[RunKey, float]) -> Ratio:
    """Mean of `values` by mean of `by` over the runs that both have, with Fieller's interval (1954).

    The interval holds each ratio r for which Student's t finds no difference between `values` and r `by`.
    """
    keys = [key for key in values if key in by and not math.isnan(values[key] + by[key])]
    upper, lower = (np.array([figures[key] for key in keys], np.float64) for figures in (values, by))
    if not keys or lower.mean() == 0:
        return Ratio(len(keys), math.nan, math.nan, math.nan)
    value = float(upper.mean() / lower.mean())
    if len(keys) < 2:
        return Ratio(len(keys), value, math.nan, math.nan)
    (of_upper, of_both), (_, of_lower) = np.cov(upper, lower)
    allowed = float(stats.t.ppf(0.5 + CONFIDENCE / 2, len(keys) - 1)) ** 2 / len(keys)
    # |mean(upper - r lower)| <= t sd(upper - r lower) / sqrt(n), squared: a r^2 - 2 b r + c <= 0.
    a = lower.mean() ** 2 - allowed * of_lower
    b = upper.mean() * lower.mean() - allowed * of_both
    c = upper.mean() ** 2 - allowed * of_upper
    if a <= 0:
        return Ratio(len(keys), value, math.nan, math.nan)
    # The ratio itself is a solution: what is below 0 here is rounding.
    half = math.sqrt(max(b * b - a * c, 0.0))
    return Ratio(len(keys), value, float((b - half) / a), float((b + half) / a))
