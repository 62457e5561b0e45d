"""The worklist: every slide, where it stands, and the way to what is to be done next."""

import streamlit as st

from app.jobs.progress import progress_path, read_progress
from app.jobs.start import start
from app.pages.links import (
    BRING_IN,
    NEXT,
    OPENED_BY,
    RESULT,
    SLIDE,
    STATE_ICONS,
    escaped,
    link,
    not_valid,
    shown_patient,
)
from app.pages.tally_panel import cells_examined, unreadable_images
from app.pages.unblinding import sees_calls
from app.person import may, need, person, words
from app.wording import Words
from app.workplace import here
from core.review import SlideState, progress, slide_state, tally_of
from core.store import Right, ScoringStep, SlideRecord, StoreError

SLIDES_A_PAGE = 20
_GOING_ON = {SlideState.QUEUED, SlideState.SCORING}


def worklist_page() -> None:
    """Show the worklist; while slides are scored it looks again every two seconds."""
    say = words()
    need(Right.LOOK)
    st.subheader(say("page.worklist"))
    st.caption(f"**{say('notice')}**")
    records = here().store.records()
    if not records:
        st.info(say("worklist.empty"))
        if may(Right.BRING_IN):
            link(BRING_IN, say("page.bring-in"), icon=":material/add_photo_alternate:")
        return
    going_on = any(slide_state(record) in _GOING_ON for record in records)
    st.session_state.looks_again = going_on
    st.fragment(_list, run_every=2 if going_on else None)()


def _list() -> None:
    say, workplace = words(), here()
    need(Right.LOOK)
    records = workplace.store.records()
    going_on = any(slide_state(record) in _GOING_ON for record in records)
    if going_on:
        start(workplace)  # also where the process was killed amid a slide
    if st.session_state.looks_again != going_on:
        st.rerun()  # scoring has begun or is over: the list must look again every two seconds, or need not
    wanted = st.text_input(say("worklist.search"), key="search", icon=":material/search:", width=420)
    states = st.pills(
        say("worklist.state"),
        list(SlideState),
        selection_mode="multi",
        format_func=lambda state: f"{STATE_ICONS[state]} {say(f'state.{state}')}",
        key="states",
    )
    patients = may(Right.SEE_PATIENTS)
    found = [record for record in reversed(records) if _matches(record, wanted, states, patients=patients)]
    if not found:
        st.info(say("worklist.none_found"))
        return
    pages = -(-len(found) // SLIDES_A_PAGE)
    page = st.pagination(pages, key="worklist_page") if pages > 1 else 1
    for record in found[(page - 1) * SLIDES_A_PAGE : page * SLIDES_A_PAGE]:
        _slide(record, say)


def _matches(record: SlideRecord, wanted: str, states: list[SlideState], *, patients: bool) -> bool:
    """Whether a slide is looked for; by its patient only where patients may be seen."""
    patient = record.case.patient if patients else None
    text = f"{record.slide.name} {patient or ''}".casefold()
    return wanted.casefold().strip() in text and (not states or slide_state(record) in states)


def _slide(record: SlideRecord, say: Words) -> None:
    state, slide = slide_state(record), record.slide
    with st.container(border=True):
        name, count, left, ways = st.columns([2, 2.4, 1.4, 2], vertical_alignment="center")
        name.markdown(f"**{escaped(slide.name)}**  \n{shown_patient(record, say)}")
        name.markdown(f"{STATE_ICONS[state]} {say(f'state.{state}')}")
        with count:
            if record.taken_in is not None:
                cells_examined(tally_of(record), say)
                unreadable_images(record, say)
                not_valid(record, say)
            else:
                _scoring(record, state, say)
        with left:
            if record.taken_in is not None:
                _left(record, say)
        with ways, st.container(horizontal=True, horizontal_alignment="right"):
            if state in NEXT:
                if may(OPENED_BY[NEXT[state]]):
                    link(NEXT[state], say(f"do.{state}"), slide=slide.id)
                else:
                    link(RESULT, say("page.result"), slide=slide.id)
                link(SLIDE, say("page.slide"), slide=slide.id)
            elif may(Right.BRING_IN):
                _scoring_buttons(record, state, say)


def _left(record: SlideRecord, say: Words) -> None:
    done = progress(record)
    if not done.to_read:
        st.markdown(say("worklist.nothing_located"))
    elif done.first_left:
        st.markdown(say("worklist.left", count=done.first_left, of=done.to_read))
    else:
        st.markdown(say("worklist.read", of=done.to_read))
    if record.taken_in is not None and record.taken_in.result.evidence.conditions.outside_validity:
        st.caption(f":material/block: {say('worklist.no_figures')}")
    if record.flags:
        st.caption(f":material/flag: {say('reading.flagged', count=len(record.flags))}")
    if not sees_calls(record, person()):
        return
    accepted = done.agreed + done.accepted_alone + done.disputed
    st.caption(say("worklist.accepted", count=accepted))


def _scoring(record: SlideRecord, state: SlideState, say: Words) -> None:
    if state == SlideState.FAILED:
        st.error(escaped(record.slide.scoring_detail))
    elif state == SlideState.SCORING:
        going = read_progress(progress_path(here().jobs, record.slide.id))
        if going is None:
            st.progress(0.0, text=say("scoring.begins"))
            return
        text = say("scoring.fields", done=going.fields_done, count=going.fields, cells=going.cells)
        if going.seconds_left is not None:
            text += " · " + say("scoring.left", count=max(1, round(going.seconds_left / 60)))
        st.progress(going.share, text=text)
    else:
        st.caption(say(f"scoring.{state}"))


def _scoring_buttons(record: SlideRecord, state: SlideState, say: Words) -> None:
    number = record.slide.id
    if state in _GOING_ON:
        st.button(
            say("scoring.stop"),
            key=f"stop {number}",
            icon=":material/stop_circle:",
            on_click=_note,
            args=(number, ScoringStep.STOPPED),
        )
    else:
        st.button(
            say("scoring.resume" if state == SlideState.STOPPED else "scoring.again"),
            key=f"resume {number}",
            icon=":material/play_circle:",
            on_click=_note,
            args=(number, ScoringStep.QUEUED),
        )


def _note(slide_id: int, step: ScoringStep) -> None:
    try:
        here().store.note_scoring(slide_id, step, by=person())
    except StoreError as error:
        st.toast(escaped(words().error(error)), icon=":material/error:")
    if step == ScoringStep.QUEUED:
        start(here())
