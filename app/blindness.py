"""Who may see what others have called: a second reading is worth nothing to one who has seen the first."""

from core.review import progress
from core.store import Role, SlideRecord
from core.store.records import same_person


def must_stay_blind(record: SlideRecord, reader: str) -> bool:
    """Whether a person must not see the calls on a slide, because they may still read it as second.

    Nothing is given away where nobody else has read it, where a second reader has read everything or the
    slide is signed, and to those who have read it as first reader or adjudicator.
    """
    others = read_as_second = False
    for reading in record.readings:
        own = same_person(reading.reader, reader)
        if own and reading.role != Role.SECOND:
            return False
        others = others or not own
        read_as_second = read_as_second or reading.role == Role.SECOND
    left = progress(record)
    second_is_done = read_as_second and not left.first_left and not left.second_left
    return others and not record.locked and not second_is_done
