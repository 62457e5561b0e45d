"""Of several notes by one person on one thing the last stands; others' notes stand beside it."""

from datetime import UTC, datetime

from core.store.notes import Note, notes_that_stand


def note(
    number: int, by: str, text: str | None, candidate: int | None = None, field: str | None = None
) -> Note:
    return Note(number, 1, candidate, field, by, text, datetime(2026, 11, 3, 12, tzinfo=UTC))


def test_the_last_note_of_each_person_on_each_thing_stands() -> None:
    first, later = note(1, "Anna", "dust?", 7, "a.png"), note(4, "anna", "dust, surely", 7, "a.png")
    others = [
        note(2, "Ben", "a ring", 7, "a.png"),
        note(3, "Anna", "thick", None, "a.png"),
        note(5, "Anna", "x"),
    ]
    assert notes_that_stand([first, *others[:2], later, others[2]]) == (*others[:2], later, others[2])


def test_a_note_that_was_taken_back_or_erased_does_not_stand_and_brings_no_earlier_one_back() -> None:
    assert notes_that_stand([note(1, "Anna", "dust?"), note(2, "Anna", "")]) == ()
    assert notes_that_stand([note(1, "Anna", None)]) == ()
