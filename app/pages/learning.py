"""What a first reader's calls have taught the list, and what it says of the rest."""

import math
from collections.abc import Sequence

import streamlit as st

from app.board.board_session import Alike, BoardSession
from app.pages.links import escaped
from app.person import words
from app.wording import Words
from core.errors import SmearscopeError
from core.review import (
    LearnedList,
    WhatIsLeft,
    learned_list,
    not_offered,
    ranks_like,
    sample_bound,
    sample_read,
)
from core.store import Candidate, Role, SlideRecord, Store, StoreError

LEAST_SAMPLE = 10
"""Fewer cells drawn at random bound nothing that is worth saying."""
ALIKE = 20
"""Cells that are shown when a reader asks for more like one."""


def learn(store: Store, record: SlideRecord, reader: str) -> tuple[SlideRecord, LearnedList | None]:
    """Rank the unread cells anew, and lay before the reader those that are to be read next.

    Until as many were read as the review budget says: more are shown when the reader asks for them.

    Returns
    -------
    The record as it is then, and the list; None where nothing is learned yet.
    """
    learned = learned_list(record)
    if learned is None or record.taken_in is None:
        return record, None
    read = {one.candidate_id for one in record.readings if one.role == Role.FIRST and one.undone_by is None}
    ranks = not_offered(record, learned)
    if ranks and len(read) < record.taken_in.result.cells.listed:
        try:
            store.offer_ranked(record.slide.id, ranks, by=reader)
        except StoreError as error:  # as where somebody has signed or removed the slide meanwhile
            st.toast(escaped(words().error(error)), icon=":material/error:")
            return record, learned
        record = store.record(record.slide.id)
        learned = learned_list(record)
    return record, learned


def find_alike(store: Store, session: BoardSession) -> None:
    """Lay before the reader what looks most like the cell that the board asks about, to be shown first."""
    cell, record = session.sent.alike, store.record(session.slide_id)
    candidate = next((one for one in record.candidates if str(one.id) == cell), None)
    session.alike = None
    try:
        ranks = () if candidate is None else ranks_like(record, candidate, ALIKE)
        if not ranks:
            st.toast(words()("learned.none_alike"))
            return
        store.offer_ranked(session.slide_id, ranks, by=session.reader)
        session.alike = Alike(cell, ranks)
    except SmearscopeError as error:  # as where the slide was signed meanwhile
        st.toast(escaped(words().error(error)), icon=":material/error:")


def alike_first(cells: Sequence[Candidate], alike: Alike | None) -> tuple[Candidate, ...]:
    """Cells in the order in which they are shown: first the one asked about and those that look like it."""
    if alike is None:
        return tuple(cells)
    place = {rank: number for number, rank in enumerate(alike.ranks, start=1)}

    def at(candidate: Candidate) -> int:
        if str(candidate.id) == alike.cell:
            return 0
        return len(place) + 1 if candidate.rank is None else place.get(candidate.rank, len(place) + 1)

    return tuple(sorted(cells, key=at))


def what_was_learned(learned: LearnedList, say: Words) -> str:
    """Whether the list was ranked anew, and what may still be expected of it; empty if nothing is known."""
    said = [say("learned.anew", count=learned.calls)] if learned.ranked_anew else []
    if learned.left is not None:
        said.append(_what_is_left(learned.left, say))
    return " ".join(said)


def what_a_sample_says(record: SlideRecord, say: Words) -> str:
    """How many of the cells further down may be parasites, by those drawn from them at random; or empty."""
    read = sample_read(record)
    if read.cells < LEAST_SAMPLE:
        return ""
    share = math.ceil(1000 * sample_bound(read)) / 1000  # "at most" must hold as it is shown
    if not read.parasites:
        return say("learned.sample_none", count=read.cells, share=share)
    return say("learned.sample_some", count=read.parasites, cells=read.cells, share=share)


def _what_is_left(left: WhatIsLeft, say: Words) -> str:
    since = [say("learned.since", count=left.since_last)] if left.since_last else []
    return " ".join([*since, _expected(left.expected_ahead, left.ahead, say)])


def _expected(parasites: float, cells: int, say: Words) -> str:
    if parasites < 1:
        return say("learned.fewer_than_one", cells=cells)
    return say("learned.expected", count=round(parasites), cells=cells)
