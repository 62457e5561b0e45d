"""The plan of a field: which cells it draws as what, and what of it somebody who must stay blind may see."""

from typing import Any

import numpy as np
import pytest

from app.pages.slide_view import _role_of
from app.pages.unblinding import has_looked, sees_calls
from app.result_tables import FieldRow, fields_of
from app.slide_plan import cell_at, plan_data
from app.tiles import cell_key
from app.wording import Words
from app.workplace import Workplace
from core.review import sign
from core.store import Box, Role, SlideRecord
from tests.app.pages import page, said
from tests.scored_slides import NOT_PARASITE, PARASITE, box_of, read_all


def fields(record: SlideRecord) -> tuple[FieldRow, ...]:
    assert record.taken_in is not None
    return fields_of(record.taken_in.folder, record.taken_in.sha256)


def drawn(record: SlideRecord, *, only_by: str | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """The plan of the first field, whose first two cells are candidates 1 and 3 by rank."""
    assert record.taken_in is not None
    return plan_data(
        record,
        record.taken_in,
        fields(record)[0],
        Words("en"),
        fields_base="/fields/token",
        pictures_base="/pictures/token",
        chosen=None,
        only_by=only_by,
        **{"mapped": {}, "shown": {"boxes": True, "heat": True}, "opacity": 0.6, **more},
    )


def kinds(plan: dict[str, Any]) -> list[str]:
    return [kind for *_, kind, _ in plan["cells"]]


def ranks(plan: dict[str, Any]) -> list[str]:
    return [rank for *_, rank in plan["cells"] if rank]


def test_fields_are_those_that_could_be_read(record: SlideRecord) -> None:
    assert [(row.number, row.name, row.cells, row.called) for row in fields(record)] == [
        (0, "field1.png", 10, 2),
        (1, "field2.png", 10, 2),
    ]


def test_every_cell_is_drawn_once_as_what_it_is(workplace: Workplace, record: SlideRecord) -> None:
    plan = drawn(read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST))
    assert kinds(plan) == ["parasite", "unread", *["healthy"] * 8, "left out"]
    assert plan["cells"][0][:4] == list(box_of(0))
    assert plan["picture"] == "/fields/token/0"


def test_ranks_are_drawn_also_where_no_cell_has_a_map(record: SlideRecord) -> None:
    assert ranks(drawn(record)) == ["1", "3"]


def test_a_map_lies_on_its_cell_by_the_first_method_that_it_has(
    workplace: Workplace, record: SlideRecord
) -> None:
    cell = record.candidates[0]
    key = cell_key(cell.field, cell.box)
    ((address, x, y, side),) = drawn(record, mapped={key: {"cam", "guided-grad-cam"}})["heat"]
    assert address == f"/pictures/token/map-guided-grad-cam/{cell.id}"
    assert (x + side / 2, y + side / 2) == pytest.approx((5 + 30.25 / 2, 5 + 30.25 / 2))


def test_the_adjudicators_call_is_drawn_before_the_seconds_before_the_firsts(
    workplace: Workplace, record: SlideRecord
) -> None:
    record = read_all(workplace.store, record, "+.+.", reader="Anna", role=Role.FIRST)
    record = read_all(workplace.store, record, "-.-.", reader="Ben", role=Role.SECOND)
    record = read_all(workplace.store, record, "?...", reader="Cleo", role=Role.ADJUDICATOR)
    assert kinds(drawn(record))[:2] == ["unsure", "not a parasite"]


def test_to_the_blind_only_their_own_calls_are_drawn_and_no_rank(
    workplace: Workplace, record: SlideRecord
) -> None:
    record = read_all(workplace.store, record, "+.+.", reader="Anna", role=Role.FIRST)
    record = read_all(workplace.store, record, "-...", reader="Ben", role=Role.SECOND)
    of_ben, of_cleo = drawn(record, only_by="ben"), drawn(record, only_by="Cleo")
    assert kinds(of_ben)[:2] == ["not a parasite", "unread"]
    assert kinds(of_cleo)[:2] == ["unread", "unread"]
    assert ranks(of_ben) == ranks(of_cleo) == []


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
    record = read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    assert [sees_calls(record, reader) for reader in ("Anna", "Ben", "Cleo")] == [True, False, False]
    choice = {f"sees calls of {record.slide.id} ben": True}
    monkeypatch.setattr("app.pages.unblinding.st.session_state", choice)
    assert [sees_calls(record, reader) for reader in ("BEN", "Cleo")] == [True, False]
    assert [has_looked(record, reader) for reader in ("Anna", "Ben", "Cleo")] == [False, True, False]
    sign(workplace.store, record.slide.id, by="Anna")
    signed = workplace.store.record(record.slide.id)
    assert sees_calls(signed, "Cleo")
    assert not has_looked(signed, "Ben")


def at_first_cell(record: SlideRecord, person: str) -> str:
    """All that the slide page says to a person who has clicked the first candidate."""
    test = page("slide_view", "slide_page", person=person, slide=record.slide.id)
    first = record.candidates[0]
    test.session_state[f"field {record.slide.id} chosen"] = (first.field, first.box)
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


def test_who_must_stay_blind_is_told_so_and_gets_no_maps(workplace: Workplace, record: SlideRecord) -> None:
    first = record.candidates[0]
    ones = np.ones((48, 48), np.float32)
    workplace.tiles.keep_maps(record.slide.id, first.field, first.box, {"cam": ones})
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    toggles = {
        person: [one.label for one in page("slide_view", "slide_page", person=person, slide=1).toggle]
        for person in ("Anna", "Ben")
    }
    assert toggles == {"Anna": ["cells drawn in", "activation maps"], "Ben": ["cells drawn in"]}
    assert "Others' calls and maps are hidden" in at_first_cell(record, "Ben")
