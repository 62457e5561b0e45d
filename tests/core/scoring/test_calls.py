"""Scores measured against the bulk of their own slide."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.scoring.calls import CELLS_FOR_A_SPREAD, Bulk, bulk, excess, log_odds, score_at

bulks = st.builds(Bulk, centre=st.floats(-8, 2), spread=st.floats(0.2, 3))


def logistic(odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-odds))


def test_log_odds_by_hand() -> None:
    odds = log_odds(np.array([0.5, 0.75, 0.1]))
    assert odds.tolist() == pytest.approx([0, math.log(3), -math.log(9)])


def test_log_odds_stay_finite_and_symmetric_at_the_ends() -> None:
    low, high = log_odds(np.array([0.0, 1.0], np.float32))
    assert low == pytest.approx(math.log(1e-6), rel=1e-6)
    assert high == pytest.approx(-low)


@given(bulks, st.floats(-3, 6))
def test_the_score_at_an_excess_has_that_excess(of: Bulk, value: float) -> None:
    score = score_at(value, of)
    if 1e-5 < score < 1 - 1e-5:
        assert excess(np.array([score]), of)[0] == pytest.approx(value, abs=1e-6)


@given(bulks, st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_a_higher_score_never_has_a_lower_excess(of: Bulk, scores: list[float]) -> None:
    rising = excess(np.array(sorted(scores)), of)
    assert (np.diff(rising) >= 0).all()


@given(bulks, st.floats(-5, 15), st.floats(0, 5))
def test_a_score_further_above_the_bulk_is_never_lower(of: Bulk, value: float, more: float) -> None:
    assert 0 <= score_at(value, of) <= score_at(value + more, of) <= 1


def test_the_bulk_of_a_bell_of_log_odds_is_its_centre_and_deviation() -> None:
    # The 16th percentile of a bell lies 0.994 standard deviations below the middle.
    bell = NormalDist(-4, 0.7)
    odds = np.array([bell.inv_cdf((i + 0.5) / 2000) for i in range(2000)])
    of = bulk(logistic(odds), typical_spread=0.6)
    assert of.centre == pytest.approx(-4, abs=0.01)
    assert of.spread == pytest.approx(0.994 * 0.7, rel=0.005)


def test_a_slide_with_infected_cells_keeps_its_bulk() -> None:
    healthy = logistic(np.linspace(-6, -2, 1000))
    infected = np.full(50, 0.97)
    alone, mixed = (
        bulk(scores, typical_spread=0.1) for scores in (healthy, np.concatenate([healthy, infected]))
    )
    assert mixed.centre == pytest.approx(alone.centre, abs=0.15)
    assert mixed.spread == pytest.approx(alone.spread, abs=0.1)


def test_few_cells_borrow_the_typical_spread() -> None:
    scores = logistic(np.linspace(-6, -2, CELLS_FOR_A_SPREAD - 1))
    of = bulk(scores, typical_spread=0.4)
    assert (of.centre, of.spread) == pytest.approx((-4, 0.4))
    one_more = logistic(np.linspace(-6, -2, CELLS_FOR_A_SPREAD))
    assert bulk(one_more, typical_spread=0.4).spread == pytest.approx(4 * 0.34, rel=0.01)


def test_very_even_cells_have_half_the_typical_spread() -> None:
    of = bulk(np.full(5000, 0.01), typical_spread=0.8)
    assert (of.centre, of.spread) == pytest.approx((-math.log(99), 0.4))


def test_no_scores_have_no_bulk() -> None:
    with pytest.raises(ValueError, match="no score"):
        bulk(np.empty(0, np.float32), typical_spread=0.5)


def test_a_shift_of_all_log_odds_changes_no_excess() -> None:
    odds = np.random.default_rng(3).normal(-4, 0.8, 500)
    here, there = logistic(odds), logistic(odds + 1.7)
    np.testing.assert_allclose(excess(here, bulk(here, 0.5)), excess(there, bulk(there, 0.5)), atol=1e-6)
