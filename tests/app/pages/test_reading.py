"""The pages on which cells are read: what each reader sees beside them, and further cells to read."""

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from app.workplace import Workplace
from core.store import CandidateKind, Role, SlideRecord
from tests.app.page_under_test import page, said
from tests.scored_slides import keep_features, read_all, take_in, write_images, write_score


def test_the_second_reader_sees_neither_tally_nor_verdict(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "++++", reader="Anna", role=Role.FIRST)
    shown = said(page("reading", "second_reading_page", person="Ben", slide=record.slide.id))
    assert "in your own order, without scores" in shown
    assert "accepted" not in shown
    assert "Suspicious" not in shown


def test_nobody_reads_a_slide_as_two(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "++++", reader="Anna", role=Role.FIRST)
    shown = said(page("reading", "second_reading_page", person="anna", slide=record.slide.id))
    assert "You have read this slide as first reader" in shown
    assert "second reader must be another person" in shown


def buttons(test: AppTest) -> dict[str, Button]:
    return {button.label: button for button in test.button}


def test_the_list_can_be_read_on_until_it_ends(
    workplace: Workplace, record: SlideRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pages.reading.MORE", 10)
    test = page("reading", "review_page", slide=record.slide.id)
    assert "The list: the first 4 of 21. Read down to rank 0." in said(test)
    buttons(test)["Show the next 10 of the list"].click().run()
    assert "The list: the first 14 of 21." in said(test)
    buttons(test)["Show the next 7 of the list"].click().run()
    kinds = [candidate.kind for candidate in workplace.store.record(record.slide.id).candidates]
    assert kinds == [CandidateKind.LISTED] * 21
    assert "The list ends here" in said(test)
    assert not buttons(test)


def test_some_of_the_rest_can_be_drawn_at_random(workplace: Workplace, record: SlideRecord) -> None:
    test = page("reading", "review_page", slide=record.slide.id)
    buttons(test)["17 other cells at random"].click().run()
    kinds = [candidate.kind for candidate in workplace.store.record(record.slide.id).candidates]
    assert kinds == [CandidateKind.LISTED] * 4 + [CandidateKind.SAMPLE] * 17


@pytest.mark.parametrize("calls", ["....", "-...", "----"])
def test_a_slide_outside_validity_shows_its_list_and_beside_it_why_no_figure_is_given(
    workplace: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: str
) -> None:
    given: list[dict[str, Any]] = []
    monkeypatch.setattr("app.pages.reading.board", lambda **board: given.append(board["data"]))
    record = slide_outside(workplace, tmp_path)
    read_all(workplace.store, record, calls, reader="Anna", role=Role.FIRST)
    test = page("reading", "review_page", slide=record.slide.id)
    shown = said(test)
    assert "The list: the first 4 of 11." in shown
    assert "its list is worth reading, no figure is given" in shown
    assert "The stain is bluer than any it has seen" in shown
    assert [cell["name"] for cell in given[0]["cells"]] == ["1", "2", "3", "4"]
    assert "Show the next 7 of the list" in buttons(test)


def slide_outside(workplace: Workplace, folder: Path) -> SlideRecord:
    """A slide that the model is not valid for; all of its scores are low."""
    why = ("The stain is bluer than any it has seen",)
    write_score(folder / "outside", {"a.png": 10}, budget=4, outside=why)
    case = workplace.store.add_case("patient", by="Anna")
    images = write_images(folder / "outside images", {"a.png": 10})
    slide = workplace.store.add_slide(case.id, "outside", images, by="Anna")
    return take_in(workplace.store, slide.id, folder / "outside")


def test_a_slide_on_which_nothing_was_located_says_so(workplace: Workplace, tmp_path: Path) -> None:
    write_score(tmp_path / "empty", {"a.png": 0}, budget=0)
    case = workplace.store.add_case("patient", by="Anna")
    slide = workplace.store.add_slide(case.id, "empty", tmp_path, by="Anna")
    take_in(workplace.store, slide.id, tmp_path / "empty")
    test = page("reading", "review_page", slide=slide.id)
    assert "No cell was found on this slide" in said(test)


@pytest.mark.parametrize("with_features", [True, False])
def test_a_list_that_cannot_learn_says_so(
    workplace: Workplace, record: SlideRecord, monkeypatch: pytest.MonkeyPatch, with_features: bool
) -> None:
    monkeypatch.setattr("app.pages.reading.board", lambda **_: None)
    if with_features:
        keep_features(record, 3, {1})
    shown = said(page("reading", "review_page", slide=record.slide.id))
    says = "An earlier version scored this slide: its list does not learn from your calls."
    assert (says in shown) is not with_features
