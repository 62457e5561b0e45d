"""The slide itself: all of it to pan and zoom, its cells by call, and a click to mark what was missed."""

from functools import partial

import streamlit as st

from app.cell_numbers import CellNumbers
from app.pages.field_by_field import by_field
from app.pages.links import (
    REVIEW,
    SECOND,
    SLIDE,
    asked_number,
    asked_record,
    escaped,
    go,
    link,
    slide_head,
    until_scored,
)
from app.pages.unblinding import has_looked, sees_calls, shows_calls
from app.person import may, need, person, words
from app.plan.plan_session import PlanSession
from app.plan.slide_plan import cell_at, plan, plan_data
from app.reading_roles import reads_on_as
from app.wording import Words
from app.workplace import here
from core.cells.boxes import Box, rounded_box
from core.errors import SmearscopeError
from core.results.fields import FieldRow
from core.results.folder import fields_of
from core.review import cells_for, is_anothers, standing
from core.store import (
    Call,
    Candidate,
    Opinion,
    Reason,
    Right,
    Role,
    SlideRecord,
    Stage,
)
from core.store.records import same_person
from core.wording import term

_CALLS = (
    ("p", Opinion(Call.PARASITE)),
    ("1", Opinion(Call.PARASITE, stage=Stage.RING)),
    ("2", Opinion(Call.PARASITE, stage=Stage.TROPHOZOITE)),
    ("3", Opinion(Call.PARASITE, stage=Stage.SCHIZONT)),
    ("4", Opinion(Call.PARASITE, stage=Stage.GAMETOCYTE)),
    ("n", Opinion(Call.NOT_PARASITE)),
    ("a", Opinion(Call.NOT_PARASITE, reason=Reason.ARTEFACT)),
    ("l", Opinion(Call.NOT_PARASITE, reason=Reason.PLATELET)),
    ("w", Opinion(Call.NOT_PARASITE, reason=Reason.WHITE_CELL)),
    ("s", Opinion(Call.NOT_PARASITE, reason=Reason.STAIN)),
    ("u", Opinion(Call.UNSURE)),
)


def slide_page() -> None:
    """Show a slide."""
    say = words()
    need(Right.LOOK)
    record = asked_record(say)
    slide_head(record, say, SLIDE)
    if record.taken_in is None:
        until_scored(record.slide.id)
        return
    asked, session = _asked(record, person()), PlanSession.of(record.slide.id)
    if asked is not None and session.came_for != asked.id:
        # Once: after that the person moves on from cell to cell.
        session.came_for, session.chosen = asked.id, (asked.field, asked.box)
    _slide(record.slide.id)


@st.fragment
def _slide(slide_id: int) -> None:
    say, reader, workplace = words(), person(), here()
    need(Right.LOOK)
    record = workplace.store.record(slide_id)
    if record.taken_in is None:
        return
    rows = fields_of(record.taken_in.folder, record.taken_in.sha256)
    fields = {row.name: row for row in rows if row.was_read}
    session = PlanSession.of(slide_id)
    place = session.chosen
    if place is not None and place[0] not in fields:
        place = None
    blind = not shows_calls(record, reader)
    if session.take_to_gallery() and place is not None:
        _to_gallery(record, place, reader, say)
    main, beside = st.columns([4.2, 1], gap="medium")
    with beside:
        if blind:
            st.caption(say("plan.blind"))
        if place is None:
            st.info(say("plan.click"))
        else:
            _chosen(record, fields[place[0]], place[1], reader, say)
        if may(Right.READ) and not record.locked:
            st.button(say("board.undo"), key="undo", shortcut="z", on_click=_undo, args=(session, reader))
    with main:
        plan(
            key=session.key,
            data=plan_data(
                workplace,
                record,
                record.taken_in,
                say,
                reader=reader,
                role=reads_on_as(record, reader),
                blind=blind,
                chosen=place,
                fields=by_field(record, reader, say.language, blind=blind),
            ),
            on_chosen_change=partial(_keep_chosen, session),
            on_gallery_change=session.ask_gallery,
        )


def _asked(record: SlideRecord, reader: str) -> Candidate | None:
    """The candidate in the address: by the number of the blind too, who come from the second reading."""
    number, sees = asked_number("cell"), sees_calls(record, reader)
    for_blind = _numbers_for_blind(record, reader)
    return next(
        (
            one
            for one in record.candidates
            if number == for_blind.shown(one.id) or (sees and number == one.id)
        ),
        None,
    )


