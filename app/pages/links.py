"""Where the pages are, and which slide and cell they are about."""

import re
from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.person import may, need, words
from app.reading_roles import may_read_as
from app.wording import Words
from app.workplace import here
from core.review import SlideState, slide_state
from core.store import Removal, Right, Role, SlideRecord, StoreError

WORKLIST, BRING_IN, AUDIT, PEOPLE = "worklist", "bring-in", "audit", "people"
MODELS = "models"
REVIEW, SECOND, ADJUDICATE = "review", "second-reading", "adjudication"
SLIDE, RESULT, DETAILS = "slide", "result", "details"
_ICONS = {
    REVIEW: ":material/visibility:",
    SECOND: ":material/group:",
    ADJUDICATE: ":material/balance:",
    SLIDE: ":material/map:",
    RESULT: ":material/assignment_turned_in:",
    DETAILS: ":material/edit_note:",
}
OPENED_BY: Mapping[str, Right] = {
    REVIEW: Right.READ,
    SECOND: Right.READ,
    ADJUDICATE: Right.ADJUDICATE,
    SLIDE: Right.LOOK,
    RESULT: Right.LOOK,
    DETAILS: Right.BRING_IN,
}
"""What the pages of a slide ask for."""
READ_AS: Mapping[str, Role] = {REVIEW: Role.FIRST, SECOND: Role.SECOND, ADJUDICATE: Role.ADJUDICATOR}
"""As what one reads on them."""
NEXT: Mapping[SlideState, str] = {
    SlideState.TO_REVIEW: REVIEW,
    SlideState.SECOND_READING: SECOND,
    SlideState.ADJUDICATION: ADJUDICATE,
    SlideState.TO_SIGN: RESULT,
    SlideState.DONE: RESULT,
}
"""The page on which a slide goes on."""
STATE_ICONS: Mapping[SlideState, str] = {
    SlideState.QUEUED: ":material/hourglass_empty:",
    SlideState.SCORING: ":material/progress_activity:",
    SlideState.STOPPED: ":material/pause_circle:",
    SlideState.FAILED: ":material/error:",
    SlideState.TO_REVIEW: ":material/visibility:",
    SlideState.SECOND_READING: ":material/group:",
    SlideState.ADJUDICATION: ":material/balance:",
    SlideState.TO_SIGN: ":material/edit_document:",
    SlideState.DONE: ":material/task_alt:",
}


def opens(page: str, record: SlideRecord) -> bool:
    """Whether a page of a slide is for the person: by their roles, and by what they have read of it."""
    if not may(OPENED_BY[page]):
        return False
    return page not in READ_AS or may_read_as(record, st.session_state.person, READ_AS[page])


def next_step(record: SlideRecord, state: SlideState, say: Words) -> tuple[str, str]:
    """The page on which the person goes on with a slide, and what that is called.

    A second reader goes on while the first is not done. Where the next step is another's, it is the result.
    """
    if state in NEXT and opens(NEXT[state], record):
        return NEXT[state], say(f"do.{state}")
    if state == SlideState.TO_REVIEW and opens(SECOND, record):
        return SECOND, say("do.second reading")
    return RESULT, say("page.result")


def keep_pages(pages: list[Any]) -> None:
    """Keep the pages of this run, so that one can lead to another without importing it."""
    st.session_state.pages = {page.url_path or WORKLIST: page for page in pages}


def link(to: str, label: str, *, icon: str | None = None, **parameters: object) -> None:
    """A link to a page about a slide, and perhaps a cell."""
    st.page_link(
        st.session_state.pages[to],
        label=label,
        icon=icon or _ICONS.get(to),
        query_params={name: str(value) for name, value in parameters.items()},
    )


def go(to: str, **parameters: object) -> None:
    """Go to a page at once."""
    st.switch_page(
        st.session_state.pages[to], query_params={name: str(value) for name, value in parameters.items()}
    )


def asked_number(name: str) -> int | None:
    """A number in the address of the page, such as ``?slide=3``; None where there is none."""
    text = st.query_params.get(name, "")
    return int(text) if text.isdecimal() else None


