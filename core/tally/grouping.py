"""Numbers as a person reads them: thousands grouped by spaces, shares in percent."""

import math

import numpy as np


def grouped(number: float) -> str:
    """Round to a whole number, thousands apart: 61200 is "61 200"; 7.25 keeps one decimal."""
    if abs(number) < 10 and number != round(number):
        return f"{number:.1f}"
    return f"{round(number):,}".replace(",", " ")


def grouped_up(number: float) -> str:
    """As `grouped`, but rounded up: an upper limit must not shrink in print."""
    # A millionth less, so that 75.0000000001 from floating-point arithmetic stays 75.
    return grouped(math.ceil(number * (1 - 1e-9)))


def percent(share: float) -> str:
    """A share in percent with three significant digits and no exponent: 0.00006 is "0.006 %"."""
    return np.format_float_positional(100 * share, precision=3, fractional=False, trim="-") + " %"
