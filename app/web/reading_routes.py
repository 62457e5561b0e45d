"""Where boards send what a reader decides: a signed address, that answers also when no page runs."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from app.board.logs import Logs
from app.web.addresses import writing_of
from app.web.answers import expired
from app.workplace import Workplace
from core.store import Right, StoreError

MOST_BYTES = 1_000_000
"""Of what is sent at a time: some thousand entries."""


class _Sent(BaseModel):
    log: Annotated[str, Field(max_length=100)]
    entries: list[Any]
    knows: int = 0


def reading_routes(workplace: Workplace) -> list[BaseRoute]:
    """The route ``/readings/<token>``: a board posts ``{log, entries}``; it hears what `Logs.answer` says."""
    logs = Logs(workplace.store, workplace.secret)

    async def take(request: Request) -> Response:
        content = bytearray()
        async for part in request.stream():
            content += part
            if len(content) > MOST_BYTES:
                return PlainTextResponse(f"a board sends at most {MOST_BYTES} bytes at a time", 413)
        return await run_in_threadpool(written, request.path_params["token"], bytes(content))

    def written(token: str, content: bytes) -> Response:
        writing = writing_of(workplace.secret, token)
        if writing is None or not workplace.store.people.may(writing.reader, Right.LOOK):
            return expired()
        try:
            sent = _Sent.model_validate_json(content)
        except ValidationError as error:
            return PlainTextResponse(f"a board sends a log and its entries: {error}", 400)
        try:
            answer = logs.answer(writing, sent.log, sent.entries, sent.knows)
        except StoreError as error:
            return PlainTextResponse(str(error), 404)
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    return [Route("/readings/{token}", take, methods=["POST"])]
