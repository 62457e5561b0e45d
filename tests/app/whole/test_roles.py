"""What roles open where people sign in: each page, each route, and what stands on them."""

import asyncio
import re

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from streamlit.testing.v1 import AppTest

from app.web.addresses import Permit, picture_base
from app.web.exports import Export, export_address, export_routes
from app.web.routes import picture_routes
from app.workplace import Workplace
from core.reports.signed_result_page import Letterhead
from core.review import sign
from core.store import Right, Role, SlideRecord, StaffRole
from core.store.people import RIGHTS
from tests.app.page_under_test import MAIN, page, said
from tests.app.staff import EVE, granted, labels
from tests.scored_slides import read_all

TECHNICIAN, REVIEWER, SUPERVISOR, RESEARCHER = StaffRole
REFUSED = "Your role does not give access to this page"
PAGES = [
    ("worklist", "worklist_page", Right.LOOK),
    ("bring_in", "bring_in_page", Right.BRING_IN),
    ("reading", "review_page", Right.READ),
    ("reading", "second_reading_page", Right.READ),
    ("reading", "adjudication_page", Right.ADJUDICATE),
    ("slide_view", "slide_page", Right.LOOK),
    ("result", "result_page", Right.LOOK),
    ("details", "details_page", Right.BRING_IN),
    ("audit", "audit_page", Right.AUDIT),
    ("people", "people_page", Right.NAME_PEOPLE),
]


@pytest.mark.parametrize("role", [None, *StaffRole])
@pytest.mark.parametrize(("module", "function", "right"), PAGES)
def test_a_page_opens_for_the_roles_that_may_and_for_nobody_else(
    staffed: Workplace, module: str, function: str, right: Right, role: StaffRole | None
) -> None:
    if role is not None:
        granted(staffed, role)
    test = page(module, function, person="somebody else", slide=1)
    assert not test.exception
    opened = role is not None and right in RIGHTS[role]
    assert (REFUSED not in said(test)) is opened
    # Who is there is what the provider says, whatever this tab was told before.
    assert test.session_state["person"] == EVE
    if not opened:
        assert "slide 7" not in said(test)
        assert test.code[0].value == EVE


