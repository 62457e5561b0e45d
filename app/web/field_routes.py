"""Where the slide page sends which fields are read: a signed address, that answers also when no page runs."""

from pydantic import BaseModel
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute

from app.web.addresses import FIELDS, Writing
from app.web.posts import post_route
from app.workplace import Workplace
from core.results.folder import fields_of
from core.store import StoreError
from core.store.records import DatabaseRefusesError

MOST_BYTES = 1000
"""Of what is sent at a time: one word on one field."""


class _Sent(BaseModel):
    field: int
    whole: bool


def field_routes(workplace: Workplace) -> list[BaseRoute]:
    """The route of fields: a page posts ``{field, whole}``, the field by its number in the result.

    It hears ``{problem}``: what could not be written, in the person's language, or an empty text. The same
    word sent twice is written once.
    """
    store = workplace.store

    def written(writing: Writing, sent: _Sent) -> Response:
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

    return [post_route(workplace, FIELDS, _Sent, MOST_BYTES, written)]
