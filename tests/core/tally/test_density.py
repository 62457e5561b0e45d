"""Fraction and density of a slide with parasites: hand-worked figures, scipy as an oracle, coverage."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.tally import (
    Assumptions,
    FalseAccepts,
    FieldReading,
    Recall,
    corrected_fraction,
    density,
    density_figures,
    dispersion,
    dispersion_of_few,
    infected_limits,
    raw_fraction,
    rogan_gladen,
    sensitivity_lower_limit,
    whole_field_figures,
)
from core.tally.density import PARASITES_FOR_A_DENSITY

FOUND_930 = Recall(930, 70)
CERTAIN = Recall(10**9, 0)
"""A sensitivity of 1 that is as good as known."""


@pytest.mark.parametrize(("infected", "cells"), [(0, 50), (1, 50), (12, 200_000), (50, 50), (7, 13)])
def test_raw_fraction_has_the_exact_binomial_interval(infected: int, cells: int) -> None:
    exact = stats.binomtest(infected, cells).proportion_ci(0.95, "exact")
    estimate = raw_fraction(infected, cells)
    assert estimate is not None
    assert estimate.value == infected / cells
    assert (estimate.low, estimate.high) == pytest.approx((exact.low, exact.high), rel=1e-9)


@pytest.mark.parametrize(("seen", "low", "high"), [(0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.390)])
def test_limits_at_a_certain_sensitivity_are_those_of_the_tables(seen: int, low: float, high: float) -> None:
    assert infected_limits(seen, CERTAIN) == pytest.approx((low, high), abs=5e-4)


@given(st.integers(1, 10_000))
def test_limits_leave_two_and_a_half_percent_in_each_tail(seen: int) -> None:
    low, high = infected_limits(seen, CERTAIN)
    assert stats.poisson.sf(seen - 1, low) == pytest.approx(0.025, rel=1e-4)
    assert stats.poisson.cdf(seen, high) == pytest.approx(0.025, rel=1e-4)


@pytest.mark.parametrize(("seen", "recall"), [(4, Recall(9, 1)), (40, Recall(42, 337)), (3, Recall(1, 30))])
def test_limits_leave_two_and_a_half_percent_averaged_over_what_the_sensitivity_may_be(
    seen: int, recall: Recall
) -> None:
    low, high = infected_limits(seen, recall)
    middles = (np.arange(100_000) + 0.5) / 100_000
    sensitivity = stats.beta.ppf(middles, recall.found + 0.5, recall.missed + 0.5)
    assert stats.poisson.sf(seen - 1, low * sensitivity).mean() == pytest.approx(0.025, rel=1e-3)
    assert stats.poisson.cdf(seen, high * sensitivity).mean() == pytest.approx(0.025, rel=1e-3)


@pytest.mark.parametrize("seen", [2, 20, 200])
def test_an_uncertain_sensitivity_widens_the_limits(seen: int) -> None:
    # Beta(a, b) and Beta(3 a, 3 b): the same mean.
    (low, high), (lower, higher) = (
        infected_limits(seen, Recall(*counts)) for counts in ((127, 67), (42, 22))
    )
    assert lower < low < high < higher


def test_limits_of_a_tiny_part_of_a_parasite_stay_finite() -> None:
    low, high = infected_limits(1, FOUND_930, dispersion=5000.0)
    assert low == 0.0
    assert 1 < high < 1e6


def test_corrected_fraction_divides_count_and_limits_by_what_would_have_been_found() -> None:
    estimate = corrected_fraction(10, 100_000, Recall(8_000_000, 2_000_000))
    assert estimate is not None
    assert estimate.value == pytest.approx(10 / 80_000)
    assert (estimate.low, estimate.high) == pytest.approx((4.7954 / 80_000, 18.3904 / 80_000), rel=1e-4)
    reviewed = corrected_fraction(10, 100_000, Recall(8_000_000, 2_000_000), review_sensitivity=0.5)
    assert reviewed is not None
    assert (reviewed.value, reviewed.low, reviewed.high) == pytest.approx(
        (2 * estimate.value, 2 * estimate.low, 2 * estimate.high)
    )


def test_a_fraction_never_exceeds_everything() -> None:
    estimate = corrected_fraction(9, 10, Recall(50, 50))
    assert estimate is not None
    assert (estimate.value, estimate.high) == (1.0, 1.0)


def test_where_validation_found_nothing_there_is_no_corrected_fraction() -> None:
    assert corrected_fraction(3, 1000, Recall(0, 379)) is None
    assert rogan_gladen(3, 1000, Recall(0, 379), FalseAccepts(0, 10)) is None


def test_an_empty_count_has_no_fraction_rather_than_zero() -> None:
    assert raw_fraction(0, 0) is None
    assert corrected_fraction(0, 0, FOUND_930) is None
    assert rogan_gladen(0, 0, FOUND_930, FalseAccepts(8, 2_000_000)) is None


@given(st.integers(1, 200), st.floats(1.01, 20))
def test_clustering_widens_every_interval_and_moves_no_value(infected: int, phi: float) -> None:
    for function in (raw_fraction, lambda x, n, **kw: corrected_fraction(x, n, FOUND_930, **kw)):
        plain, widened = function(infected, 100_000), function(infected, 100_000, dispersion=phi)
        assert plain is not None
        assert widened is not None
        assert widened.value == plain.value
        assert widened.low < plain.low < plain.value < plain.high < widened.high


def test_underdispersion_does_not_narrow_an_interval() -> None:
    assert raw_fraction(5, 1000, dispersion=0.3) == raw_fraction(5, 1000)
    assert infected_limits(5, FOUND_930, dispersion=0.3) == infected_limits(5, FOUND_930)


def test_rogan_gladen_gives_the_worked_example() -> None:
    estimate = rogan_gladen(12, 200_000, FOUND_930, FalseAccepts(8, 2_000_000))
    assert estimate is not None
    per_ul = estimate.times(5e6)
    assert per_ul.value == pytest.approx(301, abs=0.5)
    assert per_ul.low == pytest.approx(153, abs=1.5)
    assert per_ul.high == pytest.approx(525, abs=1.5)


def test_rogan_gladen_repeats_itself_and_depends_on_the_seed_only_a_little() -> None:
    arguments = (12, 200_000, FOUND_930, FalseAccepts(8, 2_000_000))
    first, other = rogan_gladen(*arguments), rogan_gladen(*arguments, seed=7)
    assert first == rogan_gladen(*arguments)
    assert first is not None
    assert other is not None
    assert first != other
    assert (first.low, first.high) == pytest.approx((other.low, other.high), rel=0.01)


def test_accepts_that_are_no_more_than_the_false_ones_make_a_fraction_of_zero() -> None:
    estimate = rogan_gladen(6, 200_000, FOUND_930, FalseAccepts(80, 2_000_000))
    assert estimate is not None
    assert estimate.value == 0.0
    assert estimate.low == 0.0
    assert estimate.high > 0.0


def test_rogan_gladen_without_false_accepts_and_with_a_certain_sensitivity_is_the_corrected_fraction() -> (
    None
):
    certain = rogan_gladen(100, 200_000, Recall(9_000_000, 1_000_000), FalseAccepts(0, 10**12))
    plain = corrected_fraction(100, 200_000, Recall(9_000_000, 1_000_000))
    assert certain is not None
    assert plain is not None
    assert certain.value == pytest.approx(plain.value)
    assert (certain.low, certain.high) == pytest.approx((plain.low, plain.high), rel=0.02)


def test_rogan_gladen_intervals_cover_the_truth_about_95_times_in_100(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(density, "MONTE_CARLO_DRAWS", 4_000)
    random = np.random.default_rng(3)
    truth, sensitivity, false_accepts, cells = 60e-6, 0.9, 5e-6, 200_000
    covered = 0
    for trial in range(400):
        seen = random.poisson(cells * (false_accepts + truth * (sensitivity - false_accepts)))
        found = random.binomial(500, sensitivity)
        let_through = random.poisson(2_000_000 * false_accepts)
        estimate = rogan_gladen(
            seen, cells, Recall(found, 500 - found), FalseAccepts(let_through, 2_000_000), seed=trial
        )
        assert estimate is not None
        covered += estimate.low <= truth <= estimate.high
    assert 0.92 <= covered / 400 <= 0.98


def test_accepts_that_are_as_often_false_as_true_make_no_fraction() -> None:
    assert rogan_gladen(1, 10, Recall(4, 6), FalseAccepts(4, 10)) is None


def test_rogan_gladen_stays_finite_and_ordered_where_the_review_is_hardly_better_than_its_noise() -> None:
    estimate = rogan_gladen(3, 10, Recall(1, 9), FalseAccepts(9, 100))
    assert estimate is not None
    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_dispersion_is_pearsons_as_worked_by_hand() -> None:
    # p = 8 / 400, 2 expected in each of four fields: (4 + 0 + 0 + 4) / 2 / 3
    fields = [FieldReading(100, x) for x in (4, 2, 2, 0)]
    assert dispersion(fields) == pytest.approx(8 / 2 / 3)


def test_dispersion_weighs_fields_by_their_cells_and_leaves_empty_ones_out() -> None:
    # p = 6 / 300: 2 and 4 expected, 1 and 5 seen: 1/2 + 1/4
    fields = [FieldReading(100, 1), FieldReading(200, 5), FieldReading(0, 0)]
    assert dispersion(fields) == pytest.approx(0.75)


def test_dispersion_of_parasites_lying_at_random_is_about_one_and_of_clusters_more() -> None:
    random = np.random.default_rng(5)
    at_random = [FieldReading(400, int(x)) for x in random.poisson(2, 2000)]
    clustered = [FieldReading(400, int(x)) for x in random.poisson(random.gamma(1, 2, 2000))]
    assert dispersion(at_random) == pytest.approx(1.0, abs=0.1)
    assert dispersion(clustered) == pytest.approx(3.0, abs=0.4)


@pytest.mark.parametrize("fields", [[], [FieldReading(100, 3)], [FieldReading(100, 0)] * 20])
def test_dispersion_is_unknown_from_one_field_or_without_parasites(fields: list[FieldReading]) -> None:
    assert dispersion(fields) is None


def test_a_density_within_25_percent_takes_62_parasites() -> None:
    assert math.ceil((stats.norm.ppf(0.975) / 0.25) ** 2) == PARASITES_FOR_A_DENSITY == 62


def test_lower_limit_of_sensitivity_is_clopper_pearsons() -> None:
    exact = stats.binomtest(930, 1000, alternative="greater").proportion_ci(0.95, "exact").low
    assert sensitivity_lower_limit(FOUND_930) == pytest.approx(exact)
    assert sensitivity_lower_limit(Recall(10, 0)) == pytest.approx(0.05 ** (1 / 10))
    assert sensitivity_lower_limit(Recall(0, 379)) == 0.0


def test_density_is_the_corrected_fraction_times_the_red_cells() -> None:
    assumptions = Assumptions(red_cells_per_ul=4_000_000, red_cells_measured=True, review_sensitivity=0.9)
    figures = density_figures(20, 100_000, Recall(98, 2), assumptions, 1.0, dispersion_measured=False)
    assert figures is not None
    assert figures.corrected_fraction is not None
    assert figures.density_per_ul is not None
    assert figures.raw_fraction.value == pytest.approx(2e-4)
    assert figures.corrected_fraction.value == pytest.approx(2e-4 / (0.98 * 0.9))
    assert figures.density_per_ul.value == pytest.approx(800 / (0.98 * 0.9))
    low, high = infected_limits(20, Recall(98, 2))
    assert figures.density_per_ul.low == pytest.approx(low * 40 / 0.9)
    assert figures.density_per_ul.high == pytest.approx(high * 40 / 0.9)


def test_density_takes_false_accepts_out_where_they_were_measured() -> None:
    measured = Assumptions(false_accepts=FalseAccepts(10, 100_000))
    without, with_accepts = (
        density_figures(20, 100_000, FOUND_930, assumptions, 1.0, dispersion_measured=False)
        for assumptions in (Assumptions(), measured)
    )
    assert without is not None
    assert without.density_per_ul is not None
    assert with_accepts is not None
    assert with_accepts.density_per_ul is not None
    assert with_accepts.raw_fraction == without.raw_fraction
    assert with_accepts.density_per_ul.value == pytest.approx(without.density_per_ul.value / 2, rel=0.01)


def test_without_a_sensitivity_there_is_the_raw_fraction_alone() -> None:
    figures = density_figures(20, 100_000, None, Assumptions(), 1.0, dispersion_measured=False)
    assert figures is not None
    assert figures.raw_fraction == raw_fraction(20, 100_000)
    assert (figures.corrected_fraction, figures.density_per_ul) == (None, None)


@pytest.mark.parametrize("bad", [-1, 0.5, math.nan, math.inf])
def test_impossible_counts_are_named(bad: int) -> None:
    with pytest.raises(ValueError, match=f"infected must be a whole number.* it is {bad!r}"):
        raw_fraction(bad, 100)
    with pytest.raises(ValueError, match=f"cells must be a whole number.* it is {bad!r}"):
        corrected_fraction(0, bad, FOUND_930)


def test_other_bad_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"infected must be at most cells \(10\); it is 11"):
        raw_fraction(11, 10)
    with pytest.raises(ValueError, match=r"review_sensitivity must lie .* it is 0"):
        corrected_fraction(1, 10, FOUND_930, review_sensitivity=0)
    with pytest.raises(ValueError, match=r"healthy_cells must be .* it is 0"):
        FalseAccepts(0, 0)


def test_a_dispersion_told_by_few_fields_is_widened_as_students_t_is() -> None:
    fields = [FieldReading(100, x) for x in (4, 2, 2, 0)]
    # The 97.5 % quantile of t with 3 degrees of freedom is 3.182, the normal one 1.960.
    assert dispersion_of_few(fields) == pytest.approx(8 / 2 / 3 * (3.1824 / 1.95996) ** 2, rel=1e-4)
    many = [FieldReading(100, x) for x in (4, 2, 2, 0)] * 250
    assert dispersion_of_few(many) == pytest.approx(8 / 2 / 4, rel=0.01)


@pytest.mark.parametrize("fields", [[], [FieldReading(100, 3)], [FieldReading(100, 0)] * 20])
def test_few_fields_too_tell_no_dispersion_where_there_is_none_to_see(fields: list[FieldReading]) -> None:
    assert dispersion_of_few(fields) is None


def test_fields_read_whole_give_their_raw_fraction_and_nothing_is_corrected() -> None:
    fields = [FieldReading(100, x) for x in (4, 2, 2, 0)]
    figures = whole_field_figures(fields, 1.0, 4_000_000)
    assert figures is not None
    assert (figures.fields, figures.infected, figures.cells) == (4, 8, 400)
    assert figures.dispersion_measured
    assert figures.dispersion == dispersion_of_few(fields)
    assert figures.fraction == raw_fraction(8, 400, dispersion=figures.dispersion)
    assert figures.density_per_ul.value == pytest.approx(80_000)


@pytest.mark.parametrize(
    "fields", [[FieldReading(150, 3)], [FieldReading(150, 0)] * 4, [FieldReading(150, 3)] * 2]
)
def test_fields_that_cannot_tell_their_clustering_take_the_assumed_one(fields: list[FieldReading]) -> None:
    figures = whole_field_figures(fields, 2.5, 5_000_000)
    assert figures is not None
    assert (figures.dispersion, figures.dispersion_measured) == (2.5, False)


@pytest.mark.parametrize("fields", [[], [FieldReading(0, 0)]])
def test_fields_without_cells_give_no_figure(fields: list[FieldReading]) -> None:
    assert whole_field_figures(fields, 1.0, 5_000_000) is None
