"""The slide itself: a field to pan and zoom, its cells by call, and a click to mark what was missed."""

import streamlit as st

from app.addresses import Permit, picture_base
from app.pages.links import REVIEW, SLIDE, asked_number, asked_record, escaped, link, slide_head
from app.pages.unblinding import has_looked, sees_calls
from app.person import person, words
from app.result_tables import FieldRow, fields_of
from app.slide_plan import cell_at, plan, plan_data
from app.wording import Words
from app.workplace import here
from core.review import standing
from core.store import (
    Box,
    Call,
    Opinion,
    Reason,
    Role,
    SlideRecord,
    Stage,
    StoreError,
)
from core.store.writes import same_person

_CALLS = (
    ("p", Opinion(Call.PARASITE)),
    ("1", Opinion(Call.PARASITE, stage=Stage.RING)),
    ("2", Opinion(Call.PARASITE, stage=Stage.TROPHOZOITE)),
    ("3", Opinion(Call.PARASITE, stage=Stage.SCHIZONT)),
    ("4", Opinion(Call.PARASITE, stage=Stage.GAMETOCYTE)),
    ("n", Opinion(Call.NOT_PARASITE)),
    ("a", Opinion(Call.NOT_PARASITE, reason=Reason.ARTEFACT)),
    ("l", Opinion(Call.NOT_PARASITE, reason=Reason.PLATELET)),
    ("s", Opinion(Call.NOT_PARASITE, reason=Reason.STAIN)),
    ("u", Opinion(Call.UNSURE)),
)


def slide_page() -> None:
    """Show a slide field by field."""
    say = words()
    record = asked_record(say)
    slide_head(record, say, SLIDE)
    if record.taken_in is None:
        st.info(say("reading.not_scored", state=say(f"state.{record.slide.scoring}")))
        return
    fields = fields_of(record.taken_in.folder, record.taken_in.sha256)
    cell = asked_number("cell")
    asked = next((one for one in record.candidates if one.id == cell), None)
    key = f"field {record.slide.id}"
    if asked is not None and st.session_state.get(f"{key} asked") != asked.id:
        # Once: after that the person moves on from field to field.
        st.session_state[f"{key} asked"] = asked.id
        st.session_state[key] = next(row.number for row in fields if row.name == asked.field)
        st.session_state[f"{key} chosen"] = (asked.field, asked.box)
    _field(record.slide.id)


@st.fragment
def _field(slide_id: int) -> None:
    say, reader, workplace = words(), person(), here()
    record = workplace.store.record(slide_id)
    if record.taken_in is None:
        return
    fields = {row.number: row for row in fields_of(record.taken_in.folder, record.taken_in.sha256)}
    key = f"field {slide_id}"
    if st.session_state.get(key) not in fields:
        st.session_state[key] = max(fields.values(), key=lambda row: row.called).number
    main, beside = st.columns([4.2, 1], gap="medium")
    blind = not sees_calls(record, reader)
    with beside:
        field = _choose_field(fields, key, say)
        shown = {
            "boxes": st.toggle(say("plan.boxes"), value=True),
            "heat": not blind and st.toggle(say("plan.heat"), value=False),
        }
        opacity = st.slider(say("board.opacity"), 10, 100, 60, disabled=not shown["heat"]) / 100
        if blind:
            st.caption(say("plan.blind"))
        chosen_field, box = st.session_state.get(f"{key} chosen") or (None, None)
        chosen = box if chosen_field == field.name else None
        _chosen(record, field, chosen, reader, say)
    with main:
        permit = Permit(slide_id, record.taken_in.id, blind)
        base = picture_base(workplace.secret, permit)
        plan(
            key=f"plan {slide_id}",
            data=plan_data(
                record,
                record.taken_in,
                field,
                say,
                fields_base=base.replace("/pictures/", "/fields/", 1),
                pictures_base=base,
                chosen=chosen,
                only_by=reader if blind else None,
                mapped={} if blind else workplace.tiles.mapped(slide_id),
                shown=shown,
                opacity=opacity,
            ),
            on_chosen_change=lambda: _keep_chosen(slide_id, key),
        )


def _choose_field(fields: dict[int, FieldRow], key: str, say: Words) -> FieldRow:
    numbers = list(fields)
    position = numbers.index(st.session_state[key])
    st.button(
        say("plan.before"),
        shortcut="PageUp",
        disabled=position == 0,
        on_click=_go_to,
        args=(key, numbers[max(0, position - 1)]),
        width="stretch",
    )
    st.button(
        say("plan.after"),
        shortcut="PageDown",
        disabled=position == len(numbers) - 1,
        on_click=_go_to,
        args=(key, numbers[min(len(numbers) - 1, position + 1)]),
        width="stretch",
    )
    number = st.selectbox(
        say("plan.field"), numbers, format_func=lambda one: _field_line(fields[one], say), key=key
    )
    field = fields[number]
    if field.why_excluded:
        st.warning(say("plan.excluded", why=escaped(field.why_excluded)))
    return field


def _field_line(field: FieldRow, say: Words) -> str:
    return say("plan.field_line", name=field.name, cells=field.cells, called=field.called)


def _go_to(key: str, number: int) -> None:
    st.session_state[key] = number


def _keep_chosen(slide_id: int, key: str) -> None:
    """Keep the box that was clicked, with the field on which it was."""
    clicked = st.session_state[f"plan {slide_id}"].chosen
    taken_in = here().store.record(slide_id).taken_in
    if clicked is None or taken_in is None:
        return
    fields = {row.number: row.name for row in fields_of(taken_in.folder, taken_in.sha256)}
    x, y, width, height = (round(float(side), 2) for side in clicked)
    st.session_state[f"{key} chosen"] = (fields[st.session_state[key]], (x, y, width, height))


def _chosen(record: SlideRecord, field: FieldRow, box: Box | None, reader: str, say: Words) -> None:
    """What is known of the chosen cell, and the keys to call it."""
    if box is None:
        st.info(say("plan.click"))
        return
    candidate = cell_at(record, field.name, box)
    role = _role_of(record, reader)
    readings = {} if candidate is None else standing(record.readings).get(candidate.id, {})
    st.markdown(f"**{say('plan.chosen')}**")
    if role in readings and same_person(readings[role].reader, reader):
        opinion = readings[role].opinion
        detail = opinion.stage or opinion.reason
        call = say(f"call.{opinion.call}") + (f": {say(f'detail.{detail}')}" if detail else "")
        st.markdown(say("plan.called", call=call))
    elif candidate is None:
        st.caption(say("plan.nobody_offered"))
    if candidate is not None and sees_calls(record, reader):
        link(REVIEW, say("plan.to_gallery"), slide=record.slide.id, cell=candidate.id)
    if record.locked or field.why_excluded:
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
    except StoreError as error:
        st.toast(str(error), icon=":material/error:")


def _role_of(record: SlideRecord, reader: str) -> Role:
    """The role in which a person reads on: their own, else first, else second where another is first."""
    for reading in record.readings:
        if same_person(reading.reader, reader):
            return reading.role
    return Role.SECOND if any(reading.role == Role.FIRST for reading in record.readings) else Role.FIRST
