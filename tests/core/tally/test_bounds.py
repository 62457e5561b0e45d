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
    cells = excluded_infected_cells_averaged(Recall(found, missed))
    a, b = found + 0.5, missed + 0.5
    chance, _ = quad(lambda u: math.exp(-cells * stats.beta.ppf(u, a, b)), 0, 1, limit=200)
    assert chance == pytest.approx(0.05, rel=1e-5)


@pytest.mark.parametrize("recall", [Recall(372, 7), Recall(0, 379), Recall(5000, 0), Recall(2, 3000)])
def test_averaged_bound_leaves_five_percent_of_a_hundred_thousand_equally_likely_sensitivities(
    recall: Recall,
) -> None:
    middles = (np.arange(100_000) + 0.5) / 100_000
    sensitivity = special.betaincinv(recall.found + 0.5, recall.missed + 0.5, middles)
    cells = excluded_infected_cells_averaged(recall)
    assert np.exp(-cells * sensitivity).mean() == pytest.approx(0.05, rel=1e-3)


def test_where_validation_found_nothing_hardly_anything_is_excluded() -> None:
    # E[exp(-m s)] is about (b / m) ** .5 there, so that m is 400 times the parasites.
    assert excluded_infected_cells_averaged(Recall(0, 1000)) == pytest.approx(400 * 1000, rel=0.01)


def test_the_same_counts_are_solved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kummer = Mock(wraps=special.hyp1f1)
    monkeypatch.setattr("core.tally.bounds.hyp1f1", kummer)
    excluded = excluded_infected_cells_averaged(Recall(613, 41))  # of no other test
    times = kummer.call_count
    again = excluded_infected_cells_averaged(Recall(613, 41), review_sensitivity=0.5)
    assert again == 2 * excluded
    assert kummer.call_count == times > 0


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_uncertainty_of_the_sensitivity_never_helps(found: int, missed: int) -> None:
    mean = (found + 0.5) / (found + missed + 1)
    assert excluded_infected_cells_averaged(Recall(found, missed)) >= excluded_with_certain(mean) * (1 - 1e-9)


def test_averaged_bound_approaches_the_certain_one_as_validation_grows() -> None:
    gaps = [
        excluded_infected_cells_averaged(Recall(9 * size, size)) - excluded_with_certain(0.9)
        for size in (1, 10, 100, 10_000)
    ]
    assert all(gap > next_gap for gap, next_gap in pairwise(gaps))
    assert gaps[-1] == pytest.approx(0, abs=1e-3)


def test_an_imperfect_review_divides_into_both_bounds() -> None:
    recall = Recall(930, 70)
    assert excluded_infected_cells_averaged(recall, review_sensitivity=0.8) == pytest.approx(
        excluded_infected_cells_averaged(recall) / 0.8
    )


def test_clustering_shrinks_the_cells_and_underdispersion_does_not_add_any() -> None:
    assert effective_cells(200_000, 2.5) == 80_000
    assert effective_cells(200_000, 0.4) == 200_000


def test_cells_without_a_false_accept_prove_little() -> None:
    assert rate_upper_limit(0, 13_779) == pytest.approx(2.2e-4, abs=5e-6)
    assert rate_upper_limit(0, 300_000) < 1e-5 < rate_upper_limit(0, 299_000)
    exact = stats.binomtest(8, 2_000_000, alternative="less").proportion_ci(0.95, "exact").high
    assert rate_upper_limit(8, 2_000_000) == pytest.approx(exact, rel=1e-5)


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
        excluded_infected_cells_averaged(Recall(9, 1), review_sensitivity=sensitivity)


@pytest.mark.parametrize("cells", [-1, math.nan, math.inf])
def test_an_impossible_number_of_cells_is_named(cells: float) -> None:
    with pytest.raises(ValueError, match=f"cells must be .* it is {cells!r}"):
        zero_count_bound(cells, 3.0)


def test_other_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"confidence must lie .* it is 95"):
        excluded_infected_cells_averaged(Recall(9, 1), confidence=95)
    with pytest.raises(ValueError, match=r"limit_per_ul must be .* it is 0"):
        cells_for_limit(0, 3.0, RED_CELLS)
    with pytest.raises(ValueError, match=r"red_cells_per_ul must be .* it is -5"):
        detection_limit_per_ul(100, 3.0, -5)
    with pytest.raises(ValueError, match=r"dispersion must be .* it is nan"):
        effective_cells(100, math.nan)
    with pytest.raises(ValueError, match=r"found \+ missed must be .* it is 0"):
        Recall(0, 0)
