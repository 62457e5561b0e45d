"""The details of a slide: what it is called, its sample, notes; off the worklist, and back on it."""

from datetime import date

import streamlit as st

from app.pages.links import DETAILS, OPENED_BY, asked_record, escaped, removal_in_words, slide_head
from app.pages.slide_notes import slide_notes
from app.person import may, need, person, words
from app.wording import Words
from app.workplace import here
from core.store import Right, SlideRecord, StoreError

MOST_LETTERS = 200


def details_page() -> None:
    """Change what a slide is called, remove it, or restore it."""
    say = words()
    need(OPENED_BY[DETAILS])
    record = asked_record(say, also_removed=True)
    slide_head(record, say, DETAILS)
    if record.slide.removed is not None:
        st.warning(removal_in_words(record.slide.removed, say), icon=":material/delete:")
        st.button(say("details.restore"), type="primary", on_click=restore, args=(record.slide.id,))
    elif record.locked:
        st.info(say("details.signed"))
        slide_notes(record, person(), say)
    else:
        _describe(record, say)
        slide_notes(record, person(), say)
        _remove(record, say)


def sample_fields(
    say: Words, *, sampled_on: date | None = None, laboratory_number: str | None = None
) -> tuple[date | None, str | None]:
    """Two fields of a form, with what is set now: the date of the sample, and its laboratory number.

    Who may not see patients is shown no number, and leaves it as it is.
    """
    left, right = st.columns(2)
    day = left.date_input(
        say("details.sampled_on"), sampled_on, format=say("audit.date_format"), max_value="today"
    )
    if not may(Right.SEE_PATIENTS):
        return day, laboratory_number
    number = right.text_input(
        say("details.laboratory_number"),
        laboratory_number or "",
        max_chars=MOST_LETTERS,
        help=say("details.laboratory_number_help"),
        autocomplete="off",
    )
    return day, number


def restore(slide_id: int) -> None:
    """Put a removed slide back on the worklist."""
    try:
        here().store.housekeeping.restore(slide_id, by=person())
    except StoreError as error:
        st.toast(escaped(words().error(error)), icon=":material/error:")


def _describe(record: SlideRecord, say: Words) -> None:
    slide = record.slide
    with st.form(f"details {slide.id}"):
        name = st.text_input(say("bring.name"), slide.name, max_chars=MOST_LETTERS)
        day, number = sample_fields(
            say, sampled_on=slide.sampled_on, laboratory_number=slide.laboratory_number
        )
        done = st.form_submit_button(say("details.save"), type="primary")
    if not done:
        return
    try:
        here().store.housekeeping.describe(
            slide.id, name=name, sampled_on=day, laboratory_number=number, by=person()
        )
    except StoreError as error:
        st.error(escaped(say.error(error)))
    else:
        st.toast(say("details.saved"), icon=":material/check:")
        st.rerun()


def _remove(record: SlideRecord, say: Words) -> None:
    if record.signatures:
        return
    with st.expander(say("details.remove")), st.form(f"remove {record.slide.id}"):
        st.write(say("details.remove_what"))
        why = st.text_input(say("details.remove_why"), max_chars=MOST_LETTERS)
        done = st.form_submit_button(say("details.remove"), icon=":material/delete:")
    if not done:
        return
    try:
        here().store.housekeeping.remove(record.slide.id, why, by=person())
    except StoreError as error:
        st.error(escaped(say.error(error)))
    else:
        st.rerun()
