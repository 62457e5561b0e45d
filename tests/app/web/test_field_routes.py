"""Where the slide page sends which fields are read: for whom the address was made, and once a word."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from app.web.addresses import FIELDS, Writing, writing_address
from app.web.field_routes import field_routes
from app.workplace import Workplace
from core.store import Role
from core.store.field_readings import FieldReadings
from core.store.records import DatabaseRefusesError

pytestmark = pytest.mark.usefixtures("record")


def post(workplace: Workplace, reader: str = "Anna", language: str = "en", **sent: Any) -> httpx.Response:  # noqa: ANN401 - passed on
    address = writing_address(workplace.secret, FIELDS, Writing(1, Role.FIRST, reader, language))

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=Starlette(routes=field_routes(workplace)))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.post(address, **sent)

    return asyncio.run(ask())


def said(workplace: Workplace) -> list[tuple[str, str, str, bool]]:
    return [(one.field, one.reader, one.role, one.whole) for one in workplace.store.record(1).fields_read]


def test_each_word_is_written_once_however_often_it_is_sent(workplace: Workplace) -> None:
    for word in ({"field": 0, "whole": True},) * 2 + ({"field": 0, "whole": False},) * 2:
        answer = post(workplace, json=word)
        assert (answer.status_code, answer.json()) == (200, {"problem": ""})
        assert answer.headers["cache-control"] == "no-store"
    assert said(workplace) == [
        ("field1.png", "Anna", "first", True),
        ("field1.png", "Anna", "first", False),
    ]


def test_what_is_refused_is_said_in_the_persons_language(workplace: Workplace) -> None:
    post(workplace, json={"field": 0, "whole": True})
    answer = post(workplace, "Cleo", language="fr", json={"field": 0, "whole": True})
    assert answer.json()["problem"].startswith("Anna a déjà lu ce champ")
    assert len(said(workplace)) == 1


@pytest.mark.parametrize(
    "sent", [{"json": {"field": 0}}, {"json": {"field": "x", "whole": True}}, {"content": b"\xff"}]
)
def test_what_is_no_word_on_a_field_is_refused(workplace: Workplace, sent: dict[str, Any]) -> None:
    assert post(workplace, **sent).status_code == 400
    assert said(workplace) == []


@pytest.mark.parametrize("field", [-1, 9])
def test_a_field_that_is_not_there_is_refused(workplace: Workplace, field: int) -> None:
    assert post(workplace, json={"field": field, "whole": True}).status_code == 404


def test_what_a_database_refuses_is_to_be_sent_again(
    workplace: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise DatabaseRefusesError("the disk is full")

    monkeypatch.setattr(FieldReadings, "read", full)
    assert post(workplace, json={"field": 0, "whole": True}).status_code == 503
