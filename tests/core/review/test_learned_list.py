"""A slide's list ranked anew by its first reader: what is read next, what stays, and what may be expected."""

from pathlib import Path

import numpy as np
import pytest

from core.review import LearnedList, learned_list, ranks_like
from core.store import Candidate, Role, SlideRecord, Store
from tests.scored_slides import NOT_PARASITE, PARASITE, UNSURE, keep_features, scored_slide

LISTED, SEEN = 20, 60
PARASITES = {1, 4, 7, 31, 32, 44}
"""Ranks of cells that look alike to the second look; the other cells look like something else."""


@pytest.fixture
def record(store: Store, tmp_path: Path) -> SlideRecord:
    """A slide of 100 cells of which the second look has seen the first 60, and 20 are laid before readers."""
    record = scored_slide(store, tmp_path / "slide", listed=LISTED, fields=10)
    keep_features(record, SEEN, PARASITES)
    return record


def read(store: Store, ranks: range, role: Role = Role.FIRST, reader: str = "Anna") -> SlideRecord:
    """Read cells of these ranks as they are."""
    for candidate in store.record(1).candidates:
        if candidate.rank in ranks:
            opinion = PARASITE if candidate.rank in PARASITES else NOT_PARASITE
            store.read(1, candidate.id, opinion, reader=reader, role=role)
    return store.record(1)


def learned(record: SlideRecord) -> LearnedList:
    found = learned_list(record)
    assert found is not None
    return found


def ranks(cells: tuple[Candidate, ...]) -> list[int | None]:
    return [cell.rank for cell in cells]


def test_nothing_is_learned_before_ten_calls(store: Store, record: SlideRecord) -> None:
    assert learned_list(record) is None
    assert learned_list(read(store, range(1, 10))) is None
    assert learned(read(store, range(10, 11))).calls == 10


def test_what_looks_like_the_parasites_is_to_be_read_next_wherever_it_stands(
    store: Store, record: SlideRecord
) -> None:
    found = learned(read(store, range(1, 11)))
    assert found.ranked_anew
    assert set(found.first_unread[:3]) == {31, 32, 44}
    assert len(found.first_unread) == 10
    assert not set(found.first_unread) & set(range(1, 11))
    assert record.slide.id == 1


def test_the_cells_laid_before_the_reader_are_ordered_by_it_those_that_were_read_first(
    store: Store, record: SlideRecord
) -> None:
    next_ranks = learned(read(store, range(1, 11))).first_unread
    store.offer_ranked(1, next_ranks, by="Anna")
    order = ranks(learned(store.record(1)).order)
    assert order[:10] == list(range(1, 11))
    assert set(order[10:13]) == {31, 32, 44}
    assert set(order) == {*range(1, LISTED + 1), *next_ranks}
    assert record.laid_out == store.record(1).laid_out == LISTED


def test_the_list_is_ranked_anew_after_every_ten_calls_and_not_in_between(
    store: Store, record: SlideRecord
) -> None:
    at_ten = learned(read(store, range(1, 11)))
    at_fifteen = learned(read(store, range(11, 16)))
    assert at_fifteen.calls == 10
    np.testing.assert_array_equal(at_fifteen.ranking.log_odds, at_ten.ranking.log_odds)
    assert not set(at_fifteen.first_unread) & set(range(11, 16))
    assert learned(read(store, range(16, 21))).calls == 20
    assert record.slide.id == 1


def test_calls_that_are_all_alike_leave_the_order_of_the_machine(store: Store, record: SlideRecord) -> None:
    now = record
    for candidate in record.candidates[:10]:
        store.read(1, candidate.id, NOT_PARASITE, reader="Anna", role=Role.FIRST)
        now = store.record(1)
    found = learned(now)
    assert not found.ranked_anew
    assert found.first_unread == tuple(range(11, 21))
    assert ranks(found.order) == list(range(1, LISTED + 1))


def test_neither_unsure_nor_a_second_readers_calls_teach_anything(store: Store, record: SlideRecord) -> None:
    for candidate in record.candidates[:10]:
        store.read(1, candidate.id, UNSURE, reader="Anna", role=Role.FIRST)
    assert learned_list(read(store, range(1, 16), Role.SECOND, "Ben")) is None


def test_a_call_that_was_taken_back_teaches_no_more(store: Store, record: SlideRecord) -> None:
    read(store, range(1, 11))
    store.undo(1, reader="Anna")
    assert learned_list(store.record(1)) is None
    assert record.slide.id == 1


def test_cells_drawn_at_random_stay_last(store: Store, record: SlideRecord) -> None:
    drawn = store.draw_sample(1, 3, by="Anna")
    order = learned(read(store, range(1, 11))).order
    assert [cell.id for cell in order[-3:]] == [cell.id for cell in drawn]
    assert record.slide.id == 1


def test_without_features_the_machines_order_stays(store: Store, tmp_path: Path) -> None:
    scored_slide(store, tmp_path / "old", listed=LISTED, fields=10)
    assert learned_list(read(store, range(1, 16))) is None


def test_after_thirty_calls_it_says_how_many_parasites_to_expect(store: Store, record: SlideRecord) -> None:
    store.offer_more(1, 20, by="Anna")
    assert learned(read(store, range(1, 30))).left is None
    left = learned(read(store, range(30, 41))).left
    assert left is not None
    assert (left.unread, left.ahead, left.since_last) == (20, 20, 8)  # the last was that of rank 32
    assert 0 < left.expected_ahead < 3  # one stands there
    assert record.slide.id == 1


def test_the_cells_most_like_one_are_the_unread_ones_nearest_in_what_the_second_look_saw(
    store: Store, record: SlideRecord
) -> None:
    first = record.candidates[0]
    assert set(ranks_like(record, first, 5)) == PARASITES - {1}
    now = read(store, range(4, 5))
    assert set(ranks_like(now, first, 4)) == PARASITES - {1, 4}
    assert len(ranks_like(now, first, 1000)) == SEEN - 2
    assert ranks_like(now, first, 0) == ()
