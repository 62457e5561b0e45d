"""The details of a slide: changed by who may, until it is signed; removed with a reason, and restored."""

from datetime import date

from streamlit.testing.v1 import AppTest

from app.workplace import Workplace
from core.review import sign
from core.store import Role, SlideRecord
from tests.app.page_under_test import SLIDE_PAGES, page, rows, said
from tests.app.staff import RESEARCHER, TECHNICIAN, granted, labels
from tests.scored_slides import read_all


def details() -> AppTest:
    return page("details", "details_page", slide=1)


def typed(test: AppTest, **texts: str) -> AppTest:
    for label, text in texts.items():
        next(field for field in test.text_input if field.label.startswith(label)).set_value(text)
    return test


def pressed(test: AppTest, label: str) -> AppTest:
    return next(button for button in test.button if button.label == label).click().run()


def test_name_date_and_laboratory_number_are_changed_and_shown_on_the_worklist(
    workplace: Workplace, record: SlideRecord
) -> None:
    test = typed(details(), Slide="thin 2", Laboratory="117")
    test.date_input[0].set_value(date(2026, 11, 3))
    pressed(test, "Save")
    (row,) = rows(page("worklist", "worklist_page"))
    assert (row["slide"], row["sampled_on"], row["laboratory"]) == ("thin 2", "2026-11-03", "117")


def test_a_slide_without_a_name_is_refused(workplace: Workplace, record: SlideRecord) -> None:
    assert "give the slide a name" in said(pressed(typed(details(), Slide=" "), "Save"))


def test_a_removed_slide_is_off_the_worklist_and_stands_behind_a_filter_until_it_is_restored(
    workplace: Workplace, record: SlideRecord
) -> None:
    test = pressed(details(), "Remove the slide")
    assert "give the reason" in said(test)
    test = pressed(typed(test, Why="of another patient"), "Remove the slide")
    assert "Anna removed this slide" in said(test)
    worklist = page("worklist", "worklist_page")
    assert rows(worklist) == []
    (row,) = rows(worklist.toggle(key="removed").set_value(True).run())
    assert (row["slide"], row["removed_by"], row["reason"]) == ("slide 7", "Anna", "of another patient")
    assert (row["act"], row["links"]) == ("Restore", {})
    for module, function in SLIDE_PAGES:
        shown = said(page(module, function, slide=1))
        assert "of another patient" in shown
        assert "research use only" in shown
        assert "The model" not in shown
    pressed(test, "Restore")
    assert [row["slide"] for row in rows(page("worklist", "worklist_page"))] == ["slide 7"]


def test_a_signed_slide_stays_as_it_is(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    sign(workplace.store, 1, by="Anna")
    test = details()
    assert "This slide is signed" in said(test)
    assert labels(test) == set()


def test_who_may_not_see_patients_sees_no_laboratory_number_and_who_may_not_add_slides_changes_nothing(
    workplace: Workplace, staffed: Workplace, record: SlideRecord
) -> None:
    workplace.store.housekeeping.describe(
        1, name="slide 7", sampled_on=None, laboratory_number="LAB-117", by="Anna"
    )
    granted(staffed, RESEARCHER)
    worklist = page("worklist", "worklist_page")
    assert [row["laboratory"] for row in rows(worklist)] == [""]
    worklist.text_input(key="search").set_value("LAB-117").run()
    assert rows(worklist) == []
    assert labels(details()) == set()
    granted(staffed, TECHNICIAN)
    assert [row["laboratory"] for row in rows(page("worklist", "worklist_page"))] == ["LAB-117"]
    assert "Save" in labels(details())
