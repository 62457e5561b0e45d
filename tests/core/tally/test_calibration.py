"""A laboratory's own figures, worked out by hand on lists of a few cells."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tally import NegativeSlide, PositiveSlide, curve_of_laboratory, figures_of_laboratory
from core.tally.calibration import dispersion_between_slides, slides_held


def negative(*rank_values: float, name: str = "negative") -> NegativeSlide:
    return NegativeSlide(name, np.array(rank_values, np.float64))


def positive(*rank_values: float, parasites: int | None = None) -> PositiveSlide:
    known = len(rank_values) if parasites is None else parasites
    return PositiveSlide("positive", np.array(rank_values, np.float64), known)


TEN_TO_ONE = negative(*range(1, 11))
"""Ten healthy cells: a value of 9.5 has one of them above it, one of 0.5 all ten."""


def test_of_59_slides_the_lowest_holds_for_95_in_100() -> None:
    assert slides_held(58) < 0.95 < slides_held(59)
    assert slides_held(1) == pytest.approx(0.05)


def test_a_parasite_is_found_at_the_share_of_healthy_cells_that_stand_above_it_and_one_more() -> None:
    # Of ten parasites of each slide six have no cell above them, three have three of ten, one is lost:
    # a longer list might show 1 of 11 above the six, 4 of 11 above the three.
    slides = [positive(*[10.5] * 6, *[7.5] * 3, parasites=10)] * 3
    curve = curve_of_laboratory([TEN_TO_ONE] * 5, slides)
    assert curve is not None
    found = [curve.at(rate) for rate in (0.0001, 0.089, 0.101, 0.35, 0.4, 1)]
    assert found == [(0, 30), (0, 30), (18, 12), (18, 12), (27, 3), (27, 3)]


def test_a_slide_of_few_cells_claims_nothing_of_the_first_hundred_of_200_000() -> None:
    above_all = [positive(*[9.0] * 10)] * 3
    few, many = (curve_of_laboratory([negative(*[0.0] * cells)] * 5, above_all) for cells in (500, 5000))
    assert few is not None
    assert many is not None
    assert (few.at(100 / 200_000), many.at(100 / 200_000)) == ((0, 30), (30, 0))


def test_each_negative_slide_has_the_same_weight() -> None:
    # Above a parasite of 5.5 stand five of ten cells of four slides, and none of the hundred of a fifth.
    large = negative(*[1.0] * 100)
    curve = curve_of_laboratory([TEN_TO_ONE] * 4 + [large], [positive(*[5.5] * 10)] * 3)
    assert curve is not None
    assert curve.at(0.4) == (6, 24)
    assert curve.at(0.6) == (30, 0)


def test_parasites_of_slides_that_differ_count_as_fewer() -> None:
    # Of three slides with 20 each all, half and none are found: p is 1/2, chi-squared (100 + 0 + 100) / 5,
    # over two degrees of freedom 20.
    slides = [positive(*[10.5] * 20), positive(*[10.5] * 10, parasites=20), positive(parasites=20)]
    assert dispersion_between_slides([TEN_TO_ONE], slides) == pytest.approx(20)
    curve = curve_of_laboratory([TEN_TO_ONE] * 5, slides)
    assert curve is not None
    assert curve.at(0.5) == (1, 2)


def test_slides_that_are_alike_count_in_full() -> None:
    assert dispersion_between_slides([TEN_TO_ONE], [positive(*[10.5] * 5, *[0.5] * 5)] * 4) == 1
    assert dispersion_between_slides([TEN_TO_ONE], [positive(*[10.5] * 5)] * 4) == 1
    assert dispersion_between_slides([TEN_TO_ONE], [positive(10.5)]) == 1


@pytest.mark.parametrize(("negatives", "positives", "of_each"), [(4, 3, 10), (5, 2, 15), (5, 3, 9)])
def test_too_few_slides_or_parasites_give_no_curve(negatives: int, positives: int, of_each: int) -> None:
    assert curve_of_laboratory([TEN_TO_ONE] * negatives, [positive(*[10.5] * of_each)] * positives) is None


def test_false_calls_are_counted_at_the_scores_of_the_parasites() -> None:
    # Half of the parasites reach 9.5, which one cell exceeds; nine in ten reach 5.5, which five do.
    calm = negative(*[0.1] * 90, name="calm")
    figures = figures_of_laboratory("L", [TEN_TO_ONE, calm], [positive(*[9.5] * 5, *[5.5] * 4, parasites=10)])
    half, four_in_five, nine_in_ten = figures.false_calls
    assert (half.share_found, half.count, half.objects, half.most_on_a_slide) == (0.5, 1, 100, 0.1)
    assert (four_in_five.count, nine_in_ten.count) == (5, 5)
    # chi2.ppf(.95, 4) / 2 = 4.744 of 100
    assert half.upper_limit == pytest.approx(0.04744, abs=1e-5)


def test_slides_are_compared_by_what_their_first_hundred_would_show() -> None:
    crowded = negative(*[9.0] * 100, *[0.0] * 100, name="crowded")
    some = negative(*[9.0] * 99, *[7.0] * 101, name="some")
    free = negative(*[0.0] * 200, name="free")
    slides = [positive(9.5, 8.0, parasites=2), positive(8.0, 6.0, parasites=4)]
    shown = figures_of_laboratory("L", [crowded, free, some], slides).in_first
    assert shown is not None
    # 9.5 everywhere; 8.0 where fewer than 100 stand above it; 6.0 where no cell does.
    assert (shown.lowest, shown.middle, shown.highest) == (1 / 6, 3 / 6, 4 / 6)
    assert shown.of_worst_positive == 1 / 4


def test_negatives_alone_say_how_many_slides_they_stand_for() -> None:
    figures = figures_of_laboratory("L", [TEN_TO_ONE] * 59, [])
    assert (figures.negatives, figures.objects, figures.parasites) == (59, 590, 0)
    assert figures.slides_held == pytest.approx(0.9505, abs=1e-4)
    assert (figures.in_first, figures.false_calls) == (None, ())


def test_a_slide_without_a_list_or_with_more_parasites_in_it_than_are_known_is_refused() -> None:
    with pytest.raises(ValueError, match="objects of empty"):
        negative(name="empty")
    with pytest.raises(ValueError, match="parasites in the list"):
        positive(1.0, 2.0, parasites=1)


@given(
    st.lists(st.floats(0, 3), min_size=1, max_size=30),
    st.lists(st.floats(0, 3), min_size=10, max_size=20),
)
def test_reading_on_finds_no_fewer_and_never_more_than_there_are(
    healthy: list[float], parasites: list[float]
) -> None:
    curve = curve_of_laboratory([negative(*healthy)] * 5, [positive(*parasites)] * 3)
    assert curve is not None
    found = [curve.at(rate)[0] for rate in (0, 0.01, 0.3, 1)]
    assert found == sorted(found)
    assert found[-1] == curve.parasites == 3 * len(parasites)
