"""Who may send files: the framework takes them from any page that is open, whoever has it open."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import app.web.uploads
from app.web.uploads import UPLOADS, UploadGuard, take_uploads_of
from app.workplace import Workplace
from core.store import StaffRole
from tests.app.page_under_test import page

EVE = "eve@lab.example"
Send = Callable[[str], int]


@pytest.fixture
def asking(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """A data folder where people sign in and Eve is a technician; her page is the session "hers"."""
    workplace.store.people.name_supervisor("zoe@lab.example", by="command line")
    workplace.store.people.grant(EVE, StaffRole.TECHNICIAN, by="zoe@lab.example")

    class OfEve:
        session_id = "hers"

    monkeypatch.setattr("app.web.uploads.get_script_run_ctx", OfEve)
    monkeypatch.setattr("app.web.uploads._readers", OrderedDict())
    return replace(workplace, store=workplace.store.asking_roles())


@pytest.fixture
def send(asking: Workplace) -> Send:
    """Send a file to an address; 204 where the framework, here a stand-in, took it."""

    async def taken(_: object) -> PlainTextResponse:
        return PlainTextResponse("", 204)

    framework = Starlette(routes=[Route("/{any:path}", taken, methods=["PUT", "GET"])])

    def ask(path: str) -> int:
        async def one() -> httpx.Response:
            transport = httpx.ASGITransport(UploadGuard(framework, asking))
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.put(path, content=b"a file")

        return asyncio.run(one()).status_code

    return ask


def test_a_page_that_nobody_has_signed_in_to_sends_nothing(send: Send) -> None:
    assert send(f"{UPLOADS}of-a-stranger/1") == 403


def test_the_page_of_who_may_bring_slides_in_sends_files_and_no_other_page_does(send: Send) -> None:
    take_uploads_of(EVE)
    assert send(f"{UPLOADS}hers/1") == 204
    assert send(f"{UPLOADS}of-a-stranger/1") == 403


def test_the_page_that_asks_for_files_may_send_them(
    asking: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    page("bring_in", "bring_in_page", person="Anna")
    assert "Anna" in app.web.uploads._readers.values()


def test_it_sends_none_once_the_role_is_withdrawn(send: Send, workplace: Workplace) -> None:
    take_uploads_of(EVE)
    workplace.store.people.withdraw(EVE, StaffRole.TECHNICIAN, by="zoe@lab.example")
    assert send(f"{UPLOADS}hers/1") == 403


def test_of_too_many_pages_those_made_longest_ago_are_forgotten(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.uploads.MOST_PAGES", 3)

    def make(session: str) -> None:
        monkeypatch.setattr("app.web.uploads.get_script_run_ctx", lambda: SimpleNamespace(session_id=session))
        take_uploads_of(EVE)

    for session in ("left open", "in use", "third", "in use", "fourth"):
        make(session)
    assert len(app.web.uploads._readers) == 3
    assert send(f"{UPLOADS}left open/1") == 403
    assert {send(f"{UPLOADS}{session}/1") for session in ("in use", "third", "fourth")} == {204}
    make("left open")  # after any click in it
    assert send(f"{UPLOADS}left open/1") == 204
    assert send(f"{UPLOADS}third/1") == 403


def test_other_addresses_are_the_frameworks_own(send: Send) -> None:
    assert send("/_stcore/health") == 204
