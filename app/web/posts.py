"""What pages send by addresses of their own: signed for one person, and no more than so much at a time."""

from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.web.addresses import Writing, writing_of
from app.web.answers import expired
from app.workplace import Workplace
from core.store import Right

Sent = TypeVar("Sent", bound=BaseModel)


def post_route(
    workplace: Workplace,
    path: str,
    kind: type[Sent],
    most_bytes: int,
    answer: Callable[[Writing, Sent], Response],
) -> Route:
    """The route ``<path>/<token>``, which answers to what a page posts for whom the token was made.

    Parameters
    ----------
    kind
        What is to be sent, as JSON.
    most_bytes
        Of what is sent at a time.
    answer
        Called in a thread, with whose address it is and what was sent.
    """

    async def take(request: Request) -> Response:
        content = bytearray()
        async for part in request.stream():
            content += part
            if len(content) > most_bytes:
                return PlainTextResponse(f"at most {most_bytes} bytes are taken at a time", 413)
        return await run_in_threadpool(answered, request.path_params["token"], bytes(content))

    def answered(token: str, content: bytes) -> Response:
        writing = writing_of(workplace.secret, token)
        if writing is None or not workplace.store.people.may(writing.reader, Right.LOOK):
            return expired()
        try:
            sent = kind.model_validate_json(content)
        except ValidationError as error:
            return PlainTextResponse(f"this is not what is sent here: {error}", 400)
        return answer(writing, sent)

    return Route(f"{path}/{{token}}", take, methods=["POST"])
