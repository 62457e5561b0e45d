"""Erasing a patient: by whom, and only after it was typed once more."""

from app.workplace import Workplace
from core.store import Role, SlideRecord, StaffRole
from tests.app.page_under_test import buttons, page, said
from tests.app.staff import EVE, granted, labels
from tests.scored_slides import read_all

TECHNICIAN, REVIEWER, SUPERVISOR, RESEARCHER = StaffRole


def test_only_a_supervisor_erases_a_patient_and_only_by_typing_it(staffed: Workplace) -> None:
    granted(staffed, REVIEWER)
    assert "Erase the patient" not in labels(page("result", "result_page", slide=1))
    granted(staffed, SUPERVISOR)
    test = page("result", "result_page", slide=1)
    erase = next(button for button in test.button if button.label == "Erase the patient")
    erase.click().run()
    assert "nothing was erased" in said(test)
    assert staffed.store.record(1).case.patient == "patient 7"
    next(one for one in test.text_input if "To confirm" in one.label).set_value(" patient  7")
    next(button for button in test.button if button.label == "Erase the patient").click().run()
    assert staffed.store.record(1).case.patient is None
    assert "patient erased" in said(test)
    entry = staffed.store.audit()[-1]
    assert (entry.who, entry.what, entry.detail) == (EVE, "patient erased", {"case": 1})


def test_erasing_stands_below_all_else_also_below_a_question(
    workplace: Workplace, staffed: Workplace, record: SlideRecord
) -> None:
    granted(staffed, SUPERVISOR)
    assert buttons(page("result", "result_page", slide=1))[-1] == "Erase the patient"
    read_all(workplace.store, record, "++--", reader="Anna", role=Role.FIRST)
    assert buttons(page("result", "result_page", slide=1)) == ["Look anyway", "Erase the patient"]
