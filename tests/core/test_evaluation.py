"""Figures of merit on counts worked out by hand, and against scipy and scikit-style oracles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, mannwhitneyu

from core.evaluation import (
    Share,
    area_under_curve,
    centre_gains,
    intersection_over_union,
    matched,
    sensitivity_at,
    threshold_at,
)

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


def test_overlap_of_boxes_by_hand() -> None:
    box = np.array([[0, 0, 10, 10]], np.float32)
    others = np.array([[0, 0, 10, 10], [5, 0, 10, 10], [20, 20, 5, 5]], np.float32)
    # Half shared: 50 of 150.
    assert intersection_over_union(box, others)[0].tolist() == pytest.approx([1.0, 1 / 3, 0.0])


def test_one_detection_never_stands_for_two_cells() -> None:
    gains = np.array([[0.9], [0.8]])
    assert matched(gains, 0.5).tolist() == [True, False]


def test_the_larger_overlap_is_paired_first() -> None:
    gains = np.array([[0.6, 0.9], [0.0, 0.7]])
    # The first cell takes the second detection; the second cell is left without.
    assert matched(gains, 0.5).tolist() == [True, False]


def test_nothing_is_matched_below_the_least_gain_or_without_detections() -> None:
    assert matched(np.array([[0.49]]), 0.5).tolist() == [False]
    assert matched(np.empty((2, 0)), 0.5).tolist() == [False, False]


def test_a_centre_lies_in_a_box_when_inside_its_inscribed_ellipse() -> None:
    box = np.array([[0, 0, 20, 10]], np.float32)
    centres = np.array([[10, 5], [20, 5], [15, 5], [19, 9]], np.float32)
    gains = centre_gains(centres, box)[:, 0]
    assert gains[:3].tolist() == pytest.approx([1.0, 0.0, 0.5])
    assert gains[3] < 0
