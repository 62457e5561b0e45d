"""Red cells and the review budget on the result page: changed until the slide is signed, and by whom."""

import pytest
from streamlit.testing.v1 import AppTest

from app.workplace import Workplace
from core.review import sign
from core.store import Role, ScoringStep, SlideRecord
from tests.app.page_under_test import page, said
from tests.scored_slides import read_all


@pytest.fixture(autouse=True)
def no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.pages.slide_settings.start", lambda _: None)


def result_page(record: SlideRecord) -> AppTest:
    test = page("result", "result_page", slide=record.slide.id)
    assert not test.exception
    return test


def change(test: AppTest, position: int, value: float) -> None:
    test.number_input[position].set_value(value)
    next(one for one in test.button if one.label == "Change").click().run()
    assert not test.exception


def test_red_cells_entered_in_millions_move_the_limit_and_queue_nothing(
    workplace: Workplace, record: SlideRecord
) -> None:
    test = result_page(record)
    before = said(test)
    change(test, 0, 2.5)
    slide = workplace.store.record(record.slide.id).slide
    assert (slide.red_cells_per_ul, slide.review_budget, slide.scoring) == (2.5e6, None, ScoringStep.SCORED)
    assert said(test) != before
    assert test.number_input[0].value == 2.5


def test_another_number_of_cells_to_look_at_queues_the_slide(
    workplace: Workplace, record: SlideRecord
) -> None:
    change(result_page(record), 1, 40)
    slide = workplace.store.record(record.slide.id).slide
    assert (slide.review_budget, slide.scoring) == (40, ScoringStep.QUEUED)


def test_a_signed_slide_has_no_form_for_it(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    sign(workplace.store, record.slide.id, by="Anna")
    assert not result_page(record).number_input