def _numbers_for_blind(record: SlideRecord, reader: str) -> CellNumbers:
    return CellNumbers.of(here().secret, record, reader, blind=True)


def _keep_chosen(session: PlanSession) -> None:
    """Keep the box that was chosen, with the field on which it is."""
    chosen = session.sent.chosen
    taken_in = here().store.record(session.slide_id).taken_in
    if chosen is None or taken_in is None:
        return
    field = fields_of(taken_in.folder, taken_in.sha256)[chosen["field"]]
    session.chosen = (field.name, rounded_box(chosen["box"]))


def _to_gallery(record: SlideRecord, place: tuple[str, Box], reader: str, say: Words) -> None:
    """Go to the chosen cell in the gallery, where it is a candidate and the person may see it there."""
    candidate, role = cell_at(record, *place), reads_on_as(record, reader)
    if candidate is None:
        st.toast(say("plan.nobody_offered"))
    elif role == Role.SECOND and may(Right.READ) and candidate in cells_for(record, role, reader):
        go(SECOND, slide=record.slide.id, cell=_numbers_for_blind(record, reader).shown(candidate.id))
    elif sees_calls(record, reader) and may(Right.READ):
        go(REVIEW, slide=record.slide.id, cell=candidate.id)


def _chosen(record: SlideRecord, field: FieldRow, box: Box, reader: str, say: Words) -> None:
    """What is known of the chosen cell, and the keys to call it."""
    candidate = cell_at(record, field.name, box)
    role = reads_on_as(record, reader)
    readings = {} if candidate is None else standing(record.readings).get(candidate.id, {})
    st.markdown(f"**{say('plan.chosen')}**")
    if role in readings and same_person(readings[role].reader, reader):
        opinion = readings[role].opinion
        detail = opinion.stage or opinion.reason
        call = say(f"call.{opinion.call}") + (
            f"{say('board.colon')}{say(f'detail.{detail}')}" if detail else ""
        )
        st.markdown(say("plan.called", call=call))
    elif candidate is None:
        st.caption(say("plan.nobody_offered"))
    if candidate is not None and sees_calls(record, reader):
        link(REVIEW, say("plan.to_gallery"), slide=record.slide.id, cell=candidate.id)
    if candidate is not None and candidate.why_not:
        st.caption(say("plan.not_counted", why=candidate.why_not))
    if field.why_excluded:
        st.warning(say("plan.excluded", why=escaped(term("why", field.why_excluded, say.language))))
    if record.locked or not field.looked_at or not may(Right.READ):
        return
    if role != Role.FIRST and is_anothers(readings, role, reader):
        st.info(say("plan.anothers"))
        return
    if role == Role.SECOND and has_looked(record, reader):
        st.warning(say("unblinding.has_looked"), icon=":material/visibility_off:")
        return
    place = f"{field.name} {box}"
    with st.container(horizontal=True, gap="small"):
        for letter, opinion in _CALLS:
            detail = opinion.stage or opinion.reason
            st.button(
                say(f"detail.{detail}") if detail else say(f"call.{opinion.call}"),
                key=f"{letter} {place}",
                shortcut=letter,
                on_click=_call,
                args=(record.slide.id, field.name, box, opinion, reader, role),
            )


def _call(slide_id: int, field: str, box: Box, opinion: Opinion, reader: str, role: Role) -> None:
    try:
        here().store.mark(slide_id, field, box, opinion, reader=reader, role=role)
    except SmearscopeError as error:
        st.toast(escaped(words().error(error)), icon=":material/error:")


def _undo(session: PlanSession, reader: str) -> None:
    """Take back the person's last call on the slide, and choose the cell that it was about."""
    store = here().store
    try:
        undone = store.undo(session.slide_id, reader=reader)
    except SmearscopeError as error:
        st.toast(escaped(words().error(error)), icon=":material/error:")
        return
    if undone is None:
        st.toast(words()("plan.nothing_to_undo"))
        return
    candidates = store.record(session.slide_id).candidates
    session.chosen = next((one.field, one.box) for one in candidates if one.id == undone.candidate_id)
