"""Notes are written on cells, fields and slides, only ever added to, and on record without their text."""

from pathlib import Path

import pytest

from core.review import sign
from core.store import Role, Store, StoreError, notes_that_stand
from core.store.people import NotAllowedError, StaffRole
from tests.scored_slides import read_all, scored_slide


def standing(store: Store) -> list[tuple[int | None, str | None, str, str | None]]:
    notes = notes_that_stand(store.record(1).notes)
    return [(note.candidate_id, note.field, note.by, note.text) for note in notes]


def test_notes_stand_on_the_cell_on_the_field_and_on_the_slide(store: Store, tmp_path: Path) -> None:
    cell, *_ = scored_slide(store, tmp_path).candidates
    store.notes.on_cell(1, cell.id, " dust? ", by="Anna")
    store.notes.on_field(1, cell.field, "thick here", by="Anna")
    store.notes.on_slide(1, "stained twice", by=" Anna ")
    assert standing(store) == [
        (cell.id, cell.field, "Anna", "dust?"),
        (None, cell.field, "Anna", "thick here"),
        (None, None, "Anna", "stained twice"),
    ]


def test_a_later_note_of_the_same_person_takes_the_place_of_the_earlier_which_stays_on_record(
    store: Store, tmp_path: Path
) -> None:
    scored_slide(store, tmp_path)
    for text, by in (
        ("one", "Anna"),
        ("other", "Ben"),
        ("two", "ANNA"),
        ("two", "Anna"),
        ("", "Ben"),
        ("", "Ben"),
    ):
        store.notes.on_slide(1, text, by=by)
    assert standing(store) == [(None, None, "ANNA", "two")]
    assert [note.text for note in store.record(1).notes] == ["one", "other", "two", ""]


def test_an_empty_note_where_there_is_none_is_not_written(store: Store, tmp_path: Path) -> None:
    scored_slide(store, tmp_path)
    store.notes.on_slide(1, "  ", by="Anna")
    assert store.record(1).notes == ()


def test_the_audit_trail_says_on_what_a_note_was_written_and_not_what_it_says(
    store: Store, tmp_path: Path
) -> None:
    cell, *_ = scored_slide(store, tmp_path).candidates
    store.notes.on_cell(1, cell.id, "dust?", by="Anna")
    store.notes.on_field(1, cell.field, "thick", by="Anna")
    store.notes.on_slide(1, "stained twice", by="Anna")
    store.notes.on_slide(1, "", by="Anna")
    entries = [(entry.what, entry.detail) for entry in store.audit(1)][-4:]
    assert entries == [
        ("note written", {"note": 1, "candidate": cell.id, "field": cell.field}),
        ("note written", {"note": 2, "field": cell.field}),
        ("note written", {"note": 3}),
        ("note taken back", {"note": 4}),
    ]


def test_a_note_is_short(store: Store, tmp_path: Path) -> None:
    scored_slide(store, tmp_path)
    store.notes.on_slide(1, "x" * 500, by="Anna")
    with pytest.raises(StoreError, match="at most 500 letters, and this one has 501"):
        store.notes.on_slide(1, "x" * 501, by="Anna")


def test_a_note_needs_a_cell_of_the_slide(store: Store, tmp_path: Path) -> None:
    scored_slide(store, tmp_path)
    with pytest.raises(StoreError, match="slide 1 has no candidate 99"):
        store.notes.on_cell(1, 99, "dust?", by="Anna")


def test_a_signed_slide_takes_no_note_until_it_is_amended(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=1)
    read_all(store, record, "-", reader="Anna", role=Role.FIRST)
    sign(store, 1, by="Anna")
    with pytest.raises(StoreError, match="was signed by Anna"):
        store.notes.on_slide(1, "too late", by="Anna")
    store.signatures.begin_amendment(1, "a note was forgotten", by="Anna")
    store.notes.on_slide(1, "stained twice", by="Anna")
    assert standing(store) == [(None, None, "Anna", "stained twice")]


def test_who_may_not_read_may_write_no_note(store: Store, tmp_path: Path) -> None:
    scored_slide(store, tmp_path)
    store.people.name_supervisor("Sam", by="Sam")
    asking = store.asking_roles()
    asking.people.grant("Rosa", StaffRole.RESEARCHER, by="Sam")
    with pytest.raises(NotAllowedError):
        asking.notes.on_slide(1, "stained twice", by="Rosa")
