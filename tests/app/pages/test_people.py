"""The page on which roles are granted and withdrawn."""

from app.workplace import Workplace
from core.store import StaffRole
from tests.app.page_under_test import page, said
from tests.app.staff import EVE, granted

TECHNICIAN, REVIEWER, SUPERVISOR, RESEARCHER = StaffRole


def test_a_supervisor_grants_and_withdraws_on_the_page_people(staffed: Workplace) -> None:
    granted(staffed, SUPERVISOR)
    test = page("people", "people_page")
    test.text_input[0].set_value("Ida")
    next(button for button in test.button if button.label == "Grant a role").click().run()
    assert "Give the e-mail address" in said(test)
    test.text_input[0].set_value("ida@lab.example")
    test.selectbox[0].select(StaffRole.RESEARCHER)
    next(button for button in test.button if button.label == "Grant a role").click().run()
    assert staffed.store.people.roles_of("ida@lab.example") == {RESEARCHER}
    test.button(key="withdraw ida@lab.example researcher").click().run()
    assert staffed.store.people.roles_of("ida@lab.example") == frozenset()
    trail = [(entry.who, entry.what) for entry in staffed.store.audit()[-2:]]
    assert trail == [(EVE, "role granted"), (EVE, "role withdrawn")]


def test_where_nobody_signs_in_the_page_people_says_so(workplace: Workplace) -> None:
    assert "There is no sign-in here" in said(page("people", "people_page"))
