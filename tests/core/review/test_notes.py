"""Notes are signed and printed: the slide's first, then its fields', then its cells' by rank."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.review import read_document, sign
from core.review.notes import note_text
from core.review.signed_result import SignedNote
from core.store import Role, Store
from tests.scored_slides import read_all, scored_slide


def test_the_notes_that_stand_are_signed_in_the_order_in_which_they_are_printed(
    store: Store, tmp_path: Path
) -> None:
    record = scored_slide(store, tmp_path, listed=2)
    first, second = record.candidates
    read_all(store, record, "--", reader="Anna", role=Role.FIRST)
    store.notes.on_cell(1, second.id, "dust?", by="Anna")
    store.notes.on_cell(1, first.id, "a platelet", by="Ben")
    store.notes.on_field(1, "field2.png", "thick", by="Anna")
    store.notes.on_slide(1, "stained once", by="Anna")
    store.notes.on_slide(1, "stained twice", by="Anna")
    signed = read_document(sign(store, 1, by="Dora"))
    assert [(note.rank, note.candidate, note.field, note.by, note.text) for note in signed.notes] == [
        (None, None, None, "Anna", "stained twice"),
        (None, None, "field2.png", "Anna", "thick"),
        (1, first.id, first.field, "Ben", "a platelet"),
        (2, second.id, second.field, "Anna", "dust?"),
    ]


@pytest.mark.parametrize(
    ("candidate", "rank", "field", "english", "french"),
    [
        (None, None, None, "Slide: seen", "Lame : seen"),
        (None, None, "a.png", "Field a.png: seen", "Champ a.png : seen"),
        (7, 3, "a.png", "Cell of rank 3, field a.png: seen", "Hématie de rang 3, champ a.png : seen"),
        (7, None, "a.png", "A cell of field a.png: seen", "Une hématie du champ a.png : seen"),
    ],
)
def test_a_note_says_on_what_it_is_who_wrote_it_and_when(
    candidate: int | None, rank: int | None, field: str | None, english: str, french: str
) -> None:
    at = datetime(2026, 11, 3, 9, 5, tzinfo=UTC)
    note = SignedNote(
        number=1, candidate=candidate, rank=rank, field=field, by="Anna", text="seen\ntwice", at=at
    )
    assert note_text(note, "en") == f"{english} twice (Anna, 2026-11-03 09:05 UTC)"
    assert note_text(note, "fr").startswith(french)
