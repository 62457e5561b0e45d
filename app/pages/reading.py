"""Reading a slide's cells: the first reading, the second and blind one, and what is settled between them."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from app.board.board_session import BoardSession
from app.board.review_board import board, board_data
from app.pages.learning import alike_first, find_alike, learn, what_a_sample_says, what_was_learned
from app.pages.links import (
    OPENED_BY,
    READ_AS,
    RESULT,
    SLIDE,
    asked_number,
    asked_record,
    escaped,
    flagged_fields,
    go,
    link,
    slide_head,
    until_scored,
)
from app.pages.tally_panel import tally_panel
from app.pages.unblinding import ask_before_calls, has_looked
from app.person import need, person, words
from app.reading_roles import other_role
from app.wording import Words
from app.workplace import here
from core.errors import SmearscopeError
from core.review import (
    LearnedList,
    cells_for,
    keeps_features,
    not_offered,
    progress,
    slide_state,
    standing,
)
from core.store import Candidate, Role, SlideRecord, Species, TakenIn

MORE = 50
"""Cells of the list that are shown at a time beyond the first."""
SAMPLE = 20
"""Cells that are drawn at a time from the rest of the list."""
_PAGES = {role: page for page, role in READ_AS.items()}


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
    need(OPENED_BY[_PAGES[role]])
    record = asked_record(say)
    slide_head(record, say, _PAGES[role])
    if record.taken_in is None:
        until_scored(record.slide.id)
        return
    other = other_role(record, reader, role)
    if other is not None:
        st.warning(say("reading.other_role", role=say(f"role.{other}"), wanted=say(f"role.{role}")))
        return
    if role == Role.SECOND and has_looked(record, reader):
        st.warning(say("unblinding.has_looked"), icon=":material/visibility_off:")
        return
    BoardSession.of(record.slide.id, role, reader).begin()
    _reading(record.slide.id, role, asked_number("cell"))


@st.fragment
def _reading(slide_id: int, role: Role, at: int | None) -> None:
    """The board and what stands beside it; after each decision only this runs again."""
    say, reader, workplace = words(), person(), here()
    need(OPENED_BY[_PAGES[role]])
    session = BoardSession.of(slide_id, role, reader)
    record = workplace.store.record(slide_id)
    taken_in = record.taken_in
    if taken_in is None:
        return
    asked = session.take_asked_on_slide()
    if asked is not None:
        go(SLIDE, slide=slide_id, cell=asked)
    if role != Role.SECOND:
        ask_before_calls(
            record, reader, say
        )  # also while the page stands open: others may have begun to read
    learned = None
    if role == Role.FIRST and not record.locked:
        record, learned = learn(workplace.store, record, reader)
    cells = alike_first(learned.order if learned else cells_for(record, role, reader), session.alike)
    if not cells:
        _nothing_to_read(record, role, say)
        return
    readings = standing(record.readings)
    unread = sum(role not in readings.get(candidate.id, {}) for candidate in cells)
    if session.all_read is None:
        session.all_read = not unread
    if session.all_read != (not unread):
        st.rerun()  # all of the page: its head would go on saying where the slide stood before
    looked_at = taken_in.result.evidence.count.looked_at
    main, beside = st.columns([4, 1], gap="medium")
    with main:
        if record.locked:
            st.info(say("reading.signed", version=len(record.signatures)))
        if role == Role.SECOND:
            _not_valid(taken_in, say)  # to the others the panel beside says why
        if role == Role.FIRST:
            left = progress(record)
            lines = [say("reading.list", count=record.laid_out, of=looked_at, rank=left.read_to)]
            if learned is not None:
                lines.append(what_was_learned(learned, say))
            elif not keeps_features(taken_in):
                lines.append(say("learned.scored_before"))
            lines.append(what_a_sample_says(record, say))
            st.caption("  \n".join(filter(None, lines)))
        data = board_data(
            workplace,
            record,
            taken_in,
            say,
            reader=reader,
            role=role,
            species=st.session_state.get(_species_key(slide_id)),
            at=at,
            holds=session.holds,
            cells=cells,
            alike=session.alike.cell if session.alike else None,
        )
        board(
            key=session.key,
            data=data,
            default={"seen": None},
            on_seen_change=session.hear,
            on_slide_change=session.ask_on_slide,
            on_alike_change=partial(find_alike, workplace.store, session),
        )
    with beside:
        _beside(record, role, unread, len(cells), looked_at, learned, reader, say)


def _not_valid(taken_in: TakenIn, say: Words) -> None:
    """Say in what the slide lies outside the model's validity; short, as the list stands below."""
    conditions = taken_in.result.evidence.conditions
    if not conditions.outside_validity:
        return
    why = [say.text(sentence) for sentence in conditions.outside] or conditions.outside_validity
    st.caption("  \n".join(escaped(text) for text in why))


def _species_key(slide_id: int) -> str:
    """Name of the box in which the species of a slide is chosen, whoever reads it."""
    return f"species {slide_id}"


def _beside(
    record: SlideRecord,
    role: Role,
    unread: int,
    given: int,
    looked_at: int,
    learned: LearnedList | None,
    reader: str,
    say: Words,
) -> None:
    if not unread:
        # Above all else: below a tally nobody would see it.
        st.success(say("reading.all_read"))
        st.caption(say("reading.now", state=say(f"state.{slide_state(record)}")))
        link(RESULT, say("page.result"), slide=record.slide.id)
    if role == Role.SECOND:
        # Neither tally nor verdict: they would tell what the first reader has found.
        st.progress(1 - unread / given, text=say("reading.left", count=unread))
        st.caption(say("reading.blind"))
    else:
        tally_panel(record, say)
    st.selectbox(
        say("reading.species"),
        [None, *Species],
        format_func=lambda species: say("species.none") if species is None else f"P. {species}",
        key=_species_key(record.slide.id),
        help=say("reading.species_help"),
    )
    if role == Role.FIRST:
        _more(record, looked_at - record.laid_out, learned, reader, say)
    flagged_fields(record, say)


def _more(record: SlideRecord, rest: int, learned: LearnedList | None, reader: str, say: Words) -> None:
    """The way to the rest of the list: the next by rank, by what the calls have taught, or some at random."""
    if not rest:
        st.caption(say("reading.list_ends"))
        return
    store = here().store
    if learned is not None and (ranks := not_offered(record, learned)):
        st.button(
            say("learned.more", count=len(ranks)),
            on_click=_offer,
            args=(partial(store.offer_ranked, record.slide.id, ranks, by=reader),),
            width="stretch",
            wrap=True,
        )
    for label, offer, count in (
        ("reading.more", store.offer_more, min(MORE, rest)),
        ("reading.sample", store.draw_sample, min(SAMPLE, rest)),
    ):
        st.button(
            say(label, count=count),
            on_click=_offer,
            args=(partial(offer, record.slide.id, count, by=reader),),
            disabled=record.locked,
            width="stretch",
            wrap=True,
        )


def _offer(offer: Callable[[], tuple[Candidate, ...]]) -> None:
    try:
        offered = offer()
    except SmearscopeError as error:
        st.toast(escaped(words().error(error)), icon=":material/error:")
        return
    st.toast(words()("reading.offered", count=len(offered)))


def _nothing_to_read(record: SlideRecord, role: Role, say: Words) -> None:
    nothing = {Role.FIRST: "no_candidates", Role.ADJUDICATOR: "nothing_for_adjudicator"}
    st.info(say(f"reading.{nothing.get(role, 'nothing')}"))
    link(RESULT, say("page.result"), slide=record.slide.id)
