"""The notes on a slide, its fields and cells, on its pages; and the form for the own one on the slide."""

import streamlit as st

from app.pages.links import escaped
from app.pages.unblinding import shows_calls
from app.person import may
from app.wording import Words
from app.workplace import here
from core.review.blindness import hides_notes
from core.review.notes import note_text, notes_to_sign
from core.store import Right, SlideRecord, StoreError
from core.store.notes import MOST_LETTERS
from core.store.records import same_person


def slide_notes(record: SlideRecord, reader: str, say: Words) -> None:
    """All notes that the person may see, and a form for their own on the slide until it is signed.

    What others write of a cell may tell what they called it: who must not see calls sees no note of others.
    """
    writes = may(Right.READ) and not record.locked
    notes = notes_to_sign(record)
    others = any(not same_person(note.by, reader) for note in notes)
    if others and (hides_notes(record, reader) or not shows_calls(record, reader)):
        notes = tuple(note for note in notes if same_person(note.by, reader))
    if not notes and not writes:
        return
    st.markdown(f"##### {say('note.title')}")
    if notes:
        st.markdown("\n".join(f"- {escaped(note_text(note, say.language))}" for note in notes))
    if writes:
        own = [note.text for note in notes if note.field is None and same_person(note.by, reader)]
        _write(record.slide.id, own[0] if own else "", reader, say)


def _write(slide_id: int, text: str, reader: str, say: Words) -> None:
    with st.form(f"note {slide_id}"):
        written = st.text_area(say("note.slide"), text, max_chars=MOST_LETTERS, height=80)
        st.caption(say("note.no_names"))
        done = st.form_submit_button(say("note.save"))
    if not done:
        return
    try:
        here().store.notes.on_slide(slide_id, written, by=reader)
    except StoreError as error:
        st.error(escaped(say.error(error)))
    else:
        st.toast(say("note.saved"), icon=":material/check:")
        st.rerun()
