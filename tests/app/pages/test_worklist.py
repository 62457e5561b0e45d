"""The worklist: where each slide stands, what is left to do, and the way to stop and to go on."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.table.slide_table import slide_table
from app.workplace import Workplace
from core.review import SlideState
from core.store import Role, ScoringStep, SlideRecord
from tests.app.page_under_test import page, rows, said
from tests.scored_slides import NOT_PARASITE, read_all, take_in, write_score


def asks(monkeypatch: pytest.MonkeyPatch, **wanted: dict[str, Any]) -> None:
    """Have the table ask for something once, as where it was clicked."""
    waiting = [wanted]

    def table(**given: Any) -> SimpleNamespace:  # noqa: ANN401 - passed on
        slide_table(**given)
        return SimpleNamespace(**{"open": None, "act": None, **(waiting.pop() if waiting else {})})

    monkeypatch.setattr("app.pages.worklist.slide_table", table)


def test_an_empty_worklist_says_where_to_begin(workplace: Workplace) -> None:
    assert "No slide is here yet" in said(page("worklist", "worklist_page"))


def test_the_worklist_shows_where_a_slide_stands_and_what_is_read_and_accepted(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    (row,) = rows(page("worklist", "worklist_page"))
    assert row == {
        "number": "1",
        "laboratory": "",
        "sampled_on": "",
        "patient": "patient 7",
        "slide": "slide 7",
        "state": "to review",
        "readers": "Anna",
        "cells": "20",
        "read": "1 of 4",
        "agreed": "0",
        "accepted_alone": "1",
        "disputed": "0",
        "links": {"review": "Review", "slide": "Slide", "result": "Result"},
        "act": None,
    }


def test_the_worklist_tells_nobody_else_what_the_first_reader_has_accepted(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    (row,) = rows(page("worklist", "worklist_page", person="Ben"))
    assert row["read"] == "1 of 4"
    assert (row["agreed"], row["accepted_alone"], row["disputed"]) == ("", "", "")


def test_what_must_not_be_missed_stands_behind_the_state(workplace: Workplace, tmp_path: Path) -> None:
    write_score(tmp_path / "result", {"a.png": 20}, [("a.png", 0, 0.9)], outside=("Too blue.",))
    case = workplace.store.add_case("patient", by="Anna")
    slide = workplace.store.add_slide(case.id, "blue", tmp_path, by="Anna")
    take_in(workplace.store, slide.id, tmp_path / "result")
    workplace.store.flag_field(slide.id, "a.png", by="Anna")
    (row,) = rows(page("worklist", "worklist_page"))
    assert row["state"] == "to review · model not valid · 1 field to photograph again"


def test_the_latest_slide_stands_first_and_states_choose_among_them(
    workplace: Workplace, record: SlideRecord, tmp_path: Path
) -> None:
    case = workplace.store.add_case("", by="Anna")
    workplace.store.add_slide(case.id, "later", tmp_path, by="Anna")
    workplace.store.note_scoring(2, ScoringStep.STOPPED, by="Anna")
    test = page("worklist", "worklist_page")
    assert [(row["slide"], row["patient"]) for row in rows(test)] == [
        ("later", "patient not entered"),
        ("slide 7", "patient 7"),
    ]
    test.pills(key="states").set_value([SlideState.STOPPED]).run()
    assert [row["slide"] for row in rows(test)] == ["later"]


def next_steps(reader: str) -> list[str]:
    return [next(iter(row["links"])) for row in rows(page("worklist", "worklist_page", person=reader))]


def test_the_next_step_offered_is_one_that_the_person_can_do(
    workplace: Workplace, record: SlideRecord
) -> None:
    assert next_steps("Anna") == ["review"]
    read_all(workplace.store, record, "++--", reader="Anna", role=Role.FIRST)
    assert (next_steps("Anna"), next_steps("Ben")) == (["result"], ["second-reading"])
    read_all(workplace.store, record, "+---", reader="Ben", role=Role.SECOND)
    assert [next_steps(one)[0] for one in ("Anna", "Ben", "Cleo")] == ["result", "result", "adjudication"]
    first = record.candidates[1].id
    workplace.store.read(1, first, NOT_PARASITE, reader="Cleo", role=Role.ADJUDICATOR)
    assert next_steps("Anna") == ["result"]


def test_a_second_reader_goes_on_while_the_first_is_not_done(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    read_all(workplace.store, record, "-...", reader="Ben", role=Role.SECOND)
    assert (next_steps("Anna"), next_steps("Ben")) == (["review"], ["second-reading"])


@pytest.mark.parametrize("to", ["review", "slide", "result"])
def test_a_link_of_a_row_leads_to_a_page_of_that_slide(
    workplace: Workplace, record: SlideRecord, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    went: list[tuple[str, int]] = []
    monkeypatch.setattr("app.pages.worklist.go", lambda page, slide: went.append((page, slide)))
    asks(monkeypatch, open={"page": to, "slide": 1})
    page("worklist", "worklist_page")
    assert went == [(to, 1)]


def test_search_finds_slides_and_patients(workplace: Workplace, record: SlideRecord, tmp_path: Path) -> None:
    case = workplace.store.add_case("Müller", by="Anna")
    workplace.store.add_slide(case.id, "other", tmp_path, by="Anna")
    workplace.store.note_scoring(2, ScoringStep.STOPPED, by="Anna")
    test = page("worklist", "worklist_page")
    test.text_input(key="search").set_value("mülle").run()
    assert "other" in said(test)
    assert "slide 7" not in said(test)
    test.text_input(key="search").set_value("nowhere").run()
    assert "No slide fits" in said(test)


def test_a_stopped_slide_can_go_on_and_a_queued_one_can_be_stopped(
    workplace: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pages.worklist.start", lambda _: None)
    case = workplace.store.add_case("patient", by="Anna")
    slide = workplace.store.add_slide(case.id, "waits", tmp_path, by="Anna")
    assert [row["act"] for row in rows(page("worklist", "worklist_page"))] == ["Stop"]
    for step, offered in ((ScoringStep.STOPPED, "Resume"), (ScoringStep.QUEUED, "Stop")):
        asks(monkeypatch, act={"slide": slide.id, "act": step})
        test = page("worklist", "worklist_page")
        assert workplace.store.record(slide.id).slide.scoring == step
        assert [row["act"] for row in rows(test)] == [offered]


def test_the_worklist_looks_again_until_scoring_is_over_and_takes_up_what_a_killed_process_has_left(
    workplace: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Workplace] = []
    reruns: list[bool] = []
    monkeypatch.setattr("app.pages.worklist.start", started.append)
    monkeypatch.setattr("app.pages.worklist.st.rerun", lambda: reruns.append(True))
    case = workplace.store.add_case("patient", by="Anna")
    slide = workplace.store.add_slide(case.id, "waits", tmp_path, by="Anna")
    test = page("worklist", "worklist_page")
    assert len(started) == 1
    workplace.store.note_scoring(slide.id, ScoringStep.SCORING, by="a process")
    test.run()
    test.run()
    assert len(started) == 3
    assert reruns == []

    # The list alone runs again every two seconds; scoring ends between the page's run and the list's.
    def runs_later(listed: Callable[[], None], run_every: int | None) -> Callable[[], None]:
        assert run_every == 2
        workplace.store.note_scoring(slide.id, ScoringStep.FAILED, by="a process")
        return listed

    monkeypatch.setattr("app.pages.worklist.st.fragment", runs_later)
    test.run()
    assert len(started) == 3
    assert reruns == [True]
