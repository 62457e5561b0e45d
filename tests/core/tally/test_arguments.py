"""Checks of single numbers: what passes and what is named."""

import math
from collections.abc import Callable

import pytest

from core.tally.arguments import (
    check_at_most,
    check_confidence,
    check_count,
    check_not_negative,
    check_positive,
    check_sensitivity,
    check_share,
)

Check = Callable[[str, float], None]


def confidence(_: str, value: float) -> None:
    check_confidence(value)


def at_most_10(name: str, value: float) -> None:
    check_at_most(name, value, "cells", 10)


@pytest.mark.parametrize(
    ("check", "passes", "refused"),
    [
        (check_count, [0, 1, 7.0, 10**12], [-1, 0.5, math.nan, math.inf]),
        (at_most_10, [-3, 0, 10], [10.001, math.inf, math.nan]),
        (check_not_negative, [0, 0.5, 1e300], [-1e-9, math.nan, math.inf]),
        (check_positive, [1e-300, 0.5, 3], [0, -1, math.nan, math.inf]),
        (check_sensitivity, [1e-9, 0.5, 1], [0, 1.0001, -0.1, math.nan]),
        (check_share, [0, 0.5, 1], [-1e-9, 1.0001, math.nan]),
        (confidence, [1e-9, 0.95], [0, 1, 95, math.nan]),
    ],
)
def test_a_number_passes_or_is_named_with_its_value(
    check: Check, passes: list[float], refused: list[float]
) -> None:
    for value in passes:
        check("confidence", value)
    for value in refused:
        with pytest.raises(ValueError, match=rf"^confidence must .* it is {value!r}$"):
            check("confidence", value)


def test_a_limit_is_named_with_what_it_is_the_limit_of() -> None:
    with pytest.raises(ValueError, match=r"^candidates must be at most cells \(10\); it is 11$"):
        at_most_10("candidates", 11)