def asked_record(say: Words, *, also_removed: bool = False) -> SlideRecord:
    """The slide in the page's address; says so and ends the page where there is none, or it was removed."""
    number = asked_number("slide")
    if number is not None:
        try:
            record = here().store.record(number)
        except StoreError as error:
            st.error(escaped(say.error(error)))
        else:
            removed = record.slide.removed
            if removed is None or also_removed:
                return record
            st.markdown(f"##### {escaped(record.slide.name)}")
            st.caption(f"**{say('notice')}**")
            st.warning(removal_in_words(removed, say), icon=":material/delete:")
            if may(OPENED_BY[DETAILS]):
                link(DETAILS, say("page.details"), slide=number)
    else:
        st.info(say("slide.none_asked"))
    link(WORKLIST, say("page.worklist"), icon=":material/list:")
    st.stop()


def removal_in_words(removed: Removal, say: Words) -> str:
    """Who has removed a slide, when and why, in Markdown."""
    when = f"{removed.at:%Y-%m-%d %H:%M} UTC"
    return say("details.removed", by=escaped(removed.by), when=when, why=escaped(removed.reason))


def slide_head(record: SlideRecord, say: Words, active: str) -> None:
    """The slide's name and state, and the way to its other pages."""
    state = slide_state(record)
    title, ways = st.columns([1, 1], vertical_alignment="center")
    title.markdown(f"##### {escaped(record.slide.name)}")
    title.caption(
        f"{shown_patient(record, say)} · {STATE_ICONS[state]} {say(f'state.{state}')} · **{say('notice')}**"
    )
    with title:
        not_valid(record, say)
    with (
        ways,
        st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="small"),
    ):
        for page in (REVIEW, SECOND, ADJUDICATE, SLIDE, RESULT, DETAILS):
            if page == active:
                st.markdown(f"**{_ICONS[page]} {say(f'page.{page}')}**", width="content")
            elif opens(page, record):
                link(page, say(f"page.{page}"), slide=record.slide.id)


def not_valid(record: SlideRecord, say: Words) -> None:
    """Say of a slide that its figures are withdrawn, where they are; whatever else is known of it."""
    if record.taken_in is not None and record.taken_in.result.evidence.conditions.outside_validity:
        st.caption(f":material/block: **{say('slide.not_valid')}**")


@st.fragment(run_every=5)
def until_scored(slide_id: int) -> None:
    """Say that a slide has no result yet; show its page once it has."""
    say = words()
    need(Right.LOOK)
    record = here().store.record(slide_id)
    if record.taken_in is not None:
        st.rerun()
    st.info(say("reading.not_scored", state=say(f"state.{record.slide.scoring}")))
    link(WORKLIST, say("page.worklist"), icon=":material/list:")


def flagged_fields(record: SlideRecord, say: Words) -> None:
    """The fields to photograph again, where there are any."""
    if record.flags:
        with st.expander(say("reading.flagged", count=len(record.flags))):
            for flag in record.flags:
                st.caption(escaped(f"{flag.field} ({flag.by})"))


def shown_patient(record: SlideRecord, say: Words) -> str:
    """The patient as entered, in Markdown; or that none was entered, was erased, or is not to be shown."""
    return escaped(entered_patient(record, say))


def entered_patient(record: SlideRecord, say: Words) -> str:
    """The patient as entered; or that none was entered, was erased, or is not to be shown."""
    if not may(Right.SEE_PATIENTS):
        return say("patient.hidden")
    patient = record.case.patient
    if patient is None:
        return say("patient.erased")
    return " ".join(patient.split()) or say("patient.none")


def escaped(text: str) -> str:
    """A text of a person in Markdown: shown as it stands, with no mark-up, picture or link of its own."""
    unlinked = _MADE_LINKS.sub("\N{WORD JOINER}", " ".join(text.split()))
    return "".join(f"\\{letter}" if letter in _MARKS else letter for letter in unlinked)


_MADE_LINKS = re.compile(r"(?=@)|(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)
"""Where addresses become links in spite of every mark, unless they are parted."""
_MARKS = frozenset("\\`*_{}[]()<>#+-.!|~$:")
