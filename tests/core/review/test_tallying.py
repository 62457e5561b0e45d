"""The verdict obeys the readings."""

from pathlib import Path

import pytest

from core.review import tally_of
from core.store import Call, Opinion, Role, SlideRecord, Stage, Store, StoreError
from core.tally import FieldReading, Recall, VerdictKind, density_figures
from tests.scored_slides import (
    NOT_PARASITE,
    PARASITE,
    UNSURE,
    box_of,
    read_all,
    scored_slide,
    take_in,
    write_score,
)

ENOUGH = 300_000
"""Cells that are adequate for 75/µL with the sensitivity of these models."""


def read(store: Store, record: SlideRecord, first: str, second: str = "", third: str = "") -> SlideRecord:
    for calls, reader, role in (
        (first, "Anna", Role.FIRST),
        (second, "Ben", Role.SECOND),
        (third, "Cleo", Role.ADJUDICATOR),
    ):
        if calls:
            record = read_all(store, record, calls, reader=reader, role=role)
    return record


@pytest.mark.parametrize(
    ("first", "second", "third", "kind"),
    [
        ("...", "", "", VerdictKind.AWAITING_REVIEW),
        ("--.", "", "", VerdictKind.AWAITING_REVIEW),
        ("---", "", "", VerdictKind.NO_PARASITE_SEEN),
        ("---", "---", "", VerdictKind.NO_PARASITE_SEEN),
        ("+..", "", "", VerdictKind.SUSPICIOUS),
        ("--?", "", "", VerdictKind.SUSPICIOUS),
        ("+--", "---", "", VerdictKind.SUSPICIOUS),
        ("+--", "---", "-..", VerdictKind.NO_PARASITE_SEEN),
        ("+--", "---", "+..", VerdictKind.POSITIVE),
        ("+--", "---", "?..", VerdictKind.SUSPICIOUS),
        ("+..", "+..", "", VerdictKind.POSITIVE),
    ],
)
def test_the_verdict_follows_what_the_readers_said(
    store: Store, tmp_path: Path, first: str, second: str, third: str, kind: VerdictKind
) -> None:
    record = scored_slide(store, tmp_path, listed=3, counted=ENOUGH)
    assert tally_of(read(store, record, first, second, third)).verdict.kind == kind


def test_a_clean_review_of_too_few_cells_is_inadequate_and_says_how_many_are_missing(
    store: Store, tmp_path: Path
) -> None:
    record = read(store, scored_slide(store, tmp_path, listed=1), "-", "-")
    found = tally_of(record).verdict
    assert found.kind == VerdictKind.INADEQUATE
    assert found.cells_missing == (found.cells_needed or 0) - 20


def test_the_density_rests_on_what_two_accepted_without_gametocytes_and_marked_cells(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path, listed=4)
    slide = record.slide.id
    record = read(store, record, "+++-", "++--", "..-.")
    gametocyte = Opinion(Call.PARASITE, stage=Stage.GAMETOCYTE)
    for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
        store.read(slide, record.candidates[1].id, gametocyte, reader=reader, role=role)
        store.mark(slide, "field1.png", box_of(9), PARASITE, reader=reader, role=role)
    tally = tally_of(store.record(slide))
    readings = tally.evidence.readings
    assert readings is not None
    assert (readings.accepted_by_both, readings.gametocytes, readings.marked_by_both) == (2, 1, 1)
    assert (readings.accepted_by_one, readings.disputed, readings.unsure) == (0, 0, 0)
    assert readings.fields_read_whole == (FieldReading(10, 1), FieldReading(10, 0))
    assert tally.verdict.kind == VerdictKind.POSITIVE
    assert tally.verdict.reasons[0] == "Two readers agree on 3 parasites."
    figures = tally.verdict.figures
    assert figures is not None
    evidence = tally.evidence
    assert figures == density_figures(
        1, 20, Recall(95, 5), evidence.assumptions, figures.dispersion, dispersion_measured=True
    )


def test_the_list_is_read_as_far_as_nothing_is_left_out(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=8, counted=ENOUGH)
    tally = tally_of(read(store, record, "--+-.-+-", "--+-..+."))
    count, readings = tally.evidence.count, tally.evidence.readings
    assert (count.to_read, count.read_to, count.unread) == (8, 4, 1)
    assert readings is not None
    assert (readings.accepted_by_both, readings.counted) == (2, 1)
    assert tally.verdict.kind == VerdictKind.POSITIVE
    assert "1 of them stands further down" in tally.verdict.reasons[1]
    assert tally.verdict.figures is not None
    assert (tally.verdict.figures.infected, tally.verdict.figures.cells) == (1, ENOUGH)


def test_a_list_that_begins_with_parasites_gets_no_density_before_it_is_read_on(
    store: Store, tmp_path: Path
) -> None:
    record = read(store, scored_slide(store, tmp_path, listed=3), "+..", "+..")
    found = tally_of(record).verdict
    assert found.kind == VerdictKind.POSITIVE
    assert found.figures is not None
    assert (found.figures.infected, found.figures.density_per_ul) == (1, None)
    assert "read on" in found.reasons[-1]


def test_a_parasite_in_what_does_not_count_makes_a_slide_positive_and_stays_out_of_the_density(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path, listed=4)
    store.offer_more(record.slide.id, 100, by="Anna")
    record = store.record(record.slide.id)
    assert [cell.evaluable for cell in record.candidates] == [True] * 20 + [False]  # the last is cut
    tally = tally_of(read(store, record, "-" * 20 + "+", "-" * 20 + "+"))
    readings = tally.evidence.readings
    assert readings is not None
    assert (readings.accepted_outside_count, readings.accepted_by_both, readings.counted) == (1, 0, 0)
    assert tally.evidence.count.cells == 20
    assert tally.verdict.kind == VerdictKind.POSITIVE
    assert tally.verdict.figures is None


