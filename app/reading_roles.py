"""As what a person may still read a slide: in one role alone, and not as second what they have seen."""

from core.store import Role, SlideRecord
from core.store.reading_writes import has_seen_too_much


def other_role(record: SlideRecord, reader: str, role: Role) -> Role | None:
    """The role in which a person has read this slide, where it is another one."""
    own = record.role_of(reader)
    return None if own == role else own


def may_read_as(record: SlideRecord, reader: str, role: Role) -> bool:
    """Whether what a person has read and seen of a slide lets them read it in a role."""
    if other_role(record, reader, role) is not None:
        return False
    return role != Role.SECOND or not has_seen_too_much(record.readings, record.looks, reader)


def reads_on_as(record: SlideRecord, reader: str) -> Role:
    """The role in which a person reads on: their own, else first, else second where another is first."""
    own = record.role_of(reader)
    if own is not None:
        return own
    has_first = any(reading.role == Role.FIRST for reading in record.readings) or any(
        field.role == Role.FIRST for field in record.fields_read
    )
    return Role.SECOND if has_first else Role.FIRST
