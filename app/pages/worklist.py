"""The worklist: every slide, where it stands, and the way to what is to be done next."""

from collections.abc import Sequence

import streamlit as st

from app.jobs.progress import progress_path, read_progress
from app.jobs.start import start
from app.pages.details import restore
from app.pages.links import (
    BRING_IN,
    DETAILS,
    NEXT,
    OPENED_BY,
    RESULT,
    SLIDE,
    entered_patient,
    escaped,
    go,
    link,
    next_step,
)
from app.pages.unblinding import sees_calls
from app.pages.watched import is_watched, watched_slides
from app.person import may, need, person, words
from app.table.slide_row import SlideRow, row_of
from app.table.slide_table import Cell, Row, slide_table, table_data
from app.wording import Words
from app.workplace import here
from core.review import SlideState
from core.store import Removal, Right, ScoringStep, SlideRecord, StoreError
from core.tally import TARGET_CELLS

COLUMNS = (
    *("number", "laboratory", "patient", "slide", "sampled_on", "state", "readers"),
    *("cells", "read", "agreed", "accepted_alone", "disputed"),
)
REMOVED_COLUMNS = (*COLUMNS[:5], "removed_at", "removed_by", "reason")
_RESTORE = "restore"
_TABLE = "slides"
_GOING_ON = {SlideState.QUEUED, SlideState.SCORING}
_Counted = tuple[SlideRecord, SlideRow]
_kept: dict[int, _Counted] = {}
"""Of all sessions: some hundred slides take a second to count."""


def worklist_page() -> None:
    """Show the worklist; while slides are scored or watched it looks again every two seconds."""
    say = words()
    need(Right.LOOK)
    title, notice = st.columns([1, 2], vertical_alignment="bottom")
    title.markdown(f"##### {say('page.worklist')}")
    notice.caption(f"**{say('notice')}**", text_alignment="right")
    counted = _counted()
    if not counted and not is_watched():
        st.info(say("worklist.empty"))
        if may(Right.BRING_IN):
            link(BRING_IN, say("page.bring-in"), icon=":material/add_photo_alternate:")
        return
    st.session_state.looks_again = _is_going_on(counted) or is_watched()
    st.fragment(_list, run_every=2 if st.session_state.looks_again else None)()


def _counted() -> list[_Counted]:
    """All slides, the latest first; what has not changed since the last look is not counted anew."""
    found = []
    for record in reversed(here().store.records()):
        before = _kept.get(record.slide.id)
        # The store gives the same record where nothing was written about the slide.
        counted = before if before is not None and before[0] is record else (record, row_of(record))
        _kept[record.slide.id] = counted
        found.append(counted)
    return found


def _is_going_on(counted: Sequence[_Counted]) -> bool:
    return any(row.state in _GOING_ON for _, row in counted)


def _list() -> None:
    say, workplace = words(), here()
    need(Right.LOOK)
    counted = _counted()
    going_on = _is_going_on(counted)
    if going_on:
        start(workplace)  # also where the process was killed amid a slide
    if st.session_state.looks_again != (going_on or is_watched()):
        st.rerun()  # scoring has begun or is over: the list must look again every two seconds, or need not
    watched_slides(say)
    if not counted:
        return
    search, states_of, off = st.columns([1.3, 3.6, 0.6], vertical_alignment="center")
    wanted = search.text_input(
        say("worklist.search"),
        key="search",
        icon=":material/search:",
        placeholder=say("worklist.search"),
        label_visibility="collapsed",
        persist_state="session",
    )
    states = states_of.pills(
        say("worklist.state"),
        list(SlideState),
        selection_mode="multi",
        format_func=lambda state: say(f"state.{state}"),
        key="states",
        label_visibility="collapsed",
        persist_state="session",
    )
    removed = any(record.slide.removed for record, _ in counted) and off.toggle(
        say("worklist.removed"), key="removed", persist_state="session"
    )
    patients = may(Right.SEE_PATIENTS)
    found = [
        one
        for one in counted
        if (one[0].slide.removed is not None) == removed and _matches(one, wanted, states, patients=patients)
    ]
    if not found:
        st.info(say("worklist.none_found"))
        return
    columns = REMOVED_COLUMNS if removed else COLUMNS
    asked = slide_table(
        key=_TABLE,
        data=table_data(
            columns, [_row(one, say) for one in found], f"{wanted} {sorted(states)} {removed}", say
        ),
        on_open_change=lambda: None,
        on_act_change=lambda: None,
    )
    if asked.open:
        go(asked.open["page"], slide=asked.open["slide"])
    if asked.act:
        _act(asked.act["slide"], asked.act["act"])


def _matches(counted: _Counted, wanted: str, states: list[SlideState], *, patients: bool) -> bool:
    """Whether a slide is looked for; by its patient and laboratory number only where patients may be seen."""
    record, row = counted
    of_patient = f"{record.case.patient or ''} {record.slide.laboratory_number or ''}" if patients else ""
    text = f"{record.slide.name} {of_patient}".casefold()
    return wanted.casefold().strip() in text and (not states or row.state in states)