def test_nobody_signed_in_is_asked_to_and_cannot_type_a_name(
    staffed: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    granted(staffed, SUPERVISOR)
    monkeypatch.setattr("app.person.signed_in", lambda: None)
    for test in (page("worklist", "worklist_page"), AppTest.from_file(str(MAIN), default_timeout=30).run()):
        assert labels(test) >= {"Sign in"}
        assert len(test.text_input) == 0
        assert "slide 7" not in said(test)


def test_a_researcher_sees_results_but_no_patient_and_has_nothing_to_press(staffed: Workplace) -> None:
    granted(staffed, RESEARCHER)
    for module, function in (("worklist", "worklist_page"), ("result", "result_page")):
        shown = page(module, function, slide=1)
        assert "patient not shown" in said(shown)
        assert "patient 7" not in said(shown)
        assert labels(shown) & {"Sign the result", "Begin an amendment", "Erase the patient"} == set()
    worklist = page("worklist", "worklist_page")
    worklist.text_input(key="search").set_value("patient 7").run()
    assert "No slide fits" in said(worklist)


def test_what_is_taken_away_depends_on_the_role_and_the_pdf_on_seeing_patients(
    workplace: Workplace, staffed: Workplace, record: SlideRecord
) -> None:
    def offered() -> list[str]:
        found = page("result", "result_page", slide=1).get("html")
        return [name for links in found for name in re.findall(r"<a [^>]*>([^<]+)</a>", links.proto.body)]

    annotations = ["COCO", "Pascal VOC", "YOLO", "CVAT", "Label Studio", "QuPath"]

    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    sign(workplace.store, record.slide.id, by="Anna")
    granted(staffed, RESEARCHER)
    assert offered() == ["JSON", "CSV", *annotations]
    granted(staffed, TECHNICIAN)
    assert offered() == ["PDF, English", "PDF, Français", "JSON", "CSV", *annotations]


def test_a_technician_may_not_sign_and_a_reviewer_may(
    workplace: Workplace, staffed: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    granted(staffed, TECHNICIAN)
    test = page("result", "result_page", slide=1)
    next(button for button in test.button if button.label == "Look anyway").click().run()
    assert "Sign the result" not in labels(test)
    assert "Only reviewers and supervisors can sign and amend" in said(test)
    granted(staffed, REVIEWER)
    test = page("result", "result_page", slide=1)
    assert "Sign the result" in labels(test)
    # The page stands there still; the role is gone.
    staffed.store.people.withdraw(EVE, REVIEWER, by="zoe@lab.example")
    test.checkbox[0].check()
    next(button for button in test.button if button.label == "Sign the result").click().run()
    assert staffed.store.record(1).signatures == ()


def test_no_route_opens_anything_once_its_person_has_lost_every_role(
    staffed: Workplace, record: SlideRecord
) -> None:
    assert record.taken_in is not None
    routes = picture_routes(staffed)
    token = picture_base(staffed.secret, Permit(1, record.taken_in.id, blind=False, reader=EVE)).split("/")[
        -1
    ]
    values = {"token": token, "kind": "cell", "candidate": record.candidates[0].id}
    addresses = [
        re.sub(r"{(\w+)(:\w+)?}", lambda found: str(values.get(found[1], 0)), route.path)
        for route in routes
        if isinstance(route, Route) and "{" in route.path
    ]
    assert f"/pictures/{token}/cell/{record.candidates[0].id}" in addresses

    def answers() -> set[int]:
        async def ask() -> set[int]:
            transport = httpx.ASGITransport(app=Starlette(routes=routes))
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                return {(await client.get(address)).status_code for address in addresses}

        return asyncio.run(ask())

    assert answers() == {403}
    granted(staffed, RESEARCHER)
    assert 403 not in answers()
    assert 200 in answers()
    staffed.store.people.withdraw(EVE, RESEARCHER, by="zoe@lab.example")
    assert answers() == {403}


def test_the_audit_puts_on_record_whose_calls_the_supervisor_has_seen(
    workplace: Workplace, staffed: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    granted(staffed, SUPERVISOR)
    page("audit", "audit_page")
    assert staffed.store.record(1).looks == ()  # hidden: Eve may still be the second reader
    sign(workplace.store, record.slide.id, by="Anna")
    page("audit", "audit_page")
    page("audit", "audit_page")
    assert [look.person for look in staffed.store.record(1).looks] == [EVE]


def test_a_pdf_asked_for_on_a_page_that_stands_open_names_no_patient_that_is_not_to_be_seen_by_now(
    workplace: Workplace, staffed: Workplace, record: SlideRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    sign(workplace.store, record.slide.id, by="Anna")
    patients: list[str | None] = []

    def print_patient(_: object, __: str, letterhead: Letterhead, *more: object) -> bytes:
        patients.append(letterhead.patient)
        return b"PDF"

    monkeypatch.setattr("app.web.exports.signed_result_pdf", print_patient)
    site = Starlette(routes=export_routes(staffed))

    def answer(form: str) -> int:
        async def ask() -> int:
            transport = httpx.ASGITransport(app=site)
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                return (await client.get(export_address(staffed.secret, Export(1, 1, form, EVE)))).status_code

        return asyncio.run(ask())

    granted(staffed, TECHNICIAN, RESEARCHER)
    assert answer("PDF en") == 200
    workplace.store.erase_patient(record.case.id, by="Zoe")
    assert answer("PDF en") == 200
    assert patients == ["patient 7", None]
    staffed.store.people.withdraw(EVE, TECHNICIAN, by="zoe@lab.example")
    exports = len(staffed.store.audit(1))
    assert answer("PDF en") == 403
    assert len(staffed.store.audit(1)) == exports
    assert answer("CSV") == 200
    staffed.store.people.withdraw(EVE, RESEARCHER, by="zoe@lab.example")
    assert answer("CSV") == 403
