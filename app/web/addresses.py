"""Addresses of pictures, and of what a board writes: signed, for one person, for some hours."""

import hashlib
import time
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from core.store import Role

HOURS = 12
"""An address is good for this long at most, and for an hour less at least."""
_SALT = "pictures of cells"
_WRITING = "readings"
READINGS, FIELDS = "/readings", "/fields"
"""Where calls and notes are sent, and which fields are read whole."""


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


@dataclass(frozen=True)
class Writing:
    """What an address lets one write: readings of a slide, in a role, under a name.

    Attributes
    ----------
    language
        In which the board is told what could not be written.
    """

    slide_id: int
    role: Role
    reader: str
    language: str


def picture_base(secret: bytes, permit: Permit, now: float | None = None) -> str:
    """Begin of the addresses of a permit's pictures; the same for an hour, so that browsers keep them."""
    content = [permit.slide_id, permit.result_id, int(permit.blind), permit.reader]
    return f"/pictures/{signed_until(secret, _SALT, content, _some_hours_from(now))}"


def permit_of(secret: bytes, token: str, now: float | None = None) -> Permit | None:
    """What a token lets one see; None where it was not signed here or has expired."""
    content = opened(secret, _SALT, token, now)
    if content is None:
        return None
    slide_id, result_id, blind, reader = content
    return Permit(slide_id, result_id, bool(blind), reader)


def writing_address(secret: bytes, path: str, writing: Writing, now: float | None = None) -> str:
    """Where a page sends what its person says, `READINGS` or `FIELDS`; good for as long as `picture_base`."""
    content = [writing.slide_id, str(writing.role), writing.reader, writing.language]
    return f"{path}/{signed_until(secret, _WRITING, content, _some_hours_from(now))}"


def writing_of(secret: bytes, token: str, now: float | None = None) -> Writing | None:
    """What a token lets one write; None where it was not signed here or has expired."""
    content = opened(secret, _WRITING, token, now)
    if content is None:
        return None
    slide_id, role, reader, language = content
    return Writing(slide_id, Role(role), reader, language)


def _some_hours_from(now: float | None) -> int:
    hour = int(now if now is not None else time.time()) // 3600
    return 3600 * (hour + HOURS)


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
