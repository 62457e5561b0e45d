"""The result of a slide: what it rests on, its signature, its versions, and the files to take away."""

import streamlit as st

from app.pages.erasing import erasing
from app.pages.links import (
    RESULT,
    asked_record,
    escaped,
    link,
    next_step,
    slide_head,
    until_scored,
)
from app.pages.slide_notes import slide_notes
from app.pages.slide_settings import change_settings
from app.pages.tally_panel import tally_panel
from app.pages.unblinding import ask_before_calls
from app.person import may, need, person, words
from app.web.exports import FORMS, Export, Form, export_address
from app.wording import LANGUAGES, Words
from app.workplace import here
from core.review import (
    blocks_signing,
    parasite_totals,
    read_cells,
    read_document,
    sign,
    slide_state,
    tally_of,
    totals_in,
    violations,
)
from core.store import Right, Signature, SlideRecord, StoreError
from core.tally import verdict_text


def result_page() -> None:
    """Show what the readings come to; sign it, amend it, take it away."""
    say, reader = words(), person()
    need(Right.LOOK)
    record = asked_record(say)
    slide_head(record, say, RESULT)
    result = st.container()
    erasing(record, say)  # below all else, and also where the result ends with a question
    with result:
        if record.taken_in is None:
            until_scored(record.slide.id)
        else:
            _result(record, reader, say)


def _result(record: SlideRecord, reader: str, say: Words) -> None:
    ask_before_calls(record, reader, say)
    left, right = st.columns([1, 1], gap="large")
    with left:
        tally_panel(record, say)
        tally = tally_of(record)
        for total in totals_in(parasite_totals(read_cells(record)), say.language):
            st.markdown(f"**{total.label}**{say('board.colon')}{escaped(' · '.join(total.texts))}")
        change_settings(record, reader, say)
        with st.expander(say("result.in_full")):
            text = verdict_text(record.slide.name, tally.evidence, tally.verdict, say.language)
            st.code(text, language=None, wrap_lines=True)
        slide_notes(record, reader, say)
    with right:
        if record.locked:
            st.success(say("result.is_signed", version=len(record.signatures)), icon=":material/task_alt:")
        if not may(Right.SIGN):
            st.caption(say("result.others_sign"))
        elif record.locked:
            _amend(record, reader, say)
        else:
            _sign(record, reader, say)
        for signature in reversed(record.signatures):
            _version(record, signature, reader, say)


def _sign(record: SlideRecord, reader: str, say: Words) -> None:
    st.markdown(f"##### {say('result.sign')}")
    if record.amendments:
        amendment = record.amendments[-1]
        st.info(
            say(
                "result.amending",
                version=amendment.version,
                by=escaped(amendment.by),
                why=escaped(amendment.reason),
            )
        )
    blocks = blocks_signing(record)
    for block in blocks:
        st.warning(escaped(say.text(block)))
    if blocks:
        page, label = next_step(record, slide_state(record), say)
        if page != RESULT:
            link(page, label, slide=record.slide.id)
        return
    st.write(say("result.what_signing_does"))
    with st.form("signature"):
        agreed = st.checkbox(say("result.i_have_looked", name=escaped(reader)))
        done = st.form_submit_button(say("result.sign"), type="primary", icon=":material/edit_document:")
    if done and not agreed:
        st.error(say("result.tick_first"))
    elif done:
        try:
            sign(here().store, record.slide.id, by=reader)
        except StoreError as error:
            st.error(escaped(say.error(error)))
        else:
            st.rerun()


def _amend(record: SlideRecord, reader: str, say: Words) -> None:
    with st.expander(say("result.amend")), st.form("amendment"):
        why = st.text_area(say("result.amend_why"))
        if st.form_submit_button(say("result.amend")):
            try:
                here().store.signatures.begin_amendment(record.slide.id, why, by=reader)
            except StoreError as error:
                st.error(escaped(say.error(error)))
            else:
                st.rerun()


def _version(record: SlideRecord, signature: Signature, reader: str, say: Words) -> None:
    store = here().store
    pictures = store.signatures.pictures(signature)
    signed = read_document(signature)
    with st.container(border=True):
        st.markdown(
            f"**{say('result.version', version=signature.version)}** · "
            + say(f"verdict.{signed.verdict.kind}")
        )
        st.caption(
            say(
                "result.signed_by",
                name=escaped(signature.by),
                when=f"{signature.at:%Y-%m-%d %H:%M} UTC",
            )
        )
        st.caption(f"SHA-256 `{signature.sha256}`")
        altered = violations(record, signature.version, pictures)
        for sentence in altered:
            st.error(escaped(say.text(sentence)), icon=":material/gpp_bad:")
        if not altered:
            st.caption(f":material/verified_user: {say('result.verified')}")
        if not may(Right.EXPORT):
            return
        # The PDF names the patient.
        forms = [form for form in FORMS.values() if form.language is None or may(Right.SEE_PATIENTS)]
        _downloads([form for form in forms if form.annotations is None], signature, reader, say)
        with st.expander(say("result.annotations")):
            st.caption(say("result.what_annotations_hold"))
            _downloads([form for form in forms if form.annotations is not None], signature, reader, say)


def _downloads(forms: list[Form], signature: Signature, reader: str, say: Words) -> None:
    st.html(
        "".join(
            f'<a class="export" download href="{_address(signature, form, reader)}">{_label(form, say)}</a>'
            for form in forms
        )
    )


def _address(signature: Signature, form: Form, reader: str) -> str:
    export = Export(signature.slide_id, signature.version, form.name, reader)
    return export_address(here().secret, export)


def _label(form: Form, say: Words) -> str:
    if form.language is None:
        return form.name
    return say("result.pdf_in", language=LANGUAGES[form.language])
