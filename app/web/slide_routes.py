"""What the server answers of a whole slide: how its fields lie, its tiles, and the boxes of its cells."""

import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.pictures.pyramid import cell_boxes, layout_document
from app.pictures.tiles import Picture
from app.web.addresses import Permit
from app.web.answers import answer, expired
from app.workplace import Workplace
from core.store import StoredSlide, TakenIn


def slide_routes(
    workplace: Workplace,
    permitted: Callable[[Request], Permit | None],
    slide_of: Callable[[Permit], tuple[StoredSlide, TakenIn]],
) -> list[BaseRoute]:
    """Routes of whole slides, behind the same signed addresses as the pictures.

    ``/slides/<token>/layout`` is JSON (`layout_document`), ``/slides/<token>/cells`` the boxes of all located
    cells (`cell_boxes`), ``/slides/<token>/<level>/<column>/<row>`` a tile. None of them tells any call.
    """

    def behind_permit(
        made: Callable[[Request, StoredSlide, TakenIn], Picture],
    ) -> Callable[[Request], Response]:
        def answered(request: Request) -> Response:
            permit = permitted(request)
            if permit is None:
                return expired()
            return answer(lambda: made(request, *slide_of(permit)))

        return answered

    def layout(_: Request, __: StoredSlide, taken_in: TakenIn) -> Picture:
        return Picture(json.dumps(layout_document(taken_in)).encode(), "application/json")

    def cells(_: Request, __: StoredSlide, taken_in: TakenIn) -> Picture:
        return Picture(cell_boxes(taken_in.folder, taken_in.sha256), "application/octet-stream")

    def tile(request: Request, slide: StoredSlide, taken_in: TakenIn) -> Picture:
        level, column, row = (request.path_params[name] for name in ("level", "column", "row"))
        return workplace.pyramid.tile(slide, taken_in, level, column, row)

    return [
        Route("/slides/{token}/layout", behind_permit(layout)),
        Route("/slides/{token}/cells", behind_permit(cells)),
        Route("/slides/{token}/{level:int}/{column:int}/{row:int}", behind_permit(tile)),
    ]
