"""The plan of a slide: which cells it draws as what, and what of it somebody who must stay blind may see."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import app
from app.pages.slide_view import _role_of
from app.pages.unblinding import has_looked, sees_calls
from app.pictures.tiles import METHODS
from app.plan.plan_session import PlanSession
from app.plan.slide_plan import cell_at, plan_data
from app.result_tables import FieldRow, fields_of
from app.wording import Words
from app.workplace import Workplace
from core.review import sign
from core.store import Box, Role, SlideRecord
from tests.app.pages import page, said
from tests.scored_slides import NOT_PARASITE, PARASITE, box_of, read_all


def fields(record: SlideRecord) -> tuple[FieldRow, ...]:
    assert record.taken_in is not None
    return fields_of(record.taken_in.folder, record.taken_in.sha256)


def drawn(
    workplace: Workplace,
    record: SlideRecord,
    *,
    reader: str = "Anna",
    role: Role = Role.FIRST,
    blind: bool = False,
    chosen: tuple[str, Box] | None = None,
) -> dict[str, Any]:
    record = workplace.store.record(record.slide.id)
    assert record.taken_in is not None
    return plan_data(
        workplace,
        record,
        record.taken_in,
        Words("en"),
        reader=reader,
        role=role,
        blind=blind,
        chosen=chosen,
    )


def kinds(plan: dict[str, Any]) -> list[str]:
    return [kind for *_, kind, _ in plan["candidates"]]


def ranks(plan: dict[str, Any]) -> list[str]:
    return [rank for *_, rank in plan["candidates"]]


def test_fields_are_those_that_could_be_read(record: SlideRecord) -> None:
    assert [(row.number, row.name, row.cells, row.called) for row in fields(record)] == [
        (0, "field1.png", 10, 2),
        (1, "field2.png", 10, 2),
    ]


def test_every_candidate_of_the_slide_is_drawn_by_what_was_called_on_its_field(
    workplace: Workplace, record: SlideRecord
) -> None:
    plan = drawn(workplace, read_all(workplace.store, record, "+-?.", reader="Anna", role=Role.FIRST))
    assert kinds(plan) == ["parasite", "not a parasite", "unsure", "unread"]
    assert ranks(plan) == ["1", "2", "3", "4"]
    assert [field for _, field, *_ in plan["candidates"]] == [0, 1, 0, 1]
    assert plan["candidates"][0][2:6] == list(box_of(0))
    assert plan["base"].startswith("/slides/")
    assert [method for method, _ in plan["methods"]] == list(METHODS)


def test_no_word_that_the_script_of_the_plan_asks_for_is_missing(
    workplace: Workplace, record: SlideRecord
) -> None:
    said = drawn(workplace, record)["words"]
    script = "".join(path.read_text() for path in (Path(app.__file__).parent / "plan").glob("*.js"))
    assert set(re.findall(r"words\.(\w+)", script)) - said.keys() == set()
    keys = re.search(r"const KEYS = (.*?);", script, re.DOTALL)
    assert keys is not None
    assert {name for _, name in json.loads(keys[1])} | {"calls"} == said["keyed"].keys()


def test_the_chosen_cell_is_named_by_the_number_of_its_field(
    workplace: Workplace, record: SlideRecord
) -> None:
    plan = drawn(workplace, record, chosen=("field2.png", box_of(5)))
    assert plan["chosen"] == {"field": 1, "box": list(box_of(5))}


def test_the_adjudicators_call_is_drawn_before_the_seconds_before_the_firsts(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+.+.", reader="Anna", role=Role.FIRST)
    read_all(workplace.store, record, "-.-.", reader="Ben", role=Role.SECOND)
    read_all(workplace.store, record, "?...", reader="Cleo", role=Role.ADJUDICATOR)
    assert kinds(drawn(workplace, record)) == ["unsure", "unread", "not a parasite", "unread"]


def test_to_the_blind_only_their_own_cells_and_calls_are_drawn_and_neither_ranks_nor_maps(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+.+.", reader="Anna", role=Role.FIRST)
    workplace.store.draw_sample(record.slide.id, 3, by="Anna")
    read_all(workplace.store, record, "-...", reader="Ben", role=Role.SECOND)
    of_ben = drawn(workplace, record, reader="ben", role=Role.SECOND, blind=True)
    of_cleo = drawn(workplace, record, reader="Cleo", role=Role.SECOND, blind=True)
    assert sorted(kinds(of_ben)) == ["not a parasite", *["unread"] * 3]
    # Neither what Ben has read nor the sample that only the first reader is to read.
    assert kinds(of_cleo) == ["unread"] * 3
    assert {*ranks(of_ben), *ranks(of_cleo)} == {""}
    # Numbers of candidates follow the rank, so the blind are given others.
    assert not {number for number, *_ in of_ben["candidates"]} & {one.id for one in record.candidates}
    assert of_ben["methods"] == []


@pytest.mark.parametrize(
    ("field", "box", "rank"),
    [
        ("field1.png", box_of(0), 1),
        ("field2.png", box_of(0), 2),
        ("field1.png", box_of(9), None),
        ("blurred.png", box_of(0), None),
    ],
)
def test_a_candidate_is_found_by_its_place(
    record: SlideRecord, field: str, box: Box, rank: int | None
) -> None:
    found = cell_at(record, field, box)
    assert (found and found.rank) == rank


def test_a_person_reads_on_in_their_role_and_a_newcomer_as_first_where_there_is_none(
    workplace: Workplace, record: SlideRecord
) -> None:
    assert _role_of(record, "Ben") == Role.FIRST
    record = read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    assert (_role_of(record, "ANNA"), _role_of(record, "Ben")) == (Role.FIRST, Role.SECOND)
    record = read_all(workplace.store, record, "-...", reader="Ben", role=Role.SECOND)
    record = read_all(workplace.store, record, "-...", reader="Cleo", role=Role.ADJUDICATOR)
    assert (_role_of(record, "ben"), _role_of(record, "Cleo")) == (Role.SECOND, Role.ADJUDICATOR)


def test_calls_are_seen_by_who_has_made_them_who_may_no_more_be_second_and_who_has_chosen_to(
    workplace: Workplace, record: SlideRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pages.unblinding.may", lambda _: True)
    record = read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    assert [sees_calls(record, reader) for reader in ("Anna", "Ben", "Cleo")] == [True, False, False]
    workplace.store.people.note_looks({record.slide.id: record.readings[-1].id}, by="Ben")
    record = workplace.store.record(record.slide.id)
    assert [sees_calls(record, reader) for reader in ("BEN", "Cleo")] == [True, False]
    assert [has_looked(record, reader) for reader in ("Anna", "Ben", "Cleo")] == [False, True, False]
    sign(workplace.store, record.slide.id, by="Anna")
    signed = workplace.store.record(record.slide.id)
    assert sees_calls(signed, "Cleo")


def at_first_cell(record: SlideRecord, person: str) -> str:
    """All that the slide page says to a person who has clicked the first candidate."""
    test = page("slide_view", "slide_page", person=person, slide=record.slide.id)
    first = record.candidates[0]
    plan = PlanSession(record.slide.id, chosen=(first.field, first.box))
    test.session_state[f"{plan.key} session"] = plan
    test.run()
    assert not test.exception
    return said(test)


def test_the_slide_page_says_what_the_person_has_called_a_cell_and_nobody_else(
    workplace: Workplace, record: SlideRecord
) -> None:
    store, first = workplace.store, record.candidates[0]
    store.read(record.slide.id, first.id, PARASITE, reader="Anna", role=Role.FIRST)
    store.read(record.slide.id, first.id, NOT_PARASITE, reader="Ben", role=Role.SECOND)
    assert "You called it: **parasite**" in at_first_cell(record, "Anna")
    assert "You called it: **not a parasite**" in at_first_cell(record, "Ben")
    assert "You called it" not in at_first_cell(record, "Cleo")


def test_who_must_stay_blind_is_told_so(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    assert "Others' calls and maps are hidden" in at_first_cell(record, "Ben")
    assert "Others' calls and maps are hidden" not in at_first_cell(record, "Anna")


def test_a_cell_that_another_has_read_as_second_cannot_be_called_by_a_further_second_reader(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    read_all(workplace.store, record, "+...", reader="Ben", role=Role.SECOND)
    assert "Another reader has read this cell" in at_first_cell(record, "Cleo")
