"""Cases, slides, the steps of their scoring, flagged fields, and what is left in the audit trail."""

from pathlib import Path

import pytest

from core.review import sign
from core.store import CandidateKind, Role, ScoringStep, Store, StoreError
from tests.scored_slides import PARASITE, read_all, scored_slide, take_in, write_score


def new_slide(store: Store, folder: str = "images") -> int:
    case = store.add_case("patient", by="Anna")
    return store.add_slide(case.id, "slide", Path(folder), by="Anna", um_per_pixel=0.1).id


def test_what_is_not_there_is_said_not_to_be(store: Store) -> None:
    with pytest.raises(StoreError, match="no slide 5"):
        store.record(5)
    with pytest.raises(StoreError, match="no slide 5"):
        store.undo(5, reader="Anna")
    with pytest.raises(StoreError, match="no case 5"):
        store.add_slide(5, "slide", Path("images"), by="Anna")
    with pytest.raises(StoreError, match="no case 5"):
        store.erase_patient(5, by="Anna")


def test_flagged_fields_are_listed_until_they_are_unflagged(store: Store, tmp_path: Path) -> None:
    slide = scored_slide(store, tmp_path).slide.id
    store.flag_field(slide, "field1.png", by="Anna")
    store.flag_field(slide, "field2.png", by="Ben")
    store.unflag_field(slide, "field2.png", by="Anna")
    store.flag_field(slide, "field1.png", by="Ben")
    assert [(flag.field, flag.by) for flag in store.record(slide).flags] == [("field1.png", "Ben")]


def test_a_field_of_a_slide_that_was_not_scored_cannot_be_flagged(store: Store) -> None:
    with pytest.raises(StoreError, match="not been scored"):
        store.flag_field(new_slide(store), "field1.png", by="Anna")


def test_a_number_of_cells_below_one_is_refused(store: Store, tmp_path: Path) -> None:
    slide = scored_slide(store, tmp_path).slide.id
    with pytest.raises(StoreError, match="at least 1; it is 0"):
        store.draw_sample(slide, 0, by="Anna")


def test_each_write_leaves_a_line_that_says_who_did_what_to_which_slide(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=1)
    slide = record.slide.id
    read_all(store, record, "+", reader="Ben", role=Role.FIRST)
    store.draw_sample(slide, 2, by="Ben")
    store.flag_field(slide, "field1.png", by="Ben")
    store.unflag_field(slide, "field1.png", by="Ben")
    store.signatures.note_export(slide, "PDF", 1, by="Cleo")
    trail = [(entry.who, entry.what, entry.slide_id) for entry in store.audit()]
    assert trail == [
        ("Anna", "case added", None),
        ("Anna", "slide added", slide),
        ("process", "scoring: scoring", slide),
        ("Anna", "result taken in", slide),
        ("Ben", "read", slide),
        ("Ben", f"offered: {CandidateKind.SAMPLE}", slide),
        ("Ben", "field flagged", slide),
        ("Ben", "field unflagged", slide),
        ("Cleo", "exported", slide),
    ]
    assert store.audit()[-1].detail == {"form": "PDF", "version": 1}
    assert [entry.id for entry in store.audit()] == list(range(1, 10))


def test_a_refused_write_leaves_nothing_not_even_a_line(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=1)
    read_all(store, record, "+", reader="Ben", role=Role.FIRST)
    before = (store.records(), store.audit())
    with pytest.raises(StoreError):
        read_all(store, record, "-", reader="Ben", role=Role.SECOND)
    assert (store.records(), store.audit()) == before


def test_the_overview_of_all_slides_follows_every_write_of_this_and_of_other_processes(
    store: Store, tmp_path: Path
) -> None:
    """What it keeps from one look to the next is never older than what a single slide's record says."""
    other = Store.in_folder(tmp_path / "data")
    first = scored_slide(store, tmp_path / "first", listed=1)
    assert store.records() == (first,)
    second = scored_slide(other, tmp_path / "second", listed=2)
    slide, cell = second.slide.id, second.candidates[0].id
    for write in (
        lambda: other.read(slide, cell, PARASITE, reader="Anna", role=Role.FIRST),
        lambda: other.undo(slide, reader="Anna"),
        lambda: other.draw_sample(slide, 1, by="Anna"),
        lambda: other.flag_field(slide, "field1.png", by="Anna"),
        lambda: other.note_scoring(slide, ScoringStep.QUEUED, by="Anna"),
        lambda: take_in(other, slide, tmp_path / "second" / "result"),
        lambda: read_all(other, second, "--", reader="Anna", role=Role.FIRST),
        lambda: sign(other, slide, by="Anna"),
        lambda: other.signatures.begin_amendment(slide, "again", by="Anna"),
        lambda: other.erase_patient(second.case.id, by="Anna"),
    ):
        before = store.records()
        write()
        after = store.records()
        assert after == (store.record(first.slide.id), store.record(slide))
        assert after != before
        assert after[0] is before[0]
    other.close()


def test_an_earlier_result_is_found_by_its_hash(store: Store, tmp_path: Path) -> None:
    first = scored_slide(store, tmp_path / "slide", listed=2)
    slide = first.slide.id
    write_score(tmp_path / "anew", {"field1.png": 3}, [("field1.png", 0, 0.6)])
    store.open_for_fields(slide, by="Anna")
    store.note_scoring(slide, ScoringStep.QUEUED, by="Anna")
    latest = take_in(store, slide, tmp_path / "anew")
    assert first.taken_in is not None
    assert latest.taken_in is not None
    for taken_in in (first.taken_in, latest.taken_in):
        assert store.result(slide, taken_in.sha256) == taken_in
    assert store.result(slide, "0" * 64) is None
    assert store.result(slide + 1, first.taken_in.sha256) is None


def test_cases_are_given_in_the_order_in_which_they_were_added(store: Store) -> None:
    added = [store.add_case(patient, by="Anna") for patient in ("b", "a")]
    assert list(store.cases()) == added
