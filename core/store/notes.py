"""Notes that people write on a cell, on a field and on a slide, and which of them stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

MOST_LETTERS = 500


@dataclass(frozen=True)
class Note:
    """What somebody wrote; never changed, but for a slide's note to be erased with its patient.

    Attributes
    ----------
    candidate_id
        The cell that it is on; None where it is on a whole field or the slide.
    field
        The field that it is on, or on which its cell lies; None where it is on the slide.
    text
        Empty where the person took their note back; None where it was erased.
    """

    id: int
    slide_id: int
    candidate_id: int | None
    field: str | None
    by: str
    text: str | None
    at: datetime


def notes_that_stand(notes: Sequence[Note]) -> tuple[Note, ...]:
    """The last note of each person on each thing, in the order in which they were written."""
    last = {(note.by.casefold(), note.candidate_id, note.field): note for note in notes}
    return tuple(sorted((note for note in last.values() if note.text), key=lambda note: note.id))
