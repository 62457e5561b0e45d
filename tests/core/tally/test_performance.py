"""What validation says: a curve by hand, and what is none."""

import re
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tally import Performance, RankCurve, Recall
from tests.core.tally.evidence import PERFORMANCE

CURVE = RankCurve(rates=(0.001, 0.01, 0.1), found=(40, 80, 95), parasites=100)


@pytest.mark.parametrize(
    ("rate", "found", "missed"),
    [
        (0.0, 0, 100),
        (0.00099, 0, 100),
        (0.001, 40, 60),
        (0.00999, 40, 60),
        (0.01, 80, 20),
        (0.1, 95, 5),
        (1.0, 95, 5),
    ],
)
def test_between_two_rates_the_lower_one_holds_and_below_the_first_nothing_is_found(
    rate: float, found: int, missed: int
) -> None:
    assert CURVE.at(rate) == (found, missed)


def test_reading_on_is_worth_what_the_rank_is_of_all_that_is_looked_at() -> None:
    performance = replace(PERFORMANCE, curve=CURVE)
    assert performance.recall(100, 100_000) == Recall(40, 60)
    assert performance.recall(100, 100_001) == Recall(0, 100)
    assert performance.recall(1000, 100_000) == Recall(80, 20)
    # All of an empty list is read.
    assert performance.recall(0, 0) == Recall(95, 5)


@given(st.floats(0, 1), st.floats(0, 1))
def test_reading_on_never_finds_less(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert CURVE.at(low)[0] <= CURVE.at(high)[0]
    assert sum(CURVE.at(low)) == 100


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rates": (), "found": ()}, "equally long and not empty; they have 0 and 0 values"),
        ({"rates": (0.1, 0.2)}, "equally long and not empty; they have 2 and 3 values"),
        ({"rates": (0.1, 0.1, 0.2)}, "rates must rise; 0.1 follows 0.1"),
        ({"rates": (0.1, 0.2, 1.5)}, "rates must lie in [0, 1]; it is 1.5"),
        ({"found": (40, 39, 95)}, "found must be at most the next of found (39); it is 40"),
        ({"found": (40, 80, 101)}, "found must be at most parasites (100); it is 101"),
        ({"found": (-1, 80, 95)}, "found must be a whole number, 0 or more; it is -1"),
        ({"parasites": 0}, "parasites must be a finite number above 0; it is 0"),
    ],
)
def test_a_curve_that_is_none_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        RankCurve(**{**asdict(CURVE), **change})


def test_a_dispersion_out_of_its_range_is_named() -> None:
    with pytest.raises(ValueError, match="dispersion must be a finite number above 0; it is 0"):
        Performance("m", "v", CURVE, dispersion=0)
