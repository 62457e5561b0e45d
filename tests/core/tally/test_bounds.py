"""What a count without parasites excludes: the printed figures, scipy as an oracle, and the properties."""

import math
from itertools import pairwise
from unittest.mock import Mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats
from scipy.integrate import quad

from core.tally import (
    Recall,
    cells_for_limit,
    detection_limit_per_ul,
    effective_cells,
    excluded_infected_cells_averaged,
    rate_upper_limit,
    smallest_count_beyond_noise,
    unaided_limit_per_ul,
    zero_count_bound,
)

RED_CELLS = 5_000_000


def excluded_with_certain(sensitivity: float) -> float:
    """Infected cells m of which none is seen in one of twenty counts: exp(-m s) = .05."""
    return -math.log(0.05) / sensitivity


@pytest.mark.parametrize(
    ("sensitivity", "limit_per_ul"), [(1.0, 74.9), (0.95, 78.8), (0.9, 83.2), (0.8, 93.6), (0.5, 149.8)]
)
def test_200_000_clean_cells_exclude_the_published_densities(sensitivity: float, limit_per_ul: float) -> None:
    limit = detection_limit_per_ul(200_000, excluded_with_certain(sensitivity), RED_CELLS)
    assert limit == pytest.approx(limit_per_ul, abs=0.05)


def test_zero_count_bound_agrees_with_the_exact_one_sided_binomial_limit() -> None:
    exact = stats.binomtest(0, 200_000, alternative="less").proportion_ci(0.95, "exact").high
    assert exact == pytest.approx(1.49785e-5, rel=1e-5)
    assert zero_count_bound(200_000, excluded_with_certain(1.0)) == pytest.approx(exact, rel=2e-5)


def test_zero_count_bound_is_none_of_the_wrong_ones() -> None:
    limit = detection_limit_per_ul(200_000, excluded_with_certain(1.0), RED_CELLS)
    two_sided = stats.binomtest(0, 200_000).proportion_ci(0.95, "exact").high * RED_CELLS
    jeffreys = stats.beta.ppf(0.95, 0.5, 200_000.5) * RED_CELLS
    assert limit is not None
    assert two_sided == pytest.approx(92, abs=0.5)
    assert jeffreys == pytest.approx(48.0, abs=0.1)
    assert jeffreys < 67.6 < limit < two_sided


def test_75_per_ul_takes_221_906_cells_at_a_sensitivity_of_nine_tenths() -> None:
    assert cells_for_limit(75, excluded_with_certain(0.9), RED_CELLS) == pytest.approx(221_906, abs=0.5)


@given(st.floats(1, 1000), st.floats(0.01, 1.0))
def test_the_cells_needed_for_a_limit_reach_exactly_that_limit(limit: float, sensitivity: float) -> None:
    excluded = excluded_with_certain(sensitivity)
    cells = cells_for_limit(limit, excluded, RED_CELLS)
    assert detection_limit_per_ul(cells, excluded, RED_CELLS) == pytest.approx(limit, rel=1e-12)


def test_an_empty_count_bounds_nothing_and_a_tiny_one_not_more_than_everything() -> None:
    assert zero_count_bound(0, 3.0) is None
    assert detection_limit_per_ul(0, 3.0, RED_CELLS) is None
    assert zero_count_bound(1, 3.0) == 1.0
    assert detection_limit_per_ul(1, 3.0, RED_CELLS) == RED_CELLS


@pytest.mark.parametrize(("found", "missed"), [(930, 70), (45, 5), (9, 1), (1, 0), (1, 30)])
def test_averaged_bound_leaves_five_percent_under_the_beta_distribution(found: int, missed: int) -> None:
    cells = excluded_infected_cells_averaged([Recall(found, missed)])
    a, b = found + 0.5, missed + 0.5
    chance, _ = quad(lambda u: math.exp(-cells * stats.beta.ppf(u, a, b)), 0, 1, limit=200)
    assert chance == pytest.approx(0.05, rel=1e-5)


def test_averaged_bound_of_two_steps_leaves_five_percent_under_both_beta_distributions() -> None:
    cells = excluded_infected_cells_averaged([Recall(98, 2), Recall(45, 5)])
    middles = (np.arange(2000) + 0.5) / 2000
    detected, called = stats.beta.ppf(middles, 98.5, 2.5), stats.beta.ppf(middles, 45.5, 5.5)
    assert np.exp(-cells * np.outer(detected, called)).mean() == pytest.approx(0.05, rel=1e-4)


