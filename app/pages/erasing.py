"""Erasing the patient of a case: for who may, and only after the patient was typed once more."""

import streamlit as st

from app.pages.links import escaped
from app.person import may, person
from app.wording import Words
from app.workplace import here
from core.store import Right, SlideRecord, StoreError


def erasing(record: SlideRecord, say: Words) -> None:
    """A button that opens the question; nothing for who may not erase."""
    if not may(Right.ERASE_PATIENT):
        return
    patient = record.case.patient
    # Rarely meant, and for good: it must not stand out.
    with st.popover(say("patient.erase"), icon=":material/person_off:", type="tertiary"):
        if patient is None:
            st.caption(say("patient.erase_again_what"))
            if st.button(say("patient.erase_again")):
                _erase(record, say)
            return
        of_case = sum(slide.case_id == record.case.id for slide in here().store.slides())
        st.write(say("patient.erase_what", slides=say("patient.slides", count=of_case)))
        with st.form("erase"):
            typed = st.text_input(
                say("patient.erase_type", patient=escaped(patient) or say("patient.none")), autocomplete="off"
            )
            done = st.form_submit_button(say("patient.erase"), type="primary")
        if done and " ".join(typed.split()) != " ".join(patient.split()):
            st.error(say("patient.erase_wrong"))
        elif done:
            _erase(record, say)


def _erase(record: SlideRecord, say: Words) -> None:
    try:
        here().store.erase_patient(record.case.id, by=person())
    except StoreError as error:
        st.error(escaped(say.error(error)))
    else:
        st.rerun()
