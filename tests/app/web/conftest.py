"""Asking the server for an address, and the addresses that a reader of a slide is given."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.applications import Starlette

from app.web.addresses import Permit, picture_base
from app.web.routes import picture_routes
from app.workplace import Workplace
from core.store import SlideRecord

Get = Callable[[str], tuple[int, dict[str, str], bytes]]


@pytest.fixture
def get(workplace: Workplace) -> Get:
    """Ask for a path: status, headers, body."""
    site = Starlette(routes=picture_routes(workplace))

    def ask(path: str) -> tuple[int, dict[str, str], bytes]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:  # noqa: ANN401 - ASGI's own
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [],
            "root_path": "",
        }
        running: Awaitable[None] = site(scope, receive, send)
        asyncio.run(running)  # type: ignore[arg-type]  # it is a coroutine
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])

    return ask


@pytest.fixture
def base(workplace: Workplace, record: SlideRecord) -> str:
    assert record.taken_in is not None
    return picture_base(
        workplace.secret, Permit(record.slide.id, record.taken_in.id, blind=False, reader="Anna")
    )
