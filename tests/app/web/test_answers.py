"""What a browser is answered: the picture, why it is not to be had, or that it is being made."""

import pytest
from starlette.responses import Response

from app.pictures.tiles import NoTileError, Picture
from app.web.answers import answer, expired
from core.errors import SmearscopeError, UnreadableImageError
from core.store import StoreError


def failing(error: SmearscopeError) -> Response:
    def made() -> Picture:
        raise error

    return answer(made)


def test_what_is_there_may_be_kept_by_this_browser_alone_and_shown_by_no_other_site() -> None:
    answered = answer(lambda: Picture(b"pixels", "image/jpeg"))
    assert (answered.status_code, answered.body, answered.media_type) == (200, b"pixels", "image/jpeg")
    assert answered.headers["cache-control"].startswith("private")
    assert answered.headers["cross-origin-resource-policy"] == "same-origin"
    assert answered.headers["x-content-type-options"] == "nosniff"


def test_what_is_being_made_is_asked_for_again_and_kept_by_nobody() -> None:
    answered = answer(lambda: None)
    assert (answered.status_code, answered.headers["cache-control"]) == (202, "no-store")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NoTileError("no such cell"), 404),
        (StoreError("no such slide"), 404),
        (UnreadableImageError("field1.png is cut short"), 500),
    ],
)
def test_what_is_not_to_be_had_is_answered_with_the_reason(error: SmearscopeError, status: int) -> None:
    answered = failing(error)
    assert (answered.status_code, answered.body) == (status, str(error).encode())
    assert "cache-control" not in answered.headers


def test_an_address_that_opens_nothing_any_more_says_so() -> None:
    assert expired().status_code == 403
