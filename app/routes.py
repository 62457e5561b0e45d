"""What the server answers beside the pages: pictures, behind signed addresses."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from app.addresses import HOURS, Permit, permit_of
from app.result_tables import fields_of
from app.tiles import MAP, NoTileError, Picture
from app.workplace import Workplace
from core.errors import SmearscopeError
from core.store import Candidate, Slide, SlideRecord, StoreError, TakenIn

LIBRARY = Path(__file__).parent / "vendored" / "openseadragon" / "openseadragon.min.js"
# The picture stays the same under its address; no other site may show it, and nothing guesses its type.
_HEADERS = {
    "Cache-Control": f"private, max-age={HOURS * 3600}, immutable",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def picture_routes(workplace: Workplace) -> list[BaseRoute]:
    """Routes of the pictures, behind signed addresses, and of the library that shows fields.

    ``/pictures/<token>/<kind>/<candidate>`` is a cell, ``/fields/<token>/<number>`` a whole field.
    """
    records = _Records(workplace)

    def cell(request: Request) -> Response:
        permit = permit_of(workplace.secret, request.path_params["token"])
        kind = request.path_params["kind"]
        if permit is None:
            return _expired()
        if permit.blind and kind.startswith(MAP):
            return PlainTextResponse("a second reader sees no maps", 403)

        def cut() -> Picture:
            slide, taken_in, candidate = records.candidate(permit, request.path_params["candidate"])
            return workplace.tiles.picture(slide, taken_in, candidate, kind)

        return _answer(cut)

    def field(request: Request) -> Response:
        permit = permit_of(workplace.secret, request.path_params["token"])
        if permit is None:
            return _expired()

        def cut() -> Picture:
            slide, taken_in = records.slide(permit)
            rows = {row.number: row.name for row in fields_of(taken_in.folder, taken_in.sha256)}
            name = rows.get(request.path_params["number"])
            if name is None:
                raise NoTileError(f"slide {permit.slide_id} has no such field")
            return workplace.tiles.field(slide, taken_in, name)

        return _answer(cut)

    def library(_: Request) -> Response:
        return FileResponse(LIBRARY, media_type="text/javascript", headers=_HEADERS)

    return [
        Route("/pictures/{token}/{kind}/{candidate:int}", cell),
        Route("/fields/{token}/{number:int}", field),
        Route("/vendored/openseadragon.min.js", library),
    ]


class _Records:
    """Slides and their candidates as a permit's page has them, so that pictures need no database."""

    def __init__(self, workplace: Workplace) -> None:
        self._store = workplace.store
        self._record = lru_cache(maxsize=32)(self._read)

    def _read(self, permit: Permit) -> tuple[SlideRecord, dict[int, Candidate]]:
        record = self._store.record(permit.slide_id)
        return record, {candidate.id: candidate for candidate in record.candidates}

    def slide(self, permit: Permit) -> tuple[Slide, TakenIn]:
        record, _ = self._record(permit)
        if record.taken_in is None:
            raise NoTileError(f"slide {permit.slide_id} is not scored")
        return record.slide, record.taken_in

    def candidate(self, permit: Permit, number: int) -> tuple[Slide, TakenIn, Candidate]:
        if number not in self._record(permit)[1]:
            self._record.cache_clear()  # it may have been offered since
        candidate = self._record(permit)[1].get(number)
        if candidate is None:
            raise NoTileError(f"slide {permit.slide_id} has no candidate {number}")
        return *self.slide(permit), candidate


def _answer(cut: Callable[[], Picture]) -> Response:
    try:
        picture = cut()
    except (NoTileError, StoreError) as error:
        return PlainTextResponse(str(error), 404)
    except SmearscopeError as error:
        return PlainTextResponse(str(error), 500)
    return Response(picture.content, media_type=picture.media_type, headers=_HEADERS)


def _expired() -> Response:
    return PlainTextResponse("this address has expired: load the page again", 403)
