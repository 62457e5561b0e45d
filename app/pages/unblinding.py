"""What a person is asked, and what is put on record, before a page shows them what others have called."""

import streamlit as st

from app.pages.links import SECOND, link
from app.person import may
from app.wording import Words
from app.workplace import here
from core.review.blindness import unseen_readings, would_give_away
from core.store import Right, SlideRecord
from core.store.reading_writes import has_seen_too_much


def sees_calls(record: SlideRecord, reader: str) -> bool:
    """Whether calls may be shown: nothing would be given away, or the person cannot be second reader."""
    return not would_give_away(record, reader) or not may(Right.READ)


def has_looked(record: SlideRecord, reader: str) -> bool:
    """Whether a person has seen calls that a second reader must not see, and can no more be one."""
    return has_seen_too_much(record.readings, record.looks, reader)


def shows_calls(record: SlideRecord, reader: str) -> bool:
    """Whether calls may be shown; where they may, it is put on record first that the person sees them."""
    if not sees_calls(record, reader):
        return False
    note_looks([record], reader)
    return True


def note_looks(records: list[SlideRecord], reader: str) -> None:
    """Put on record which slides' calls a person is about to see, where a second reading may depend on it."""
    if new := unseen_readings(records, reader):
        here().store.people.note_looks(new, by=reader)


def ask_before_calls(record: SlideRecord, reader: str, say: Words) -> None:
    """Warn, offer the second reading or to look nevertheless, and end the page until that is chosen."""
    if shows_calls(record, reader):
        return
    st.warning(say("unblinding.why"), icon=":material/visibility_off:")
    link(SECOND, say("do.second reading"), slide=record.slide.id)
    st.button(say("unblinding.look"), on_click=note_looks, args=([record], reader))
    st.stop()
