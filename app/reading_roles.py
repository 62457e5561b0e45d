"""As what a person may still read a slide: in one role alone, and not as second what they have seen."""

from core.store import Role, SlideRecord
from core.store.reading_writes import has_seen_too_much
from core.store.records import same_person


def other_role(record: SlideRecord, reader: str, role: Role) -> Role | None:
    """The role in which a person has read this slide, where it is another one."""
    for reading in record.readings:
        if reading.role != role and same_person(reading.reader, reader):
            return reading.role
    return None


def may_read_as(record: SlideRecord, reader: str, role: Role) -> bool:
    """Whether what a person has read and seen of a slide lets them read it in a role."""
    if other_role(record, reader, role) is not None:
        return False
    return role != Role.SECOND or not has_seen_too_much(record.readings, record.looks, reader)
