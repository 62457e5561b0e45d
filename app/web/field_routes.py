"""Where the slide page sends which fields are read: a signed address, that answers also when no page runs."""

from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from app.web.addresses import writing_of
from app.web.answers import expired
from app.workplace import Workplace
from core.results.folder import fields_of
from core.store import Right, StoreError
from core.store.records import DatabaseRefusesError

MOST_BYTES = 1000
"""Of what is sent at a time: one word on one field."""


class _Sent(BaseModel):
    field: int
    whole: bool


def field_routes(workplace: Workplace) -> list[BaseRoute]:
    """The route ``/fields/<token>``: a page posts ``{field, whole}``, the field by its number in the result.

    It hears ``{problem}``: what could not be written, in the person's language, or an empty text. The same
    word sent twice is written once.
    """

    async def take(request: Request) -> Response:
        content = bytearray()
        async for part in request.stream():
            content += part
            if len(content) > MOST_BYTES:
                return PlainTextResponse(f"a page sends at most {MOST_BYTES} bytes at a time", 413)
        return await run_in_threadpool(written, request.path_params["token"], bytes(content))

    def written(token: str, content: bytes) -> Response:
        writing, store = writing_of(workplace.secret, token), workplace.store
        if writing is None or not store.people.may(writing.reader, Right.LOOK):
            return expired()
        try:
            sent = _Sent.model_validate_json(content)
        except ValidationError as error:
            return PlainTextResponse(f"a page sends a field and whether it is read whole: {error}", 400)
        say = store.field_readings.read if sent.whole else store.field_readings.take_back
        problem = ""
        try:
            taken_in = store.record(writing.slide_id).taken_in
            rows = () if taken_in is None else fields_of(taken_in.folder, taken_in.sha256)
            if not 0 <= sent.field < len(rows):
                return PlainTextResponse(f"slide {writing.slide_id} has no field {sent.field}", 404)
            say(writing.slide_id, rows[sent.field].name, reader=writing.reader, role=writing.role)
        except DatabaseRefusesError as error:
            return PlainTextResponse(str(error), 503)  # it may well take the same a little later
        except StoreError as error:
            problem = error.in_language(writing.language)
        return JSONResponse({"problem": problem}, headers={"Cache-Control": "no-store"})

    return [Route("/fields/{token}", take, methods=["POST"])]
