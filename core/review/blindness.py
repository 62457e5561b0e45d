"""Who may see what others have called: a second reading is worth nothing to one who has seen the first."""

from collections.abc import Iterable

from core.review.progress import progress
from core.store import Role, SlideRecord
from core.store.reading_writes import has_seen_too_much, unseen_reading
from core.store.records import same_person


def must_stay_blind(record: SlideRecord, reader: str) -> bool:
    """Whether a person must not see the calls on a slide, because they may still read it as second.

    Nothing is given away where nobody else has read it, where a second reader has read everything or the
    slide is signed, and to those who have read it as first reader or adjudicator.
    """
    others = any(not same_person(note.by, reader) for note in record.notes)  # it may tell what they called
    read_as_second = False
    for reading in record.readings:
        own = same_person(reading.reader, reader)
        if own and reading.role != Role.SECOND:
            return False
        others = others or not own
        read_as_second = read_as_second or reading.role == Role.SECOND
    left = progress(record)
    second_is_done = read_as_second and not left.first_left and not left.second_left
    return others and not record.locked and not second_is_done


def would_give_away(record: SlideRecord, reader: str) -> bool:
    """Whether calls of others that a person has not seen yet would make them useless as second reader."""
    return (
        must_stay_blind(record, reader)
        and unseen_reading(record.readings, record.looks, reader) is not None
        and not has_seen_too_much(record.readings, record.looks, reader)
    )


def hides_notes(record: SlideRecord, reader: str) -> bool:
    """Whether what others have written must not be shown to a person, who may still be second reader."""
    return must_stay_blind(record, reader) and not has_seen_too_much(record.readings, record.looks, reader)


def unseen_readings(records: Iterable[SlideRecord], reader: str) -> dict[int, int]:
    """What is put on record before a person sees the calls on slides.

    Returns
    -------
    By number of the slide the last reading that is new to them; nothing of slides of which none matters.
    """
    last = {record.slide.id: unseen_reading(record.readings, record.looks, reader) for record in records}
    return {slide_id: reading for slide_id, reading in last.items() if reading is not None}
