"""What pages send: taken from whom the address was made for, in measure, and only as what it should be."""

import asyncio
from typing import Any

import httpx
import pytest
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response

from app.web.addresses import READINGS, Writing, writing_address
from app.web.posts import post_route
from app.workplace import Workplace
from core.store import Role

ANNA = Writing(1, Role.FIRST, "Anna", "en")
MOST_BYTES = 40


class Word(BaseModel):
    """What is sent in these tests."""

    word: str


def post(workplace: Workplace, address: str, **sent: Any) -> httpx.Response:  # noqa: ANN401 - passed on
    def echo(writing: Writing, sent: Word) -> Response:
        return PlainTextResponse(f"{writing.reader} says {sent.word}")

    async def ask() -> httpx.Response:
        site = Starlette(routes=[post_route(workplace, READINGS, Word, MOST_BYTES, echo)])
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=site), base_url="http://here"
        ) as client:
            return await client.post(address, **sent)

    return asyncio.run(ask())


def test_what_is_sent_is_answered_for_whom_the_address_was_made(workplace: Workplace) -> None:
    answer = post(workplace, writing_address(workplace.secret, READINGS, ANNA), json={"word": "yes"})
    assert (answer.status_code, answer.text) == (200, "Anna says yes")


@pytest.mark.parametrize(
    "sent", [{"json": {"word": 7}}, {"json": [1, 2]}, {"content": b"\xff\xfe"}, {"content": b""}]
)
def test_what_is_something_else_is_refused(workplace: Workplace, sent: dict[str, Any]) -> None:
    answer = post(workplace, writing_address(workplace.secret, READINGS, ANNA), **sent)
    assert answer.status_code == 400
    assert answer.text.startswith("this is not what is sent here")


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 413)])
def test_no_more_is_taken_than_is_sent_at_a_time(workplace: Workplace, more: int, status: int) -> None:
    content = b'{"word": "yes"}'.ljust(MOST_BYTES + more)
    answer = post(workplace, writing_address(workplace.secret, READINGS, ANNA), content=content)
    assert answer.status_code == status


@pytest.mark.parametrize("address", ["/readings/no-token", None])
def test_an_address_that_was_not_made_here_or_long_ago_opens_nothing(
    workplace: Workplace, address: str | None
) -> None:
    old = writing_address(workplace.secret, READINGS, ANNA, now=0)
    answer = post(workplace, address or old, json={"word": "yes"})
    assert (answer.status_code, answer.text) == (403, "this address has expired: load the page again")


def test_who_may_look_no_more_is_told_nothing(staffed: Workplace) -> None:
    stranger = writing_address(staffed.secret, READINGS, Writing(1, Role.FIRST, "nobody@lab.example", "en"))
    assert post(staffed, stranger, json={"word": "yes"}).status_code == 403
