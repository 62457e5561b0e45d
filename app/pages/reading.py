"""Reading a slide's cells: the first reading, the second and blind one, and what is settled between them."""

from functools import partial

import streamlit as st

from app.pages.links import (
    ADJUDICATE,
    RESULT,
    REVIEW,
    SECOND,
    asked_number,
    asked_record,
    escaped,
    link,
    slide_head,
)
from app.pages.tally_panel import tally_panel
from app.pages.unblinding import ask_before_calls, has_looked
from app.person import person, words
from app.review_board import Written, board, board_data, write_entries
from app.wording import Words
from app.workplace import here
from core.review import cells_for, standing
from core.store import Role, SlideRecord, Species, StoreError, TakenIn
from core.store.writes import same_person

FURTHER = 20
"""Cells that are offered at a time beyond those that the machine called."""
_PAGES = {Role.FIRST: REVIEW, Role.SECOND: SECOND, Role.ADJUDICATOR: ADJUDICATE}


def review_page() -> None:
    """The first reading."""
    _page(Role.FIRST)


def second_reading_page() -> None:
    """The second reading, blind."""
    _page(Role.SECOND)


def adjudication_page() -> None:
    """What first and second reader differ on."""
    _page(Role.ADJUDICATOR)


def _page(role: Role) -> None:
    say, reader = words(), person()
    record = asked_record(say)
    slide_head(record, say, _PAGES[role])
    if record.taken_in is None:
        st.info(say("reading.not_scored", state=say(f"state.{record.slide.scoring}")))
        return
    other = _other_role(record, reader, role)
    if other is not None:
        st.warning(say("reading.other_role", role=say(f"role.{other}"), wanted=say(f"role.{role}")))
        return
    if role == Role.SECOND and has_looked(record, reader):
        st.warning(say("unblinding.has_looked"), icon=":material/visibility_off:")
        return
    if role != Role.SECOND:
        ask_before_calls(record, reader, say)
    _reading(record.slide.id, role, asked_number("cell"))


@st.fragment
def _reading(slide_id: int, role: Role, at: int | None) -> None:
    """The board and what stands beside it; after each decision only this runs again."""
    say, reader, workplace = words(), person(), here()
    key = f"board {slide_id} {role} {reader}"
    record = workplace.store.record(slide_id)
    if record.taken_in is None:
        return
    _problems(key, say)
    if not cells_for(record, role, reader):
        _nothing_to_read(record, role, say)
        return
    main, beside = st.columns([4, 1], gap="medium")
    with main:
        if record.locked:
            st.info(say("reading.signed", version=len(record.signatures)))
        board(
            key=key,
            data=board_data(
                workplace,
                record,
                record.taken_in,
                say,
                reader=reader,
                role=role,
                at=at,
                written=st.session_state.get(f"{key} written"),
            ),
            default={"log": None},
            on_log_change=partial(_take, key, slide_id, role, reader),
        )
    with beside:
        _beside(record, record.taken_in, role, reader, say)


def _take(key: str, slide_id: int, role: Role, reader: str) -> None:
    """Write what the board has sent, before anything is shown."""
    name = f"{key} written"
    written = write_entries(
        here().store,
        slide_id,
        st.session_state[key].log,
        st.session_state.get(name),
        reader=reader,
        role=role,
        species=st.session_state.get(f"species {slide_id}"),
    )
    st.session_state[name] = written


def _problems(key: str, say: Words) -> None:
    written: Written | None = st.session_state.get(f"{key} written")
    for problem in written.problems if written else ():
        st.error(say("reading.not_written", why=escaped(problem)), icon=":material/error:")


def _beside(record: SlideRecord, taken_in: TakenIn, role: Role, reader: str, say: Words) -> None:
    given = cells_for(record, role, reader)
    readings = standing(record.readings)
    unread = sum(role not in readings.get(candidate.id, {}) for candidate in given)
    if role == Role.SECOND:
        # Neither tally nor verdict: they would tell what the first reader has found.
        st.progress(1 - unread / len(given), text=say("reading.left", count=unread))
        st.caption(say("reading.blind"))
    else:
        tally_panel(record, taken_in, say)
    if not unread:
        st.success(say("reading.all_read"))
        link(RESULT, say("page.result"), slide=record.slide.id)
    st.selectbox(
        say("reading.species"),
        [None, *Species],
        format_func=lambda species: say("species.none") if species is None else f"P. {species}",
        key=f"species {record.slide.id}",
        help=say("reading.species_help"),
    )
    if role == Role.FIRST:
        st.button(
            say("reading.further", count=FURTHER),
            on_click=_offer,
            args=(record.slide.id, reader, "further"),
            width="stretch",
        )
        st.button(
            say("reading.sample", count=FURTHER),
            on_click=_offer,
            args=(record.slide.id, reader, "sample"),
            width="stretch",
        )
    if record.flags:
        with st.expander(say("reading.flagged", count=len(record.flags))):
            for flag in record.flags:
                st.caption(escaped(f"{flag.field} ({flag.by})"))


def _offer(slide_id: int, reader: str, kind: str) -> None:
    store = here().store
    try:
        offered = (store.offer_further if kind == "further" else store.draw_sample)(
            slide_id, FURTHER, by=reader
        )
    except StoreError as error:
        st.toast(str(error), icon=":material/error:")
        return
    st.toast(words()("reading.offered", count=len(offered)))


def _nothing_to_read(record: SlideRecord, role: Role, say: Words) -> None:
    if role == Role.FIRST:
        st.info(say("reading.no_candidates"))
        st.button(
            say("reading.sample", count=FURTHER),
            on_click=_offer,
            args=(record.slide.id, person(), "sample"),
            type="primary",
        )
    else:
        st.info(say("reading.nothing_for_adjudicator" if role == Role.ADJUDICATOR else "reading.nothing"))
    link(RESULT, say("page.result"), slide=record.slide.id)


def _other_role(record: SlideRecord, reader: str, role: Role) -> Role | None:
    """The role in which a person has read this slide, where it is another one."""
    for reading in record.readings:
        if reading.role != role and same_person(reading.reader, reader):
            return reading.role
    return None
