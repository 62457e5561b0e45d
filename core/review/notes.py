"""Notes as they are signed and printed: on what each was written, by whom and when."""

from core.review.signed_result import SignedNote
from core.store import SlideRecord, notes_that_stand
from core.wording import in_language, sentence


def notes_to_sign(record: SlideRecord) -> tuple[SignedNote, ...]:
    """The notes that stand: on the slide, then on its fields, then on cells by rank."""
    ranks = {candidate.id: candidate.rank for candidate in record.candidates}
    notes = [
        SignedNote(
            number=note.id,
            candidate=note.candidate_id,
            rank=None if note.candidate_id is None else ranks.get(note.candidate_id),
            field=note.field,
            by=note.by,
            text=note.text or "",
            at=note.at,
        )
        for note in notes_that_stand(record.notes)
    ]
    return tuple(sorted(notes, key=_place))


def _place(note: SignedNote) -> tuple[bool, str, bool, int, int]:
    on_cell = note.candidate is not None
    return (on_cell, "" if on_cell else note.field or "", note.rank is None, note.rank or 0, note.number)


def note_text(note: SignedNote, language: str) -> str:
    """A note in one line: on what it is, what it says, who wrote it and when."""
    if note.field is None:
        about = sentence("note.on_slide")
    elif note.candidate is None:
        about = sentence("note.on_field", field=note.field)
    elif note.rank is None:
        about = sentence("note.on_cell", field=note.field)
    else:
        about = sentence("note.on_rank", rank=note.rank, field=note.field)
    return in_language(
        sentence(
            "note.written",
            about=in_language(about, language),
            text=" ".join(note.text.split()),
            by=note.by,
            when=f"{note.at:%Y-%m-%d %H:%M} UTC",
        ),
        language,
    )
