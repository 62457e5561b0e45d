"""What the server answers to a browser that asks for something behind a signed address."""

from collections.abc import Callable

from starlette.responses import PlainTextResponse, Response

from app.pictures.tiles import NoTileError, Picture
from app.web.addresses import HOURS
from core.errors import SmearscopeError
from core.store import StoreError

# What is there stays the same under its address; no other site may show it, and nothing guesses its type.
HEADERS = {
    "Cache-Control": f"private, max-age={HOURS * 3600}, immutable",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def answer(made: Callable[[], Picture | None]) -> Response:
    """Answer with what was asked for, with why it is not to be had, or that it is being made (None)."""
    try:
        picture = made()
    except (NoTileError, StoreError) as error:
        return PlainTextResponse(str(error), 404)
    except SmearscopeError as error:
        return PlainTextResponse(str(error), 500)
    if picture is None:
        return PlainTextResponse("it is being made: ask again", 202, {"Cache-Control": "no-store"})
    return Response(picture.content, media_type=picture.media_type, headers=HEADERS)


def expired() -> Response:
    """Answer to an address that opens nothing."""
    return PlainTextResponse("this address has expired: load the page again", 403)
