"""Reading a slide field by field: which fields a person has read whole, and what they say of them."""

import streamlit as st

from app.pages.links import escaped
from app.pages.unblinding import has_looked
from app.person import may, words
from app.plan.plan_session import PlanSession
from app.plan.slide_plan import ByField
from app.reading_roles import reads_on_as
from app.workplace import here
from core.errors import SmearscopeError
from core.results.folder import fields_of
from core.review.whole_fields import read_whole
from core.store import Right, Role, SlideRecord
from core.store.records import same_person


def by_field(record: SlideRecord, session: PlanSession, reader: str, *, blind: bool) -> ByField:
    """The fields that are read whole in the person's role; before a blind reader only their own."""
    role = reads_on_as(record, reader)
    said = read_whole(record.fields_read).get(role, {})
    read = {name for name, one in said.items() if not blind or same_person(one.reader, reader)}
    return ByField(frozenset(read), _may_read_fields(record, reader, role), session.fields_answered)


def keep_fields(session: PlanSession, reader: str) -> None:
    """Write what the plan says of fields, each word once and in order; say what could not be written."""
    store = here().store
    record = store.record(session.slide_id)
    if record.taken_in is None:
        return
    rows, role = fields_of(record.taken_in.folder, record.taken_in.sha256), reads_on_as(record, reader)
    for word in session.sent.fields or ():
        if word["number"] <= session.fields_answered:
            continue
        session.fields_answered = word["number"]
        write = store.field_readings.read if word["whole"] else store.field_readings.take_back
        try:
            write(session.slide_id, rows[word["field"]].name, reader=reader, role=role)
        except SmearscopeError as error:
            st.toast(escaped(words().error(error)), icon=":material/error:")


def _may_read_fields(record: SlideRecord, reader: str, role: Role) -> bool:
    if record.locked or role == Role.ADJUDICATOR or not may(Right.READ):
        return False
    return role == Role.FIRST or not has_looked(record, reader)
