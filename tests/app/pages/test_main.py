"""The script of every page: nothing is shown before it is known who is there."""

from streamlit.testing.v1 import AppTest

from app.workplace import Workplace
from core.store import SlideRecord
from tests.app.page_under_test import MAIN, said


def test_the_application_asks_who_one_is_before_it_shows_anything(
    workplace: Workplace, record: SlideRecord
) -> None:
    test = AppTest.from_file(str(MAIN), default_timeout=30).run()
    assert not test.exception
    assert [box.label for box in test.text_input] == ["Your name, as it will stand beside your readings"]
    assert "slide 7" not in said(test)
    test.text_input[0].set_value("  Anna   Roy ")
    test.button[0].click().run()
    assert test.session_state["person"] == "Anna Roy"
    assert "slide 7" in said(test)


def test_each_page_that_opens_without_a_slide_stands_in_the_navigation(workplace: Workplace) -> None:
    test = AppTest.from_file(str(MAIN), default_timeout=30)
    test.session_state["person"] = "Anna"
    test.run()
    shown = {name for name, page in test.session_state["pages"].items() if page.visibility == "visible"}
    assert shown == {"worklist", "bring-in", "audit", "models", "people"}
    of_a_slide = test.session_state["pages"].keys() - shown
    assert of_a_slide == {"review", "second-reading", "adjudication", "slide", "result", "details"}
