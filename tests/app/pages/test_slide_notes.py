"""Notes on a slide's pages: who sees which, and the person's own on the slide."""

import pytest
from streamlit.testing.v1 import AppTest

from app.workplace import Workplace
from core.review import read_document, sign
from core.store import Role, SlideRecord, notes_that_stand
from tests.app.page_under_test import buttons, page
from tests.app.page_under_test import said as said_in_markdown
from tests.app.staff import RESEARCHER, granted
from tests.scored_slides import read_all

DETAILS, RESULT = ("details", "details_page"), ("result", "result_page")


def shown(where: tuple[str, str], person: str = "Anna") -> AppTest:
    return page(*where, person=person, slide=1)


def said(test: AppTest) -> str:
    """As a person sees it."""
    return said_in_markdown(test).replace("\\", "")


def noted(test: AppTest, text: str) -> AppTest:
    test.text_area[0].set_value(text)
    return next(button for button in test.button if button.label == "Save the note").click().run()


@pytest.mark.parametrize("where", [DETAILS, RESULT])
def test_a_note_on_the_slide_is_written_replaced_and_taken_back(
    workplace: Workplace, record: SlideRecord, where: tuple[str, str]
) -> None:
    test = noted(shown(where), "stained *twice*")
    assert r"Slide\: stained \*twice\*" in said_in_markdown(test)  # no Markdown of the person's
    assert "Slide: stained *twice* (Anna, " in said(test)
    assert test.text_area[0].value == "stained *twice*"
    assert "No names of patients" in said(test)
    assert "stained once" in said(noted(test, "stained once"))
    assert "stained" not in said(noted(test, ""))
    assert notes_that_stand(workplace.store.record(1).notes) == ()


def test_who_may_still_be_second_reader_sees_no_note_of_others_and_writes_their_own(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+---", reader="Anna", role=Role.FIRST)
    workplace.store.notes.on_cell(1, record.candidates[0].id, "a ring", by="Anna")
    test = noted(shown(DETAILS, "Ben"), "my own")
    assert "Slide: my own (Ben, " in said(test)
    assert "a ring" not in said(test)
    assert workplace.store.record(1).looks == ()
    read_all(workplace.store, workplace.store.record(1), "+---", reader="Ben", role=Role.SECOND)
    assert "Cell of rank 1, field field1.png: a ring (Anna, " in said(shown(DETAILS, "Ben"))


def test_that_a_person_sees_the_notes_of_others_is_on_record_as_a_look_at_their_calls(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    workplace.store.notes.on_slide(1, "stained twice", by="Anna")
    sign(workplace.store, 1, by="Anna")
    assert "stained twice" in said(shown(DETAILS, "Cleo"))
    assert [look.person for look in workplace.store.record(1).looks] == ["Cleo"]


def test_the_notes_of_a_signed_slide_are_shown_and_none_is_taken(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    workplace.store.notes.on_slide(1, "stained twice", by="Anna")
    assert read_document(sign(workplace.store, 1, by="Anna")).notes[0].text == "stained twice"
    for where in (DETAILS, RESULT):
        test = shown(where)
        assert "stained twice" in said(test)
        assert "Save the note" not in buttons(test)


def test_who_may_not_read_writes_no_note(
    workplace: Workplace, staffed: Workplace, record: SlideRecord
) -> None:
    granted(staffed, RESEARCHER)
    assert "Save the note" not in buttons(shown(RESULT))
