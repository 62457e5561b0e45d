"""What a board is given after a decision: what has changed, and all of it where more than calls has."""

from pathlib import Path
from typing import Any

import pytest

from app.board.review_board import Given, board_data
from app.wording import Words
from app.workplace import Workplace
from core.store import Role, SlideRecord
from tests.scored_slides import NOT_PARASITE, PARASITE, read_all, scored_slide


def given(
    workplace: Workplace,
    slide_id: int,
    holds: Given | None,
    *,
    reader: str = "Anna",
    role: Role = Role.FIRST,
    language: str = "en",
) -> tuple[dict[str, Any], Given]:
    record = workplace.store.record(slide_id)
    assert record.taken_in is not None
    return board_data(
        workplace,
        record,
        record.taken_in,
        Words(language),
        reader=reader,
        role=role,
        at=None,
        written=None,
        holds=holds,
    )


def read(workplace: Workplace, slide_id: int, cell: int) -> None:
    workplace.store.read(slide_id, cell, NOT_PARASITE, reader="Anna", role=Role.FIRST)


def test_after_a_decision_only_calls_that_differ_from_what_the_board_holds_are_sent(
    workplace: Workplace, record: SlideRecord
) -> None:
    slide, (first, second, *_) = record.slide.id, [one.id for one in record.candidates]
    read(workplace, slide, first)
    whole, holds = given(workplace, slide, None)
    assert len(whole["cells"]) == 4
    read(workplace, slide, second)
    changed, same = given(workplace, slide, holds)
    assert (changed["calls"], changed["version"]) == (
        {str(second): ("not a parasite", None, None)},
        whole["version"],
    )
    assert same is holds
    assert not {"cells", "words", "methods"} & changed.keys()


def test_a_call_that_was_taken_back_is_sent_as_none_and_one_that_came_and_went_not_at_all(
    workplace: Workplace, record: SlideRecord
) -> None:
    slide, (first, second, *_) = record.slide.id, [one.id for one in record.candidates]
    read(workplace, slide, first)
    _, holds = given(workplace, slide, None)
    workplace.store.undo(slide, reader="Anna")
    assert given(workplace, slide, holds)[0]["calls"] == {str(first): None}
    read(workplace, slide, first)
    read(workplace, slide, second)
    workplace.store.undo(slide, reader="Anna")
    assert given(workplace, slide, holds)[0]["calls"] == {}


def test_all_is_given_anew_where_cells_flags_or_the_language_are_others(
    workplace: Workplace, record: SlideRecord
) -> None:
    slide = record.slide.id
    _, holds = given(workplace, slide, None)
    french, _ = given(workplace, slide, holds, language="fr")
    workplace.store.flag_field(slide, "field1.png", by="Anna")
    flagged, holds = given(workplace, slide, holds)
    workplace.store.draw_sample(slide, 1, by="Anna")
    longer, newest = given(workplace, slide, holds)
    assert [len(data["cells"]) for data in (french, flagged, longer)] == [4, 4, 5]
    assert newest.version != holds.version


def test_the_adjudicator_is_given_anew_what_both_called_beside_each_cell(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+---", reader="Anna", role=Role.FIRST)
    read_all(workplace.store, record, "----", reader="Ben", role=Role.SECOND)
    slide, cleo = record.slide.id, {"reader": "Cleo", "role": Role.ADJUDICATOR}
    _, holds = given(workplace, slide, None, **cleo)  # type: ignore[arg-type]
    workplace.store.read(slide, record.candidates[0].id, PARASITE, reader="Cleo", role=Role.ADJUDICATOR)
    assert "cells" in given(workplace, slide, holds, **cleo)[0]  # type: ignore[arg-type]


def test_what_is_sent_stays_small_however_many_cells_were_read(
    workplace: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.board.review_board.MOST_CHANGES", 8)
    record = scored_slide(workplace.store, tmp_path / "long", listed=12, fields=2)
    slide = record.slide.id
    _, holds = given(workplace, slide, None)
    for number, candidate in enumerate(record.candidates, start=1):
        read(workplace, slide, candidate.id)
        data, holds = given(workplace, slide, holds)
        assert ("cells" in data) == (number == 9)
        assert len(data["calls"]) <= 9
