"""Where boards send what a reader decides: a signed address, that answers also when no page runs."""

from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute

from app.board.logs import Logs
from app.jobs.models_here import stage_head_of
from app.web.addresses import READINGS, Writing
from app.web.posts import post_route
from app.workplace import Workplace
from core.store import StoreError

MOST_BYTES = 1_000_000
"""Of what is sent at a time: some thousand entries."""


class _Sent(BaseModel):
    log: Annotated[str, Field(max_length=100)]
    entries: list[Any]
    knows: int


def reading_routes(workplace: Workplace) -> list[BaseRoute]:
    """The route of readings: a board posts ``{log, entries, knows}``; it hears what `Logs.answer` says."""
    logs = Logs(workplace.store, workplace.secret, partial(stage_head_of, workplace))

    def written(writing: Writing, sent: _Sent) -> Response:
        try:
            answer = logs.answer(writing, sent.log, sent.entries, sent.knows)
        except StoreError as error:
            return PlainTextResponse(str(error), 404)
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    return [post_route(workplace, READINGS, _Sent, MOST_BYTES, written)]
