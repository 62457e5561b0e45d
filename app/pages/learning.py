"""What a first reader's calls have taught the list, and what it says of the rest."""

import streamlit as st

from app.wording import Words
from core.review import LearnedList, WhatIsLeft, learned_list
from core.store import Role, SlideRecord, Store


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
        store.offer_ranked(record.slide.id, ranks, by=reader)
        record = store.record(record.slide.id)
        learned = learned_list(record)
    return record, learned


def not_offered(record: SlideRecord, learned: LearnedList) -> tuple[int, ...]:
    """Ranks of the cells to be read next that are not laid before readers; none where nothing was learned."""
    if not learned.ranked_anew:
        return ()
    offered = {candidate.rank for candidate in record.candidates}
    return tuple(rank for rank in learned.first_unread if rank not in offered)


def say_learned(learned: LearnedList, say: Words) -> None:
    """Say that the list was ranked anew, and what may still be expected of it."""
    said = [say("learned.anew", count=learned.calls)] if learned.ranked_anew else []
    if learned.left is not None:
        said.append(_what_is_left(learned.left, say))
    if said:
        st.caption(" ".join(said))


def _what_is_left(left: WhatIsLeft, say: Words) -> str:
    since = [say("learned.since", count=left.since_last)] if left.since_last else []
    return " ".join([*since, _expected(left.expected_ahead, left.ahead, say)])


def _expected(parasites: float, cells: int, say: Words) -> str:
    if parasites < 1:
        return say("learned.fewer_than_one", cells=cells)
    return say("learned.expected", count=round(parasites), cells=cells)
