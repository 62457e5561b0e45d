"""What a list is worth, counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tally import RankCurve
from core.training.list_figures import (
    RankedTruth,
    shown_diluted,
    shown_undiluted,
)


def ranked(parasites: list[float], healthy: list[float], marked: int | None = None) -> RankedTruth:
    values = np.array([*parasites, *healthy], np.float64)
    infected = np.arange(len(values)) < len(parasites)
    return RankedTruth(values, infected, len(parasites) if marked is None else marked)


TEN_HEALTHY = [float(number) for number in range(10)]


def test_a_parasite_counts_from_the_rate_at_which_a_reader_comes_to_it() -> None:
    # Of ten healthy objects 0, 2 and 7 stand above the three located parasites; a fourth was not located.
    figures = ranked([20.0, 7.5, 2.5], TEN_HEALTHY, marked=4)
    assert [figures.found(rate) for rate in (0.0, 0.1, 0.2, 0.6, 0.7, 1.0)] == [1, 1, 2, 2, 3, 3]
    assert figures.share(0.2) == 0.5
    assert figures.area_under_curve() == pytest.approx((10 + 8 + 3) / 30)


def test_the_curve_has_a_point_wherever_a_parasite_is_come_to() -> None:
    figures = ranked([20.0, 7.5, 7.2, 2.5], TEN_HEALTHY, marked=5)
    assert figures.curve() == ([0.0, 0.2, 0.7], [1, 3, 4])


@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=30),
    st.lists(st.integers(-5, 5), min_size=1, max_size=30),
)
def test_the_curve_counts_what_stands_above_the_next_healthy_object(
    healthy: list[int], parasites: list[int]
) -> None:
    figures = ranked([float(one) for one in parasites], [float(one) for one in healthy])
    rates, found = figures.curve()
    curve = RankCurve(tuple(rates), tuple(found), figures.marked)
    falling = sorted(healthy, reverse=True)
    for read in range(len(healthy) + 1):
        unread = falling[read:]
        seen = sum(not unread or score > unread[0] for score in parasites)
        assert curve.at(read / len(healthy))[0] == figures.found(read / len(healthy)) == seen


def test_a_healthy_object_of_the_same_score_stands_above() -> None:
    assert ranked([5.0], [5.0, 1.0]).found(0.0) == 0


def test_more_infected_objects_than_parasites_are_refused() -> None:
    with pytest.raises(ValueError, match="2 infected objects of 1 marked"):
        ranked([1.0, 2.0], [0.0], marked=1)


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=20),
    st.lists(st.floats(0, 1), min_size=1, max_size=20),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_reading_on_never_finds_less(
    parasites: list[float], healthy: list[float], one: float, other: float
) -> None:
    figures = ranked(parasites, healthy)
    low, high = sorted((one, other))
    assert figures.found(low) <= figures.found(high) <= figures.marked


def test_slides_of_few_parasites_are_read_to_the_budget() -> None:
    few = ranked([9.5, 0.5], TEN_HEALTHY, marked=3)
    many = ranked([9.5] * 60, TEN_HEALTHY)
    none = ranked([], TEN_HEALTHY)
    # The first two of the list: the better parasite, then the healthy 9.
    assert shown_undiluted([few, many, none], budget=2, most=50) == (1, 3)


def test_diluted_parasites_above_all_healthy_objects_are_all_in_the_first() -> None:
    fields = [ranked([30.0, 20.0], []), ranked([25.0], [], marked=2)]
    shares = shown_diluted(fields, np.arange(5.0), most=50, objects=100, budgets=(1, 2, 3), seed=0)
    # Four are marked, three located: one, two and three of four.
    assert shares == {1: 0.25, 2: 0.5, 3: 0.75}


def test_diluted_parasites_below_all_healthy_objects_are_in_none_of_the_first() -> None:
    shares = shown_diluted(
        [ranked([-1.0], [])], np.arange(5.0), most=50, objects=100, budgets=(50, 100), seed=0
    )
    assert shares == {50: 0.0, 100: 1.0}
