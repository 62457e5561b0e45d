"""A positive slide: what makes it one, and which of its parasites a density comes from."""

from dataclasses import replace

import pytest

from core.tally import (
    Evidence,
    FieldReading,
    Readings,
    SlideConditions,
    SlideCount,
    VerdictKind,
    verdict,
    whole_field_figures,
)
from tests.core.tally.evidence import CLEAN, ENOUGH, GOOD, PERFORMANCE, read
from tests.core.tally.test_verdicts import NO_FIGURE, reasons


def test_two_readers_on_one_parasite_is_positive_whatever_else_is_missing() -> None:
    little = SlideCount(cells=900, fields=2, looked_at=1000, to_read=5, read_to=0, unread=4)
    outside = SlideConditions(("The stain is too pale.",), fields_failed=40, failed_share_limit=0.2)
    judged = verdict(Evidence(little, outside, PERFORMANCE, readings=Readings(accepted_by_both=1)))
    assert judged.kind == VerdictKind.POSITIVE
    assert judged.figures is None
    assert judged.reasons == (
        "Two readers agree on 1 parasite.",
        "1 of them stands further down, where the list is not read without gaps; "
        "it is not counted in the density of the list.",
        "The stain is too pale.",
        NO_FIGURE,
    )


def test_density_of_a_positive_slide_is_its_count_over_cells_and_what_the_list_finds() -> None:
    judged = verdict(read(accepted_by_both=70))
    assert judged.figures is not None
    assert judged.figures.density_per_ul is not None
    # 130 of the 200 read are healthy, of 250 000: the curve has 930 of 1 000 there.
    assert judged.figures.density_per_ul.value == pytest.approx(70 / 230_000 / 0.93 * 5e6)
    assert judged.figures.density_per_ul.low < judged.figures.density_per_ul.value
    assert judged.reasons == (
        "Two readers agree on 70 parasites.",
        "The list is read to rank 200 of 250 000, so the raw fraction is a lower bound.",
    )


def test_parasites_are_taken_out_of_the_length_of_the_list_they_fill() -> None:
    longer = replace(ENOUGH, to_read=300, read_to=300)
    few, many = (verdict(replace(read(accepted_by_both=number), count=longer)).figures for number in (20, 80))
    assert few is not None
    assert few.density_per_ul is not None
    assert many is not None
    assert many.density_per_ul is not None
    # 280 healthy above, of 250 000, are beyond 1 in 1 000, and 220 are not.
    assert few.density_per_ul.value == pytest.approx(20 / 230_000 / 0.96 * 5e6)
    assert many.density_per_ul.value == pytest.approx(80 / 230_000 / 0.93 * 5e6)


def test_a_list_full_of_parasites_gives_no_density_but_asks_to_read_on() -> None:
    full, not_yet = verdict(read(accepted_by_both=101)), verdict(read(accepted_by_both=100))
    assert not_yet.figures is not None
    assert not_yet.figures.density_per_ul is not None
    assert full.figures is not None
    assert (full.figures.density_per_ul, full.figures.corrected_fraction) == (None, None)
    assert full.figures.raw_fraction.value == 101 / 230_000
    assert full.reasons[1:] == (
        "The list is read to rank 200 of 250 000, so the raw fraction is a lower bound.",
        "101 of the first 200 of the list are parasites. So the list ends before the parasites do and gives "
        "no density: read on, or read whole fields.",
    )


def test_a_list_that_is_read_whole_gives_a_fraction_that_is_no_lower_bound() -> None:
    small = SlideCount(cells=200, fields=2, looked_at=200, to_read=200, read_to=200, unread=0)
    assert "lower bound" not in reasons(verdict(replace(read(accepted_by_both=20), count=small)))


def test_no_density_is_given_where_validation_found_nothing_so_far_up_the_list() -> None:
    vast = SlideCount(cells=30_000_000, fields=9000, looked_at=30_000_000, to_read=200, read_to=200, unread=0)
    judged = verdict(replace(read(accepted_by_both=3), count=vast))
    assert judged.figures is not None
    assert judged.figures.density_per_ul is None
    assert judged.reasons[-1] == (
        "Validation does not say which share of the parasites stands above rank 200, so no density is given: "
        "read on."
    )


def test_few_parasites_are_said_to_make_a_rough_density() -> None:
    assert "based on 1 parasite; about 62" in reasons(verdict(read(accepted_by_both=1)))


def test_gametocytes_make_a_slide_positive_and_stay_out_of_the_density() -> None:
    mixed, only = (
        verdict(read(accepted_by_both=5, gametocytes=2)),
        verdict(read(accepted_by_both=1, gametocytes=1)),
    )
    assert mixed.figures is not None
    assert mixed.figures.infected == 3
    assert "2 of them are gametocytes" in reasons(mixed)
    assert only.kind == VerdictKind.POSITIVE
    assert only.figures is None


