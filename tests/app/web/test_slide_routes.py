"""What the server hands out of a whole slide."""

import json

from tests.app.web.conftest import Get


def test_a_whole_slide_has_addresses_of_the_same_signature(get: Get, base: str) -> None:
    slide = base.replace("/pictures/", "/slides/")
    assert json.loads(get(f"{slide}/layout")[2])["fields"][1][1] == "field2.png"
    assert get(f"{slide}/0/0/0")[0] == 200
    assert get(f"{slide}/0/7/0")[0] == 404
    status, headers, body = get(f"{slide}/cells")
    assert (status, int.from_bytes(body[:4], "little")) == (200, 21)
    assert headers["cache-control"].startswith("private")
