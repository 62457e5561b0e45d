"""What the calls of several readers come to, and which readings stand."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.review import Decision, decision_of, read_cells
from core.store import Call, Opinion, Role, Stage, Store
from tests.scored_slides import NOT_PARASITE, PARASITE, read_all, scored_slide

MEANING = {"+": Call.PARASITE, "-": Call.NOT_PARASITE, "?": Call.UNSURE}


@pytest.mark.parametrize(
    ("calls", "decision"),
    [
        ("", Decision.UNREAD),
        ("+", Decision.ACCEPTED_BY_ONE),
        ("-", Decision.REJECTED),
        ("?", Decision.UNSURE),
        ("++", Decision.ACCEPTED_BY_BOTH),
        ("+-", Decision.DISPUTED),
        ("+?", Decision.DISPUTED),
        ("-?", Decision.UNSURE),
        ("??", Decision.UNSURE),
        ("--", Decision.REJECTED),
        ("+-+", Decision.ACCEPTED_BY_BOTH),
        ("+--", Decision.REJECTED),
        ("+-?", Decision.DISPUTED),
        ("+?-", Decision.DISPUTED),
        ("-?-", Decision.REJECTED),
        ("-?+", Decision.DISPUTED),
        ("-??", Decision.UNSURE),
    ],
)
def test_a_call_stands_where_two_readers_give_it(calls: str, decision: Decision) -> None:
    assert decision_of([MEANING[call] for call in calls]) == decision


@given(st.lists(st.sampled_from(list(Call)), max_size=3))
def test_the_decision_does_not_depend_on_who_said_what(calls: list[Call]) -> None:
    assert decision_of(calls) == decision_of(calls[::-1]) == decision_of(sorted(calls))


def test_first_and_second_are_adjudicated_where_they_differ_and_once(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=4)
    read_all(store, record, "++?-", reader="Anna", role=Role.FIRST)
    record = read_all(store, record, "+-+.", reader="Ben", role=Role.SECOND)
    assert [cell.to_adjudicate for cell in read_cells(record)] == [False, True, True, False]
    record = read_all(store, record, ".-..", reader="Cleo", role=Role.ADJUDICATOR)
    assert [cell.to_adjudicate for cell in read_cells(record)] == [False, False, True, False]


@pytest.mark.parametrize(
    ("first", "second", "gametocyte"),
    [
        (Stage.GAMETOCYTE, Stage.GAMETOCYTE, True),
        (Stage.GAMETOCYTE, None, True),
        (Stage.GAMETOCYTE, Stage.RING, False),
        (None, None, False),
    ],
)
def test_a_cell_is_a_gametocyte_where_all_who_named_a_stage_named_that_one(
    store: Store, tmp_path: Path, first: Stage | None, second: Stage | None, *, gametocyte: bool
) -> None:
    record = scored_slide(store, tmp_path, listed=1)
    slide, cell = record.slide.id, record.candidates[0].id
    store.read(slide, cell, Opinion(Call.PARASITE, stage=first), reader="Anna", role=Role.FIRST)
    assert not read_cells(store.record(slide))[0].gametocyte  # one reader alone decides nothing
    store.read(slide, cell, Opinion(Call.PARASITE, stage=second), reader="Ben", role=Role.SECOND)
    assert read_cells(store.record(slide))[0].gametocyte == gametocyte


def test_what_was_taken_back_or_called_anew_has_no_part_in_the_decision(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=1)
    slide, cell = record.slide.id, record.candidates[0].id
    store.read(slide, cell, PARASITE, reader="Anna", role=Role.FIRST)
    store.read(slide, cell, NOT_PARASITE, reader="Anna", role=Role.FIRST)
    assert read_cells(store.record(slide))[0].decision == Decision.REJECTED
    store.undo(slide, reader="Anna")
    assert read_cells(store.record(slide))[0].decision == Decision.ACCEPTED_BY_ONE
    store.undo(slide, reader="Anna")
    assert read_cells(store.record(slide))[0].decision == Decision.UNREAD
