"""What the server answers beside the pages: pictures, behind signed addresses."""

from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from app.cell_numbers import CellNumbers
from app.jobs.asked_maps import map_picture
from app.pictures.tiles import MAP, NoTileError, Picture
from app.web.addresses import Permit, permit_of
from app.web.answers import HEADERS, answer, expired
from app.web.slide_routes import slide_routes
from app.workplace import Workplace
from core.store import Candidate, Right, SlideRecord, StoredSlide, TakenIn

REFERENCE = Path(__file__).parents[1] / "board" / "reference.png"
LIBRARY = Path(__file__).parents[1] / "vendored" / "openseadragon" / "openseadragon.min.js"


def picture_routes(workplace: Workplace) -> list[BaseRoute]:
    """Routes of the pictures, behind signed addresses, of the library that shows fields, and of drawings.

    ``/pictures/<token>/<kind>/<candidate>`` is a cell, by its number in `CellNumbers`; for ``/slides`` see
    `app.web.slide_routes`.
    """
    records = _Records(workplace)

    def permitted(request: Request) -> Permit | None:
        """What an address opens; None where it has expired, or its person may look no more."""
        permit = permit_of(workplace.secret, request.path_params["token"])
        if permit is None or not workplace.store.people.may(permit.reader, Right.LOOK):
            return None
        return permit

    def cell(request: Request) -> Response:
        permit = permitted(request)
        kind = request.path_params["kind"]
        if permit is None:
            return expired()
        if permit.blind and kind.startswith(MAP):
            return PlainTextResponse("a second reader sees no maps", 403)

        def cut() -> Picture | None:
            slide, taken_in, candidate = records.candidate(permit, request.path_params["candidate"])
            if kind.startswith(MAP):
                return map_picture(workplace, slide, taken_in, candidate, kind)
            return workplace.tiles.picture(slide, taken_in, candidate, kind)

        return answer(cut)

    def library(_: Request) -> Response:
        return FileResponse(LIBRARY, media_type="text/javascript", headers=HEADERS)

    def reference(_: Request) -> Response:
        return Response(REFERENCE.read_bytes(), media_type="image/png", headers=HEADERS)

    return [
        Route("/pictures/{token}/{kind}/{candidate:int}", cell),
        *slide_routes(workplace, permitted, records.slide),
        Route("/vendored/openseadragon.min.js", library),
        Route("/board/reference.png", reference),
    ]


class _Records:
    """Slides and their candidates as a permit's page has them, so that pictures need no database."""

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace
        self._record = lru_cache(maxsize=32)(self._read)

    def _read(self, permit: Permit) -> tuple[SlideRecord, dict[int, Candidate]]:
        record = self._workplace.store.record(permit.slide_id)
        numbers = CellNumbers.of(self._workplace.secret, record, permit.reader, blind=permit.blind)
        return record, {numbers.shown(candidate.id): candidate for candidate in record.candidates}

    def slide(self, permit: Permit) -> tuple[StoredSlide, TakenIn]:
        record, _ = self._record(permit)
        if record.taken_in is None:
            raise NoTileError(f"slide {permit.slide_id} is not scored")
        return record.slide, record.taken_in

    def candidate(self, permit: Permit, number: int) -> tuple[StoredSlide, TakenIn, Candidate]:
        if number not in self._record(permit)[1]:
            self._record.cache_clear()  # it may have been offered since
        candidate = self._record(permit)[1].get(number)
        if candidate is None:
            raise NoTileError(f"slide {permit.slide_id} has no candidate {number}")
        return *self.slide(permit), candidate
