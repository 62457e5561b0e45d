"""Where boards send their entries: for whom the address was made, for as long as they may, and no more."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from app.web.addresses import Writing, writing_address
from app.web.reading_routes import MOST_BYTES, reading_routes
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
        workplace, writing_address(workplace.secret, ANNA), json={"log": "a log", "entries": [entry]}
    )
    assert (answer.status_code, answer.json()["number"]) == (200, 1)
    assert answer.headers["cache-control"] == "no-store"
    assert [one.reader for one in workplace.store.record(1).readings] == ["Anna"]


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"log": "a log"}},
        {"json": {"log": "x" * 101, "entries": []}},
        {"json": [1, 2]},
        {"content": b"\xff\xfe"},
        {"content": b""},
    ],
)
def test_what_is_no_log_is_refused(workplace: Workplace, record: SlideRecord, sent: dict[str, Any]) -> None:
    answer = post(workplace, writing_address(workplace.secret, ANNA), **sent)
    assert answer.status_code == 400
    assert answer.text.startswith("a board sends a log and its entries")
    assert workplace.store.record(record.slide.id).readings == ()


def test_no_more_is_taken_than_a_board_sends(workplace: Workplace, record: SlideRecord) -> None:
    answer = post(workplace, writing_address(workplace.secret, ANNA), content=b" " * (MOST_BYTES + 1))
    assert answer.status_code == 413
    assert workplace.store.record(record.slide.id).readings == ()


@pytest.mark.parametrize("address", ["/readings/no-token", None])
def test_an_address_that_was_not_made_here_or_long_ago_opens_nothing(
    workplace: Workplace, record: SlideRecord, address: str | None
) -> None:
    old = writing_address(workplace.secret, ANNA, now=0)
    answer = post(workplace, address or old, json={"log": "a log", "entries": []})
    assert (answer.status_code, answer.text) == (403, "this address has expired: load the page again")


def test_who_may_look_no_more_is_told_nothing(staffed: Workplace) -> None:
    stranger = writing_address(staffed.secret, Writing(1, Role.FIRST, "nobody@lab.example", "en"))
    assert post(staffed, stranger, json={"log": "a log", "entries": []}).status_code == 403


def test_a_slide_that_is_not_there_is_said(workplace: Workplace, record: SlideRecord) -> None:
    address = writing_address(workplace.secret, Writing(9, Role.FIRST, "Anna", "en"))
    answer = post(workplace, address, json={"log": "a log", "entries": []})
    assert answer.status_code == 404
    assert record.slide.id != 9
