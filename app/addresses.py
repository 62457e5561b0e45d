"""Addresses of pictures: signed, for one person, slide and kind of reading, and good for some hours."""

import time
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer

HOURS = 12
"""An address is good for this long at most, and for an hour less at least."""
_SALT = "pictures of cells"


@dataclass(frozen=True)
class Permit:
    """What an address lets one see.

    Attributes
    ----------
    slide_id, result_id
        The slide, and the result whose cells are shown.
    blind
        Without activation maps, as for the second reader.
    reader
        For whom it was made: it opens nothing once they may not look any more.
    """

    slide_id: int
    result_id: int
    blind: bool
    reader: str


def picture_base(secret: bytes, permit: Permit, now: float | None = None) -> str:
    """Begin of the addresses of a permit's pictures; the same for an hour, so that browsers keep them."""
    hour = int(now if now is not None else time.time()) // 3600
    content = [permit.slide_id, permit.result_id, int(permit.blind), hour + HOURS, permit.reader]
    return f"/pictures/{URLSafeSerializer(secret, salt=_SALT).dumps(content)}"


def permit_of(secret: bytes, token: str, now: float | None = None) -> Permit | None:
    """What a token lets one see; None where it was not signed here or has expired."""
    try:
        slide_id, result_id, blind, until, reader = URLSafeSerializer(secret, salt=_SALT).loads(token)
    except (BadSignature, ValueError):  # the latter: signed by an older version
        return None
    if int(now if now is not None else time.time()) // 3600 >= until:
        return None
    return Permit(slide_id, result_id, bool(blind), reader)
