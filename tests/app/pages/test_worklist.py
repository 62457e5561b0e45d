"""The worklist: where each slide stands, what is left to do, and the way to stop and to go on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.workplace import Workplace
from core.store import Role, ScoringStep, SlideRecord
from tests.app.page_under_test import page, said
from tests.scored_slides import read_all


def test_an_empty_worklist_says_where_to_begin(workplace: Workplace) -> None:
    assert "No slide is here yet" in said(page("worklist", "worklist_page"))


def test_the_worklist_shows_where_a_slide_stands_and_what_is_left(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    shown = said(page("worklist", "worklist_page"))
    assert "slide 7" in shown
    assert "patient 7" in shown
    assert "to review" in shown
    assert "**3** of the first 4 of the list left to read" in shown
    assert "1 cell accepted" in shown


def test_the_worklist_tells_nobody_else_what_the_first_reader_has_accepted(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    shown = said(page("worklist", "worklist_page", person="Ben"))
    assert "**3** of the first 4 of the list left to read" in shown
    assert "accepted" not in shown


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
    test = page("worklist", "worklist_page")
    test.button(key=f"stop {slide.id}").click().run()
    assert workplace.store.record(slide.id).slide.scoring == ScoringStep.STOPPED
    test.button(key=f"resume {slide.id}").click().run()
    assert workplace.store.record(slide.id).slide.scoring == ScoringStep.QUEUED


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
