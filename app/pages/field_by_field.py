"""Reading a slide field by field: which fields are read whole, and where to send what a person says."""

from app.pages.unblinding import has_looked
from app.person import may
from app.plan.slide_plan import ByField
from app.reading_roles import reads_on_as
from app.web.addresses import FIELDS, Writing, secret_name, writing_address
from app.workplace import here
from core.review.whole_fields import read_whole
from core.store import Right, Role, SlideRecord
from core.store.records import same_person


def by_field(record: SlideRecord, reader: str, language: str, *, blind: bool) -> ByField:
    """The fields that are read whole in the person's role; before a blind reader only their own."""
    role = reads_on_as(record, reader)
    said = read_whole(record.fields_read).get(role, {})
    read = {name for name, one in said.items() if not blind or same_person(one.reader, reader)}
    writing = Writing(record.slide.id, role, reader, language)
    address = writing_address(here().secret, FIELDS, writing)
    if not _may_read_fields(record, reader, role):
        return ByField(frozenset(read))
    result = record.taken_in.id if record.taken_in else 0
    return ByField(
        frozenset(read),
        address,
        secret_name(here().secret, f"fields {record.slide.id} {result} {role} {reader.casefold()}"),
    )


def _may_read_fields(record: SlideRecord, reader: str, role: Role) -> bool:
    if record.locked or role == Role.ADJUDICATOR or not may(Right.READ):
        return False
    return role == Role.FIRST or not has_looked(record, reader)
