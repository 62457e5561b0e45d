"""Means, spreads and paired intervals, by hand and against SciPy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.study.comparison import RunKey, paired_difference, paired_ratio, spread

figures = st.lists(st.floats(0, 1), min_size=2, max_size=12)


def runs(*values: float) -> dict[RunKey, float]:
    return {RunKey(seed, 0): value for seed, value in enumerate(values)}


def test_mean_and_deviation_by_hand() -> None:
    found = spread([1.0, 2.0, 3.0, math.nan])
    assert (found.runs, found.mean, found.deviation) == (3, 2.0, 1.0)


def test_one_run_has_no_deviation_and_none_has_no_mean() -> None:
    assert spread([0.5]).mean == 0.5
    assert math.isnan(spread([0.5]).deviation)
    assert math.isnan(spread([math.nan]).mean)


def test_a_difference_and_its_interval_by_hand() -> None:
    # Differences 1, 2, 3: mean 2, deviation 1, t(.975, 2) = 4.302653.
    found = paired_difference(runs(2, 4, 6), runs(1, 2, 3))
    assert (found.pairs, found.mean) == (3, 2)
    assert found.low == pytest.approx(2 - 4.302653 / math.sqrt(3), abs=1e-6)
    assert found.high == pytest.approx(2 + 4.302653 / math.sqrt(3), abs=1e-6)


@given(figures, st.integers(0, 2**32 - 1))
def test_the_interval_is_that_of_scipy_s_paired_t_test(values: list[float], seed: int) -> None:
    other = np.random.default_rng(seed).random(len(values)).tolist()
    found = paired_difference(runs(*values), runs(*other))
    expected = stats.ttest_rel(values, other).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_runs_are_paired_by_seed_and_fold_and_those_without_a_partner_are_left_out() -> None:
    values = {RunKey(0, 1): 3.0, RunKey(0, 2): 10.0, RunKey(1, 1): 7.0}
    reference = {RunKey(0, 2): 4.0, RunKey(0, 1): 1.0, RunKey(1, 2): 9.0}
    found = paired_difference(values, reference)
    assert (found.pairs, found.mean) == (2, 4.0)


def test_a_pair_of_which_one_is_undefined_is_left_out() -> None:
    assert paired_difference(runs(1, math.nan, 3), runs(0, 0, 0)).pairs == 2


def test_one_pair_has_a_difference_and_no_interval() -> None:
    found = paired_difference(runs(3), runs(1))
    assert (found.pairs, found.mean) == (1, 2)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_a_ratio_is_that_of_the_means() -> None:
    # (1 + 2 + 6) / (2 + 4 + 6)
    found = paired_ratio(runs(1, 2, 6), runs(2, 4, 6))
    assert (found.runs, found.value) == (3, 0.75)


def test_by_a_figure_that_is_the_same_in_all_runs_the_interval_is_that_of_the_mean_divided_by_it() -> None:
    # Mean 2, deviation 1, t(.975, 2) = 4.302653, all by 4.
    found = paired_ratio(runs(1, 2, 3), runs(4, 4, 4))
    half = 4.302653 / math.sqrt(3) / 4
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.5 - half, 0.5 + half), abs=1e-6)


@given(figures, st.integers(0, 2**32 - 1))
def test_at_the_ends_of_a_ratio_s_interval_the_paired_difference_just_leaves_out_0(
    values: list[float], seed: int
) -> None:
    by = (1 + np.random.default_rng(seed).random(len(values))).tolist()
    found = paired_ratio(runs(*values), runs(*by))
    for end in (found.low, found.high):
        if not math.isnan(end):
            difference = paired_difference(runs(*values), runs(*(end * value for value in by)))
            assert min(abs(difference.low), abs(difference.high)) < 1e-6 * (1 + abs(end))


def test_a_ratio_whose_lower_figure_may_be_0_has_no_interval() -> None:
    found = paired_ratio(runs(1, 2, 3), runs(-1, 1, 1))
    assert found.value == 6
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_one_run_has_a_ratio_and_no_interval_and_none_has_no_ratio() -> None:
    assert paired_ratio(runs(1), runs(2)).value == 0.5
    assert math.isnan(paired_ratio(runs(1), runs(2)).low)
    assert math.isnan(paired_ratio(runs(math.nan), runs(2)).value)
    assert math.isnan(paired_ratio(runs(1), runs(0)).value)