def test_parasites_marked_by_hand_make_a_slide_positive_and_stay_out_of_the_density() -> None:
    only, both = verdict(read(marked_by_both=1)), verdict(read(accepted_by_both=4, marked_by_both=1))
    assert only.kind == both.kind == VerdictKind.POSITIVE
    assert only.figures is None
    assert both.figures is not None
    assert both.figures.infected == 4
    assert verdict(read(marked_by_one=1)).kind == VerdictKind.SUSPICIOUS


def test_parasites_in_clumps_make_a_slide_positive_and_stay_out_of_every_count() -> None:
    only, both = (
        verdict(read(accepted_outside_count=2)),
        verdict(read(accepted_by_both=4, accepted_outside_count=1)),
    )
    assert only.kind == both.kind == VerdictKind.POSITIVE
    assert only.figures is None
    assert only.reasons == (
        "Two readers agree on 2 parasites.",
        "2 of them lie in a clump, at an edge or have an odd shape; they are not counted in the density.",
        "No parasite of the list counts toward the density: the list gives none.",
    )
    assert both.figures is not None
    assert both.figures.infected == 4
    assert "1 of them lies in a clump" in reasons(both)


def test_parasites_below_a_gap_in_what_is_read_stay_out_of_the_density() -> None:
    partly = replace(
        CLEAN,
        count=replace(ENOUGH, read_to=150, unread=20),
        readings=Readings(accepted_by_both=9, counted=6),
    )
    judged = verdict(partly)
    assert judged.figures is not None
    assert (judged.figures.infected, judged.figures.cells) == (6, 230_000)
    assert "3 of them stand further down, where the list is not read without gaps" in reasons(judged)
    assert "read to rank 150 of 250 000" in reasons(judged)
    nothing = replace(
        CLEAN, count=replace(ENOUGH, read_to=0, unread=20), readings=Readings(accepted_by_both=9)
    )
    assert verdict(nothing).figures is None


def test_clustering_measured_on_the_slide_widens_its_interval() -> None:
    even = tuple(FieldReading(2300, 1 if field % 2 else 0) for field in range(100))
    clustered = tuple(FieldReading(2300, 10 if field % 20 == 0 else 0) for field in range(100))
    one, other = (
        verdict(
            replace(CLEAN, readings=Readings(accepted_by_both=50, counted=50, fields_read_whole=fields))
        ).figures
        for fields in (even, clustered)
    )
    assert one is not None
    assert other is not None
    assert one.dispersion == 1.0
    # p = .5 a field: (5 * 9.5^2 + 95 * .5^2) / .5 / 99
    assert other.dispersion == pytest.approx((5 * 9.5**2 + 95 * 0.25) / 0.5 / 99)
    assert one.density_per_ul is not None
    assert other.density_per_ul is not None
    assert other.density_per_ul.value == one.density_per_ul.value
    assert other.density_per_ul.high > one.density_per_ul.high


WHOLE = (FieldReading(1000, 5), FieldReading(1000, 0), FieldReading(1000, 1))


def test_fields_read_whole_give_a_density_beside_that_of_the_list() -> None:
    both = verdict(
        replace(CLEAN, readings=Readings(accepted_by_both=70, counted=70, fields_looked_through=WHOLE))
    )
    assert both.figures == verdict(read(accepted_by_both=70)).figures
    assert both.whole_fields == whole_field_figures(WHOLE, 1.0, 5_000_000)
    assert both.reasons[-1] == (
        "Both readers have read 3 fields whole. Infected there: 6 of 3 000 cells. "
        "This gives a density of its own."
    )


def test_fields_read_whole_give_a_density_where_the_list_gives_none() -> None:
    marked = Readings(marked_by_both=6, fields_looked_through=WHOLE)
    judged = verdict(replace(CLEAN, readings=marked))
    assert judged.figures is None
    assert judged.whole_fields is not None
    assert judged.whole_fields.density_per_ul.value == pytest.approx(6 / 3000 * 5_000_000)


def test_on_a_slide_that_the_model_is_not_valid_for_fields_read_whole_give_no_figure() -> None:
    outside = replace(GOOD, outside_validity=("The stain is too pale.",))
    marked = Readings(marked_by_both=6, fields_looked_through=WHOLE)
    judged = verdict(replace(CLEAN, conditions=outside, readings=marked))
    assert judged.kind == VerdictKind.POSITIVE
    assert judged.whole_fields is None


def test_before_a_slide_is_positive_fields_read_whole_give_no_figure() -> None:
    clean = tuple(FieldReading(1000, 0) for _ in range(3))
    judged = verdict(replace(CLEAN, readings=Readings(accepted_by_one=1, fields_looked_through=clean)))
    assert judged.whole_fields is None