def _row(counted: _Counted, say: Words) -> Row:
    record, row = counted
    if record.slide.removed is not None:
        return _removed_row(record, record.slide.removed, say)
    sees = record.taken_in is not None and sees_calls(record, person())
    state = f"{say(f'state.{row.state}')}{_how_far(record, row.state, say)}"
    cells = {
        **_named(record, say),
        "state": Cell(state, list(SlideState).index(row.state), notes=_notes(record, row, say)),
        "readers": Cell.of_text(", ".join(row.readers)),
        "cells": Cell(
            "" if row.cells is None else say.shown(row.cells),
            row.cells,
            None if row.cells is None else min(1.0, row.cells / TARGET_CELLS),
        ),
        "read": Cell(say("worklist.read_of", count=row.read, of=row.to_read), row.read)
        if record.taken_in is not None
        else Cell("", None),
        "agreed": Cell.of_number(row.agreed if sees else None, say),
        "accepted_alone": Cell.of_number(row.accepted_alone if sees else None, say),
        "disputed": Cell.of_number(row.disputed if sees else None, say),
    }
    return Row(record.slide.id, cells, _links(record, row.state, say), _offered_act(row.state, say))


def _removed_row(record: SlideRecord, removed: Removal, say: Words) -> Row:
    cells = {
        **_named(record, say),
        "removed_at": Cell.of_text(f"{removed.at:%Y-%m-%d %H:%M} UTC"),
        "removed_by": Cell.of_text(removed.by),
        "reason": Cell.of_text(removed.reason),
    }
    allowed = may(Right.BRING_IN)
    return Row(record.slide.id, cells, (), (_RESTORE, say("details.restore")) if allowed else None)


def _named(record: SlideRecord, say: Words) -> dict[str, Cell]:
    """What tells a slide from others; the laboratory number only where patients may be seen."""
    slide = record.slide
    number = slide.laboratory_number if may(Right.SEE_PATIENTS) else None
    day = None if slide.sampled_on is None else slide.sampled_on.isoformat()
    return {
        "number": Cell(str(slide.id), slide.id),
        "laboratory": Cell.of_text(number or ""),
        "patient": Cell.of_text(entered_patient(record, say)),
        "slide": Cell.of_text(slide.name),
        "sampled_on": Cell.of_text(day or ""),
    }


def _links(record: SlideRecord, state: SlideState, say: Words) -> tuple[tuple[str, str], ...]:
    """What comes next for the person, and the slide's other pages."""
    if record.taken_in is None or state not in NEXT:
        return ((DETAILS, say("page.details")),) if may(OPENED_BY[DETAILS]) else ()
    first = next_step(record, state, say)
    others = ((page, say(f"page.{page}")) for page in (SLIDE, RESULT) if page != first[0])
    return first, *others


def _offered_act(state: SlideState, say: Words) -> tuple[str, str] | None:
    """What can be done about a slide's scoring, and what it is called."""
    if state in NEXT or not may(Right.BRING_IN):
        return None
    if state in _GOING_ON:
        return ScoringStep.STOPPED, say("scoring.stop")
    return ScoringStep.QUEUED, say("scoring.resume" if state == SlideState.STOPPED else "scoring.again")


def _notes(record: SlideRecord, row: SlideRow, say: Words) -> tuple[str, ...]:
    """What must not be missed about a slide."""
    notes = []
    if row.state == SlideState.FAILED:
        notes.append(record.slide.scoring_detail)
    if record.taken_in is not None:
        result = record.taken_in.result
        if result.evidence.conditions.outside_validity:
            notes.append(say("worklist.not_valid"))
        if not row.to_read:
            notes.append(say("worklist.nothing_located"))
        if result.fields.unreadable:
            notes.append(say("worklist.unreadable", count=len(result.fields.unreadable)))
    if record.flags:
        notes.append(say("worklist.flagged", count=len(record.flags)))
    return tuple(notes)


def _how_far(record: SlideRecord, state: SlideState, say: Words) -> str:
    """How far the scoring of a slide has come, behind its state."""
    if state != SlideState.SCORING:
        return ""
    going = read_progress(progress_path(here().jobs, record.slide.id))
    if going is None:
        return f" · {say('scoring.begins')}"
    text = f" · {say('scoring.fields', done=going.fields_done, count=going.fields, cells=going.cells)}"
    if going.seconds_left is not None:
        text += f" · {say('scoring.left', count=max(1, round(going.seconds_left / 60)))}"
    return text


def _act(slide_id: int, act: str) -> None:
    """Do what was pressed in the table, and show all anew: whether to look again may have changed."""
    if act == _RESTORE:
        restore(slide_id)
        st.rerun()
    try:
        here().store.note_scoring(slide_id, ScoringStep(act), by=person())
    except StoreError as error:
        st.toast(escaped(words().error(error)), icon=":material/error:")
        return
    if act == ScoringStep.QUEUED:
        start(here())
    st.rerun()
