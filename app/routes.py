"""What the server answers beside the pages: pictures, behind signed addresses."""

from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from app.addresses import Permit, permit_of
from app.answers import HEADERS, answer, expired
from app.asked_maps import map_picture
from app.cell_numbers import CellNumbers
from app.slide_routes import slide_routes
from app.tiles import MAP, NoTileError, Picture
from app.workplace import Workplace
from core.store import Candidate, Right, Slide, SlideRecord, TakenIn

LIBRARY = Path(__file__).parent / "vendored" / "openseadragon" / "openseadragon.min.js"


def picture_routes(workplace: Workplace) -> list[BaseRoute]:
    """Routes of the pictures, behind signed addresses, and of the library that shows fields.

    ``/pictures/<token>/<kind>/<candidate>`` is a cell, by its number in `CellNumbers`; for ``/slides`` see
    `app.slide_routes`.
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
            numbers = CellNumbers.of(workplace.secret, permit.slide_id, permit.reader, blind=permit.blind)
            number = numbers.own(request.path_params["candidate"])
            slide, taken_in, candidate = records.candidate(permit, number)
            if kind.startswith(MAP):
                return map_picture(workplace, slide, taken_in, candidate, kind)
            return workplace.tiles.picture(slide, taken_in, candidate, kind)

        return answer(cut)

    def library(_: Request) -> Response:
        return FileResponse(LIBRARY, media_type="text/javascript", headers=HEADERS)

    return [
        Route("/pictures/{token}/{kind}/{candidate:int}", cell),
        *slide_routes(workplace, permitted, records.slide),
        Route("/vendored/openseadragon.min.js", library),
    ]


class _Records:
    """Slides and their candidates as a permit's page has them, so that pictures need no database."""

    def __init__(self, workplace: Workplace) -> None:
        self._store = workplace.store
        self._record = lru_cache(maxsize=32)(self._read)

    def _read(self, slide_id: int, _result_id: int) -> tuple[SlideRecord, dict[int, Candidate]]:
        """A slide and its candidates; `_result_id` tells those of one result from those of the next."""
        record = self._store.record(slide_id)
        return record, {candidate.id: candidate for candidate in record.candidates}

    def slide(self, permit: Permit) -> tuple[Slide, TakenIn]:
        record, _ = self._record(permit.slide_id, permit.result_id)
        if record.taken_in is None:
            raise NoTileError(f"slide {permit.slide_id} is not scored")
        return record.slide, record.taken_in

    def candidate(self, permit: Permit, number: int) -> tuple[Slide, TakenIn, Candidate]:
        if number not in self._record(permit.slide_id, permit.result_id)[1]:
            self._record.cache_clear()  # it may have been offered since
        candidate = self._record(permit.slide_id, permit.result_id)[1].get(number)
        if candidate is None:
            raise NoTileError(f"slide {permit.slide_id} has no candidate {number}")
        return *self.slide(permit), candidate