def by_quantiles(cells: float, steps: list[Recall]) -> float:
    """E[exp(-cells * s)], each step but the last integrated over its quantiles: slow, and the oracle."""
    first, *rest = steps
    a, b = first.found + 0.5, first.missed + 0.5
    if not rest:
        return float(special.hyp1f1(a, a + b, -cells))
    mean, _ = quad(
        lambda u: by_quantiles(cells * float(special.betaincinv(a, b, u)), rest),
        0,
        1,
        epsabs=0,
        epsrel=1e-9,
        limit=200,
    )
    return float(mean)


@pytest.mark.parametrize(
    "steps",
    [
        [Recall(372, 7), Recall(346, 26)],
        [Recall(1, 0), Recall(1, 0)],
        [Recall(1, 30), Recall(1, 30)],
        [Recall(5000, 0), Recall(4000, 3000)],
        [Recall(2, 3000), Recall(40, 1)],
        [Recall(9, 1), Recall(30, 3), Recall(8, 0)],
    ],
)
def test_averaged_bound_agrees_with_an_integral_over_quantiles(steps: list[Recall]) -> None:
    # Compared by the chance that is left, which falls faster than m grows.
    assert by_quantiles(excluded_infected_cells_averaged(steps), steps) == pytest.approx(0.05, rel=1e-9)


def test_the_same_steps_are_solved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kummer = Mock(wraps=special.hyp1f1)
    monkeypatch.setattr("core.tally.bounds.hyp1f1", kummer)
    excluded = excluded_infected_cells_averaged([Recall(613, 41), Recall(517, 29)])  # of no other test
    times = kummer.call_count
    again = excluded_infected_cells_averaged([Recall(613, 41), Recall(517, 29)], review_sensitivity=0.5)
    assert again == 2 * excluded
    assert kummer.call_count == times > 0


def test_order_of_the_steps_does_not_matter() -> None:
    one, other = Recall(98, 2), Recall(45, 5)
    assert excluded_infected_cells_averaged([one, other]) == pytest.approx(
        excluded_infected_cells_averaged([other, one]), rel=1e-11
    )


@given(st.integers(1, 5000), st.integers(0, 5000))
def test_uncertainty_of_the_sensitivity_never_helps(found: int, missed: int) -> None:
    mean = (found + 0.5) / (found + missed + 1)
    assert excluded_infected_cells_averaged([Recall(found, missed)]) >= excluded_with_certain(mean) * (
        1 - 1e-9
    )


def test_averaged_bound_approaches_the_certain_one_as_validation_grows() -> None:
    gaps = [
        excluded_infected_cells_averaged([Recall(9 * size, size)]) - excluded_with_certain(0.9)
        for size in (1, 10, 100, 10_000)
    ]
    assert all(gap > next_gap for gap, next_gap in pairwise(gaps))
    assert gaps[-1] == pytest.approx(0, abs=1e-3)


def test_an_imperfect_review_divides_into_both_bounds() -> None:
    steps = [Recall(930, 70)]
    assert excluded_infected_cells_averaged(steps, review_sensitivity=0.8) == pytest.approx(
        excluded_infected_cells_averaged(steps) / 0.8
    )


def test_clustering_shrinks_the_cells_and_underdispersion_does_not_add_any() -> None:
    assert effective_cells(200_000, 2.5) == 80_000
    assert effective_cells(200_000, 0.4) == 200_000


def test_cells_without_a_false_call_prove_little() -> None:
    assert rate_upper_limit(0, 13_779) == pytest.approx(2.2e-4, abs=5e-6)
    assert rate_upper_limit(0, 300_000) < 1e-5 < rate_upper_limit(0, 299_000)
    exact = stats.binomtest(8, 2_000_000, alternative="less").proportion_ci(0.95, "exact").high
    assert rate_upper_limit(8, 2_000_000) == pytest.approx(exact, rel=1e-5)


@pytest.mark.parametrize(
    ("false_calls_per_cell", "limit_per_ul"),
    [(1e-2, 4002), (1e-3, 1323), (1e-4, 484), (1e-5, 224), (0.0, 79)],
)
def test_false_calls_decide_what_a_machine_alone_can_detect(
    false_calls_per_cell: float, limit_per_ul: float
) -> None:
    limit = unaided_limit_per_ul(200_000, 0.95, false_calls_per_cell, RED_CELLS)
    assert limit == pytest.approx(limit_per_ul, abs=0.5)


