"""What a board is told: how far its log was dealt with, and what has been called since it heard last."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.board.logs import Logs, calls_shown, notes_shown
from app.cell_numbers import CellNumbers
from app.web.addresses import Writing
from app.workplace import Workplace
from core.review import StageHead
from core.store import Role, SlideRecord, Stage, StoreError
from tests.scored_slides import NOT_PARASITE, PARASITE, keep_features, read_all

ANNA = Writing(1, Role.FIRST, "Anna", "en")


@pytest.fixture
def logs(workplace: Workplace, record: SlideRecord) -> Logs:
    assert record.slide.id == ANNA.slide_id
    return Logs(workplace.store, workplace.secret)


def call(number: int, cell: int, says: str) -> dict[str, Any]:
    return {"number": number, "act": "read", "cell": str(cell), "call": says}


def test_what_is_written_is_told_to_the_board_that_sent_it(logs: Logs, record: SlideRecord) -> None:
    first, second, *_ = (one.id for one in record.candidates)
    answer = logs.answer(ANNA, "a log", [call(1, first, "parasite"), call(2, second, "unsure")])
    assert (answer["number"], answer["undone"], answer["problems"]) == (2, None, [])
    assert answer["calls"] == {str(first): ("parasite", None, None), str(second): ("unsure", None, None)}
    assert answer["stands"] > record.last_entry


def test_only_what_has_changed_is_told_again(logs: Logs, record: SlideRecord) -> None:
    first, second, *_ = (one.id for one in record.candidates)
    answer = logs.answer(ANNA, "a log", [call(1, first, "parasite")])
    answer = logs.answer(ANNA, "a log", [], answer["stands"])
    assert (answer["all"], answer["calls"]) == (False, {})
    both = [call(2, second, "parasite"), {"number": 3, "act": "undo"}]
    answer = logs.answer(ANNA, "a log", both, answer["stands"])
    assert (answer["calls"], answer["undone"]) == ({}, str(second))
    undo = {"number": 4, "act": "undo", "cell": str(first)}
    answer = logs.answer(ANNA, "a log", [undo], answer["stands"])
    assert answer["calls"] == {str(first): None}


def test_a_board_that_did_not_hear_the_last_answer_is_told_all(logs: Logs, record: SlideRecord) -> None:
    first, *_ = (one.id for one in record.candidates)
    knows = logs.answer(ANNA, "a log", [])["stands"]
    logs.answer(ANNA, "a log", [call(1, first, "parasite")], knows)  # the answer is lost
    again = logs.answer(ANNA, "a log", [call(1, first, "parasite")], knows)
    assert (again["number"], again["all"]) == (1, True)
    assert again["calls"] == {str(first): ("parasite", None, None)}


def test_who_may_still_read_as_second_is_not_told_what_others_call_while_their_page_stands_open(
    logs: Logs, workplace: Workplace, record: SlideRecord
) -> None:
    ben = Writing(1, Role.FIRST, "Ben", "en")
    knows = logs.answer(ben, "a log", [])["stands"]
    workplace.store.read(1, record.candidates[0].id, PARASITE, reader="Anna", role=Role.FIRST)
    workplace.store.notes.on_cell(1, record.candidates[1].id, "a ring", by="Anna")
    answer = logs.answer(ben, "a log", [], knows)
    assert (answer["calls"], answer["notes"]) == ({}, {})
    assert workplace.store.record(1).looks == ()
    # Whose reading it is sees it, in every tab.
    assert len(logs.answer(ANNA, "another log", [])["calls"]) == 1


def test_what_was_called_in_one_tab_is_told_in_the_other(logs: Logs, record: SlideRecord) -> None:
    first, second, *_ = (one.id for one in record.candidates)
    before = logs.answer(ANNA, "one tab", [])
    logs.answer(ANNA, "the other tab", [call(1, first, "parasite")])
    after = logs.answer(ANNA, "one tab", [call(1, second, "not a parasite")])
    assert after["calls"].keys() == {str(first), str(second)}
    assert after["stands"] > before["stands"]


def test_entries_are_dealt_with_once_by_each_log(
    logs: Logs, workplace: Workplace, record: SlideRecord
) -> None:
    first, *_ = (one.id for one in record.candidates)
    for _ in range(3):
        logs.answer(ANNA, "a log", [call(1, first, "parasite"), {"number": 2, "act": "undo"}])
    assert len(workplace.store.record(1).readings) == 1


def test_a_server_that_started_anew_tells_all_calls_once_more(
    logs: Logs, workplace: Workplace, record: SlideRecord
) -> None:
    first, *_ = (one.id for one in record.candidates)
    logs.answer(ANNA, "a log", [call(1, first, "parasite")])
    anew = Logs(workplace.store, workplace.secret)
    assert anew.answer(ANNA, "a log", [])["calls"] == {str(first): ("parasite", None, None)}


def test_problems_are_told_in_the_language_of_the_page(logs: Logs) -> None:
    french = Writing(1, Role.FIRST, "Anna", "fr")
    (problem,) = logs.answer(french, "a log", [{"number": 1, "act": "applaud"}])["problems"]
    assert problem.startswith("Non enregistré : ")
    (problem,) = logs.answer(ANNA, "a log", [{"number": 1, "act": "applaud"}])["problems"]
    assert problem.startswith("Not saved: ")


def test_a_second_reader_is_told_their_own_calls_under_their_own_numbers(
    logs: Logs, workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+---", reader="Anna", role=Role.FIRST)
    ben = Writing(1, Role.SECOND, "Ben", "en")
    assert logs.answer(ben, "a log", [])["calls"] == {}
    number = CellNumbers.of(workplace.secret, record, "Ben", blind=True).shown(record.candidates[0].id)
    answer = logs.answer(ben, "a log", [call(1, number, "unsure")])
    assert answer["calls"] == {str(number): ("unsure", None, None)}


def test_the_calls_of_another_second_reader_are_not_shown(workplace: Workplace, record: SlideRecord) -> None:
    first, second, *_ = record.candidates
    workplace.store.read(1, first.id, PARASITE, reader="Ben", role=Role.SECOND)
    workplace.store.read(1, second.id, NOT_PARASITE, reader="Cleo", role=Role.SECOND)
    now, plain = workplace.store.record(1), CellNumbers(1, None)
    assert calls_shown(now, Role.SECOND, "ben", plain).keys() == {str(first.id)}
    assert calls_shown(now, Role.FIRST, "ben", plain) == {}


def test_notes_are_told_by_what_they_are_on_and_again_only_where_they_have_changed(
    logs: Logs, workplace: Workplace, record: SlideRecord
) -> None:
    first, *_ = record.candidates
    workplace.store.read(1, first.id, NOT_PARASITE, reader="Anna", role=Role.FIRST)
    workplace.store.notes.on_slide(1, "stained twice", by="Anna")  # nothing for the board
    workplace.store.notes.on_cell(1, first.id, "dust?", by="Cleo")
    note = {"number": 1, "act": "note", "cell": str(first.id), "about": "field", "text": "thick here"}
    answer = logs.answer(ANNA, "a log", [note])
    assert answer["notes"] == {
        f"cell {first.id}": [("Cleo", "dust?", False)],
        f"field {first.field}": [("Anna", "thick here", True)],
    }
    answer = logs.answer(ANNA, "a log", [], answer["stands"])
    assert answer["notes"] == {}
    answer = logs.answer(ANNA, "a log", [{**note, "number": 2, "text": ""}], answer["stands"])
    assert answer["notes"] == {f"field {first.field}": None}


def test_a_second_reader_is_told_no_notes_but_their_own(workplace: Workplace, record: SlideRecord) -> None:
    first, second, *_ = record.candidates
    workplace.store.read(1, first.id, PARASITE, reader="Anna", role=Role.FIRST)
    workplace.store.notes.on_cell(1, first.id, "a ring", by="Anna")
    workplace.store.notes.on_cell(1, second.id, "a platelet", by="ben")
    workplace.store.notes.on_field(1, first.field, "rings everywhere", by="Anna")
    now = workplace.store.record(1)
    numbers = CellNumbers.of(workplace.secret, now, "Ben", blind=True)
    own = {f"cell {numbers.shown(second.id)}": [("ben", "a platelet", True)]}
    assert notes_shown(now, Role.SECOND, "Ben", numbers) == own
    assert len(notes_shown(now, Role.FIRST, "Anna", CellNumbers(1, None))) == 3
    # Who has read nothing yet may still be second reader, on whatever page they are.
    assert notes_shown(now, Role.FIRST, "Cleo", CellNumbers(1, None)) == {}


def test_a_note_on_a_cell_that_is_no_more_before_readers_is_on_no_board(
    workplace: Workplace, record: SlideRecord
) -> None:
    workplace.store.notes.on_cell(1, record.candidates[0].id, "dust?", by="Ben")
    now = workplace.store.record(1)
    fewer = replace(now, candidates=now.candidates[1:])
    numbers = CellNumbers.of(workplace.secret, fewer, "Ben", blind=True)
    assert notes_shown(fewer, Role.SECOND, "Ben", numbers) == {}


def test_there_must_be_such_a_slide(logs: Logs) -> None:
    with pytest.raises(StoreError, match="slide 9"):
        logs.answer(Writing(9, Role.FIRST, "Anna", "en"), "a log", [])


def rings(*, confidence: float = 0.8) -> StageHead:
    """Takes what stands out in the first of four features for a ring."""
    return StageHead(np.eye(4), np.zeros(4), {Stage.RING: confidence})


def asking(workplace: Workplace, head: StageHead | None, asked: list[str] | None = None) -> Logs:
    """Logs that ask this layer, whatever model a result is of."""

    def head_of(identity: str) -> StageHead | None:
        if asked is not None:
            asked.append(identity)
        return head

    return Logs(workplace.store, workplace.secret, head_of)


@pytest.fixture
def seen(record: SlideRecord) -> SlideRecord:
    """All four candidates seen by a second look, to which the first and the third are rings."""
    keep_features(record, 4, {1, 3})
    return record


def test_a_stage_is_suggested_for_what_was_called_a_parasite_without_one_and_for_nothing_before(
    workplace: Workplace, seen: SlideRecord
) -> None:
    asked: list[str] = []
    logs = asking(workplace, rings(), asked)
    first, second, third, _ = (one.id for one in seen.candidates)
    assert logs.answer(ANNA, "a log", [])["stages"] == {}
    assert logs.answer(ANNA, "a log", [call(1, first, "unsure")])["stages"] == {}
    assert asked == []
    calls = [call(2, first, "parasite"), call(3, second, "parasite"), call(4, third, "not a parasite")]
    ((cell, (stage, percent)),) = logs.answer(ANNA, "a log", calls)["stages"].items()
    assert (cell, stage) == (str(first), "ring")
    assert 80 <= percent < 100
    assert asked == ["dots 1"]
    named = {**call(5, first, "parasite"), "stage": "schizont"}
    assert logs.answer(ANNA, "a log", [named])["stages"] == {}
    assert workplace.store.record(1).readings[-1].opinion.stage == Stage.SCHIZONT


def test_no_stage_is_suggested_below_the_confidence_nor_by_a_model_that_suggests_none(
    workplace: Workplace, seen: SlideRecord
) -> None:
    called = [call(1, seen.candidates[0].id, "parasite")]
    assert asking(workplace, rings(confidence=0.99)).answer(ANNA, "a log", called)["stages"] == {}
    assert asking(workplace, None).answer(ANNA, "another", called)["stages"] == {}


def test_a_second_reader_is_told_the_machines_stage_and_nothing_of_the_first_readers(
    workplace: Workplace, seen: SlideRecord
) -> None:
    first, second, *_ = seen.candidates
    schizont = replace(PARASITE, stage=Stage.SCHIZONT)
    for one in (first, second):
        workplace.store.read(1, one.id, schizont, reader="Anna", role=Role.FIRST)
    logs, ben = asking(workplace, rings()), Writing(1, Role.SECOND, "Ben", "en")
    assert logs.answer(ben, "a log", [])["stages"] == {}
    numbers = CellNumbers.of(workplace.secret, workplace.store.record(1), "Ben", blind=True)
    shown = [numbers.shown(one.id) for one in (first, second)]
    answer = logs.answer(ben, "a log", [call(at, cell, "parasite") for at, cell in enumerate(shown, start=1)])
    assert {cell: stage for cell, (stage, _) in answer["stages"].items()} == {str(shown[0]): "ring"}


def test_no_stage_is_suggested_for_a_cell_that_another_person_called(
    workplace: Workplace, seen: SlideRecord
) -> None:
    first, _, third, _ = (one.id for one in seen.candidates)
    workplace.store.read(1, first, PARASITE, reader="Anna", role=Role.FIRST)
    logs, ben = asking(workplace, rings()), Writing(1, Role.FIRST, "Ben", "en")
    answer = logs.answer(ben, "a log", [call(1, third, "parasite")])
    assert answer["calls"].keys() == {str(first), str(third)}
    assert answer["stages"].keys() == {str(third)}
    assert logs.answer(ANNA, "another log", [])["stages"].keys() == {str(first)}


def test_stages_are_looked_up_anew_only_where_something_was_written(
    workplace: Workplace, seen: SlideRecord
) -> None:
    asked: list[str] = []
    logs, first = asking(workplace, rings(), asked), seen.candidates[0].id
    answer = logs.answer(ANNA, "a log", [call(1, first, "parasite")])
    for _ in range(3):
        again = logs.answer(ANNA, "a log", [], answer["stands"])
        assert again["stages"] == answer["stages"] != {}
    assert len(asked) == 1
    workplace.store.read(1, seen.candidates[2].id, PARASITE, reader="Anna", role=Role.FIRST)  # in another tab
    assert len(logs.answer(ANNA, "a log", [], answer["stands"])["stages"]) == 2
    assert len(asked) == 2


def test_where_the_files_of_a_result_are_gone_calls_are_written_and_no_stage_is_suggested(
    workplace: Workplace, seen: SlideRecord
) -> None:
    assert seen.taken_in is not None
    (seen.taken_in.folder / "features.parquet").write_bytes(b"nothing")
    answer = asking(workplace, rings()).answer(ANNA, "a log", [call(1, seen.candidates[0].id, "parasite")])
    assert (answer["problems"], answer["stages"], len(answer["calls"])) == ([], {}, 1)


def test_no_machine_is_surer_than_99_percent(workplace: Workplace, seen: SlideRecord) -> None:
    certain = StageHead(100 * np.eye(4), np.zeros(4), {Stage.RING: 0.9})
    first = seen.candidates[0].id
    answer = asking(workplace, certain).answer(ANNA, "a log", [call(1, first, "parasite")])
    assert answer["stages"] == {str(first): (Stage.RING, 99)}