def test_what_was_read_in_an_earlier_list_and_stands_beyond_a_gap_counts_as_marked(
    store: Store, tmp_path: Path
) -> None:
    record = read(store, scored_slide(store, tmp_path, listed=1), "+", "+")
    new = [("new.png", position, 0.999) for position in range(3)]
    cells = {"field1.png": 10, "field2.png": 10, "new.png": 10}
    write_score(tmp_path / "more", cells, [*new, ("field1.png", 0, 0.99)], budget=2)
    record = store.take_in_result(record.slide.id, tmp_path / "more", by="Anna")
    assert [cell.rank for cell in record.candidates] == [1, 2, 4]
    tally = tally_of(record)
    readings = tally.evidence.readings
    assert readings is not None
    assert (readings.marked_by_both, readings.accepted_by_both) == (1, 0)
    assert (tally.evidence.count.to_read, tally.evidence.count.unread) == (2, 2)
    assert tally.verdict.kind == VerdictKind.POSITIVE


def test_what_was_asked_for_beyond_the_budget_counts_once_it_is_read(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=2)
    store.offer_more(record.slide.id, 3, by="Anna")
    count = tally_of(store.record(record.slide.id)).evidence.count
    assert (count.to_read, count.read_to, count.unread) == (2, 0, 2)
    count = tally_of(read(store, store.record(record.slide.id), "---..")).evidence.count
    assert (count.to_read, count.read_to, count.unread) == (3, 3, 0)


def test_fields_count_as_read_whole_once_both_have_read_them(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=4, fields=3)  # two of them on the first field
    tally = tally_of(read(store, record, "+-+-"))
    assert tally.evidence.readings is not None
    assert tally.evidence.readings.fields_read_whole == ()
    tally = tally_of(read(store, record, "", "+--."))
    assert tally.evidence.readings is not None
    assert tally.evidence.readings.fields_read_whole == (FieldReading(10, 0), FieldReading(10, 0))


def test_fields_that_are_all_alike_leave_the_clustering_assumed(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=4, fields=2)
    found = tally_of(read(store, record, "++++", "++++")).verdict
    assert found.figures is not None
    assert (found.figures.dispersion, found.figures.dispersion_measured) == (1.0, False)


@pytest.mark.parametrize("opinion", [PARASITE, UNSURE])
def test_a_doubtful_cell_beside_the_list_makes_a_clean_slide_suspicious(
    store: Store, tmp_path: Path, opinion: Opinion
) -> None:
    record = read(store, scored_slide(store, tmp_path, listed=1, counted=ENOUGH), "-")
    assert tally_of(record).verdict.kind == VerdictKind.NO_PARASITE_SEEN
    (drawn,) = store.draw_sample(record.slide.id, 1, by="Anna")
    store.read(record.slide.id, drawn.id, opinion, reader="Anna", role=Role.FIRST)
    tally = tally_of(store.record(record.slide.id))
    assert tally.verdict.kind == VerdictKind.SUSPICIOUS
    assert len(tally.verdict.reasons) == 1
    store.read(record.slide.id, drawn.id, NOT_PARASITE, reader="Anna", role=Role.FIRST)
    assert tally_of(store.record(record.slide.id)).verdict.kind == VerdictKind.NO_PARASITE_SEEN


def test_what_readers_are_unsure_of_beside_the_list_is_said_beside_other_doubts(
    store: Store, tmp_path: Path
) -> None:
    record = read(store, scored_slide(store, tmp_path, listed=1), "+")
    store.mark(record.slide.id, "field1.png", box_of(8), UNSURE, reader="Anna", role=Role.FIRST)
    assert tally_of(store.record(record.slide.id)).verdict.reasons == (
        "1 parasite accepted by only one reader: a second reader must decide.",
        "Readers are unsure of 1 cell that was drawn at random or marked by hand.",
    )


def test_a_slide_outside_the_models_validity_gets_no_figure_but_is_positive_where_two_accept(
    store: Store, tmp_path: Path
) -> None:
    write_score(tmp_path / "result", {"a.png": 8}, [("a.png", 0, 0.9)], outside=("Too blue.",))
    slide = store.add_slide(store.add_case("P", by="Anna").id, "slide", Path("images"), by="Anna").id
    record = take_in(store, slide, tmp_path / "result")
    assert tally_of(read(store, record, "-")).verdict.kind == VerdictKind.NOT_VALID
    found = tally_of(read(store, record, "+", "+")).verdict
    assert (found.kind, found.figures) == (VerdictKind.POSITIVE, None)
    assert "Too blue." in found.reasons


def test_nobodys_readings_are_as_none_at_all(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=2)
    assert record.taken_in is not None
    assert tally_of(record).verdict == record.taken_in.result.verdict
    read(store, record, "+.")
    store.undo(record.slide.id, reader="Anna")
    assert tally_of(store.record(record.slide.id)).verdict == record.taken_in.result.verdict


def test_a_slide_that_was_not_scored_has_no_tally(store: Store) -> None:
    slide = store.add_slide(store.add_case("P", by="Anna").id, "slide", Path("images"), by="Anna").id
    with pytest.raises(StoreError, match="not been scored"):
        tally_of(store.record(slide))
