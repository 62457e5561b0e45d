"""Where boards send their entries: a log that is written for whom the address was made."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from app.web.addresses import READINGS, Writing, writing_address
from app.web.reading_routes import reading_routes
from app.workplace import Workplace
from core.store import Role, SlideRecord

ANNA = Writing(1, Role.FIRST, "Anna", "en")


def post(workplace: Workplace, address: str, **sent: Any) -> httpx.Response:  # noqa: ANN401 - passed on
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=Starlette(routes=reading_routes(workplace)))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.post(address, **sent)

    return asyncio.run(ask())


def test_a_call_is_written_for_whom_the_address_was_made(workplace: Workplace, record: SlideRecord) -> None:
    entry = {"number": 1, "act": "read", "cell": str(record.candidates[0].id), "call": "parasite"}
    answer = post(
        workplace,
        writing_address(workplace.secret, READINGS, ANNA),
        json={"log": "a log", "entries": [entry], "knows": 0},
    )
    assert (answer.status_code, answer.json()["number"]) == (200, 1)
    assert answer.headers["cache-control"] == "no-store"
    assert [one.reader for one in workplace.store.record(1).readings] == ["Anna"]


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"log": "a log", "knows": 0}},
        {"json": {"log": "a log", "entries": []}},
        {"json": {"log": "x" * 101, "entries": [], "knows": 0}},
    ],
)
def test_what_is_no_log_is_refused(workplace: Workplace, record: SlideRecord, sent: dict[str, Any]) -> None:
    answer = post(workplace, writing_address(workplace.secret, READINGS, ANNA), **sent)
    assert answer.status_code == 400
    assert workplace.store.record(record.slide.id).readings == ()


def test_a_slide_that_is_not_there_is_said(workplace: Workplace, record: SlideRecord) -> None:
    address = writing_address(workplace.secret, READINGS, Writing(9, Role.FIRST, "Anna", "en"))
    answer = post(workplace, address, json={"log": "a log", "entries": [], "knows": 0})
    assert answer.status_code == 404
    assert record.slide.id != 9