def test_slides_that_differ_push_the_machines_limit_from_484_to_1773() -> None:
    assert unaided_limit_per_ul(200_000, 0.95, 1e-4, RED_CELLS, variation=1.0) == pytest.approx(1773, abs=0.5)


def test_machines_limit_is_called_positive_in_95_of_100_simulated_slides() -> None:
    random = np.random.default_rng(1)
    for variation, false_calls in ((0.0, 1e-5), (1.0, 1e-4)):
        limit = unaided_limit_per_ul(200_000, 0.95, false_calls, RED_CELLS, variation=variation)
        assert limit is not None
        mean = 200_000 * false_calls
        needed = smallest_count_beyond_noise(mean, variation=variation)
        rate = random.gamma(variation**-2, mean * variation**2, 400_000) if variation else mean
        found = random.poisson(limit / RED_CELLS * 200_000 * (0.95 - false_calls), 400_000)
        calls = random.poisson(rate, 400_000) + found
        assert np.mean(calls >= needed) == pytest.approx(0.95, abs=0.002)


def test_a_little_variation_is_almost_none() -> None:
    assert unaided_limit_per_ul(200_000, 0.95, 1e-4, RED_CELLS, variation=0.01) == pytest.approx(
        unaided_limit_per_ul(200_000, 0.95, 1e-4, RED_CELLS), rel=0.01
    )


def test_machines_limit_is_unknown_without_cells_and_where_even_a_full_infection_is_missed() -> None:
    assert unaided_limit_per_ul(0, 0.95, 1e-4, RED_CELLS) is None
    assert unaided_limit_per_ul(2, 0.95, 1e-4, RED_CELLS) is None


@given(st.floats(0, 1000))
def test_smallest_count_beyond_noise_is_the_first_that_noise_rarely_reaches(expected: float) -> None:
    needed = smallest_count_beyond_noise(expected)
    assert needed >= 1
    assert stats.poisson.sf(needed - 1, expected) <= 0.05
    assert needed == 1 or stats.poisson.sf(needed - 2, expected) > 0.05


def test_one_parasite_is_enough_where_no_false_accept_is_expected() -> None:
    assert smallest_count_beyond_noise(0) == 1
    assert smallest_count_beyond_noise(0.8) == 3  # P(N >= 2) = .19, P(N >= 3) = .047


@pytest.mark.parametrize("sensitivity", [0.0, -0.1, 1.0001, math.nan, math.inf])
def test_a_sensitivity_outside_its_range_is_named(sensitivity: float) -> None:
    with pytest.raises(ValueError, match=rf"review_sensitivity must lie in \(0, 1\]; it is {sensitivity!r}"):
        excluded_infected_cells_averaged([Recall(9, 1)], review_sensitivity=sensitivity)
    with pytest.raises(ValueError, match="sensitivity"):
        unaided_limit_per_ul(100, sensitivity, 0.0, RED_CELLS)


@pytest.mark.parametrize("cells", [-1, math.nan, math.inf])
def test_an_impossible_number_of_cells_is_named(cells: float) -> None:
    with pytest.raises(ValueError, match=f"cells must be .* it is {cells!r}"):
        zero_count_bound(cells, 3.0)


def test_other_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"confidence must lie .* it is 95"):
        excluded_infected_cells_averaged([Recall(9, 1)], confidence=95)
    with pytest.raises(ValueError, match="steps"):
        excluded_infected_cells_averaged([])
    with pytest.raises(
        ValueError, match=r"false_calls_per_cell must be below sensitivity \(0.3\); it is 0.4"
    ):
        unaided_limit_per_ul(100, 0.3, 0.4, RED_CELLS)
    with pytest.raises(ValueError, match=r"limit_per_ul must be .* it is 0"):
        cells_for_limit(0, 3.0, RED_CELLS)
    with pytest.raises(ValueError, match=r"red_cells_per_ul must be .* it is -5"):
        detection_limit_per_ul(100, 3.0, -5)
    with pytest.raises(ValueError, match=r"dispersion must be .* it is nan"):
        effective_cells(100, math.nan)
    with pytest.raises(ValueError, match=r"found must be .* it is 0"):
        Recall(0, 10)
