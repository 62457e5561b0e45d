"""Figures of merit on counts worked out by hand, and against scipy and scikit-style oracles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, mannwhitneyu

from core.training.figures import Share, area_under_curve, sensitivity_at, threshold_at

TRUTH = np.array([True, True, False, False, False])


def test_area_under_curve_counts_the_pairs_that_are_in_order() -> None:
    # Pairs (infected, healthy): .9 beats all three; .4 beats .1 and .3 but not .5: 5 of 6.
    assert area_under_curve(TRUTH, np.array([0.9, 0.4, 0.5, 0.1, 0.3])) == pytest.approx(5 / 6)


def test_a_tie_counts_half() -> None:
    assert area_under_curve(np.array([True, False]), np.array([0.5, 0.5])) == 0.5


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=2, max_size=40))
def test_area_under_curve_is_the_mann_whitney_statistic(cells: list[tuple[bool, int]]) -> None:
    truth = np.array([infected for infected, _ in cells])
    score = np.array([value for _, value in cells], float)
    if truth.all() or not truth.any():
        with pytest.raises(ValueError, match="both infected and healthy"):
            area_under_curve(truth, score)
        return
    statistic = mannwhitneyu(score[truth], score[~truth]).statistic
    assert area_under_curve(truth, score) == pytest.approx(statistic / truth.sum() / (~truth).sum())


def test_sensitivity_at_a_rate_calls_no_more_healthy_cells_than_allowed() -> None:
    truth = np.array([True] * 4 + [False] * 10)
    score = np.array([0.95, 0.85, 0.5, 0.05, *np.arange(10) / 10])
    # One false call in ten allowed: the threshold is the second-best healthy score, .8.
    assert threshold_at(truth, score, 0.1) == 0.8
    assert sensitivity_at(truth, score, 0.1) == 0.5
    # None allowed: above .9 there is one infected cell of four.
    assert sensitivity_at(truth, score, 0.05) == 0.25
    assert sensitivity_at(truth, score, 1.0) == 1.0


@given(st.integers(1, 50), st.integers(1, 50))
def test_the_interval_of_a_share_is_clopper_and_pearson(count: int, more: int) -> None:
    expected = (beta.ppf(0.025, count, more + 1), beta.ppf(0.975, count + 1, more))
    assert Share(count, count + more).interval == pytest.approx(expected, abs=1e-9)


def test_a_share_of_all_reaches_one_and_of_nothing_is_not_a_number() -> None:
    # Of 7 of 7 the lower limit p has p ** 7 = 0.025.
    assert Share(7, 7).interval == pytest.approx((0.025 ** (1 / 7), 1.0))
    assert Share(0, 7).interval == pytest.approx((0.0, 1 - 0.025 ** (1 / 7)))
    assert np.isnan(Share(0, 0).value)
    assert Share(0, 0).interval == (0.0, 1.0)
