"""Addresses of pictures: signed, for one person, slide and kind of reading, and good for some hours."""

import hashlib
import time
from dataclasses import dataclass
from typing import Any

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
    content = [permit.slide_id, permit.result_id, int(permit.blind), permit.reader]
    return f"/pictures/{signed_until(secret, _SALT, content, 3600 * (hour + HOURS))}"


def permit_of(secret: bytes, token: str, now: float | None = None) -> Permit | None:
    """What a token lets one see; None where it was not signed here or has expired."""
    content = opened(secret, _SALT, token, now)
    if content is None:
        return None
    slide_id, result_id, blind, reader = content
    return Permit(slide_id, result_id, bool(blind), reader)


def secret_name(secret: bytes, of: str) -> str:
    """A name that tells nothing of what it stands for, and is the same tomorrow."""
    return hashlib.blake2b(of.encode(), key=secret[:64], digest_size=12).hexdigest()


def signed_until(secret: bytes, salt: str, content: list[Any], until: int) -> str:
    """Sign what an address opens, and until when in seconds of the epoch; as text that fits an address."""
    return URLSafeSerializer(secret, salt=salt).dumps([until, *content])


def opened(secret: bytes, salt: str, token: str, now: float | None = None) -> list[Any] | None:
    """What was signed as `signed_until` does; None where it was not here, or the time is over."""
    try:
        until, *content = URLSafeSerializer(secret, salt=salt).loads(token)
    except BadSignature:
        return None
    return content if (now if now is not None else time.time()) < until else None
