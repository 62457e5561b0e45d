"""The plan of a slide: which cells it draws as what, and what of it somebody who must stay blind may see."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import app
from app.pictures.tiles import METHODS
from app.plan.slide_plan import ByField, cell_at, plan_data
from app.wording import Words
from app.workplace import Workplace
from core.cells.boxes import Box
from core.store import Role, SlideRecord
from tests.scored_slides import NOT_PARASITE, PARASITE, box_of, read_all


def drawn(
    workplace: Workplace,
    record: SlideRecord,
    *,
    reader: str = "Anna",
    role: Role = Role.FIRST,
    blind: bool = False,
    chosen: tuple[str, Box] | None = None,
    fields: ByField = ByField(),  # noqa: B008 - frozen
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
        fields=fields,
    )


def kinds(plan: dict[str, Any]) -> list[str]:
    return [kind for *_, kind, _, _ in plan["candidates"]]


def ranks(plan: dict[str, Any]) -> list[str]:
    return [rank for *_, rank, _ in plan["candidates"]]


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


def test_what_stands_outside_the_count_is_drawn_as_such(workplace: Workplace, record: SlideRecord) -> None:
    workplace.store.offer_more(record.slide.id, 17, by="Anna")  # the last of the list is cut by the edge
    marked = (200.0, 30.0, 9.0, 9.0)
    workplace.store.mark(record.slide.id, "field1.png", marked, PARASITE, reader="Anna", role=Role.FIRST)
    plan = drawn(workplace, workplace.store.record(record.slide.id))
    assert [counts for *_, counts in plan["candidates"]] == [1] * 20 + [0, 0]
    for candidate in workplace.store.record(record.slide.id).candidates[
        :21
    ]:  # beyond the budget, if it was read
        workplace.store.read(record.slide.id, candidate.id, NOT_PARASITE, reader="Anna", role=Role.FIRST)
    # The blind are not told what somebody has marked.
    of_ben = drawn(
        workplace, workplace.store.record(record.slide.id), reader="Ben", role=Role.SECOND, blind=True
    )
    assert sorted(counts for *_, counts in of_ben["candidates"]) == [0] + [1] * 21


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


def test_fields_that_are_read_whole_are_named_by_their_numbers(
    workplace: Workplace, record: SlideRecord
) -> None:
    plan = drawn(workplace, record, fields=ByField(frozenset({"field2.png"}), "/fields/x"))
    assert (plan["fields_read"], plan["fields_address"]) == ([1], "/fields/x")
    plan = drawn(workplace, record, fields=ByField(frozenset({"no such field.png"})))
    assert (plan["fields_read"], plan["fields_address"]) == ([], "")
