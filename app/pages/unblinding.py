"""The question put to a person before a page shows what others have called."""

import streamlit as st

from app.blindness import must_stay_blind
from app.pages.links import SECOND, link
from app.wording import Words
from core.store import SlideRecord


def sees_calls(record: SlideRecord, reader: str) -> bool:
    """Whether calls may be shown: nothing would be given away, or the person has chosen to see them."""
    return not must_stay_blind(record, reader) or has_looked(record, reader)


def has_looked(record: SlideRecord, reader: str) -> bool:
    """Whether a person has chosen to see calls that a second reader must not see, and can no more be one."""
    return must_stay_blind(record, reader) and st.session_state.get(_choice(record, reader), False)


def ask_before_calls(record: SlideRecord, reader: str, say: Words) -> None:
    """Warn, offer the second reading or to look nevertheless, and end the page until that is chosen."""
    if sees_calls(record, reader):
        return
    st.warning(say("unblinding.why"), icon=":material/visibility_off:")
    link(SECOND, say("do.second reading"), slide=record.slide.id)
    st.button(say("unblinding.look"), on_click=_choose, args=(_choice(record, reader),))
    st.stop()


def _choice(record: SlideRecord, reader: str) -> str:
    """A choice is its person's: who gives another name in the same tab is asked anew."""
    return f"sees calls of {record.slide.id} {reader.casefold()}"


def _choose(name: str) -> None:
    st.session_state[name] = True
