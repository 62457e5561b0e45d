"""Numbers as a person reads them: thousands grouped by spaces, shares in percent.

The decimal mark is the language's. All else is alike in all of them, unlike in Babel's formats: they group
by commas in English, and in French by a narrow space, which the fonts of the printed page lack.
"""

import math
from decimal import Context

from babel.numbers import get_decimal_symbol


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
    return significant(100 * share) + " %"


def significant(number: float) -> str:
    """Three significant digits and no exponent: 933.33 is "933", 2.1666 is "2.17"."""
    text = f"{Context(prec=3).create_decimal_from_float(float(number)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def with_decimal_mark(number: str, language: str) -> str:
    """A number that was written with a point, as a language writes it."""
    return number.replace(".", get_decimal_symbol(language))
