"""Addresses of pictures: nobody can make one, change one, or use one for ever."""

import pytest

from app.web.addresses import (
    HOURS,
    READINGS,
    Permit,
    Writing,
    permit_of,
    picture_base,
    secret_name,
    writing_address,
    writing_of,
)
from core.store import Role

SECRET, NOON = b"a secret", 500_000 * 3600.0
PERMIT = Permit(slide_id=3, result_id=8, blind=True, reader="Anna")


def token(now: float = NOON, permit: Permit = PERMIT) -> str:
    return picture_base(SECRET, permit, now).removeprefix("/pictures/")


def test_an_address_lets_one_see_what_it_was_made_for() -> None:
    assert permit_of(SECRET, token(), NOON) == PERMIT


def test_it_stays_the_same_for_an_hour_so_that_pictures_are_fetched_once() -> None:
    assert token(NOON) == token(NOON + 3599)
    assert token(NOON) != token(NOON + 3600)


def test_it_expires() -> None:
    assert permit_of(SECRET, token(), NOON + HOURS * 3600 - 1) == PERMIT
    assert permit_of(SECRET, token(), NOON + HOURS * 3600) is None


@pytest.mark.parametrize(
    "other", [Permit(4, 8, True, "Anna"), Permit(3, 8, False, "Anna"), Permit(3, 8, True, "Ben")]
)
def test_another_slide_or_the_maps_take_another_signature(other: Permit) -> None:
    payload = token(permit=other).split(".")[0]
    signature = token().split(".", 1)[1]
    assert permit_of(SECRET, f"{payload}.{signature}", NOON) is None


def test_another_secret_opens_nothing() -> None:
    assert permit_of(b"another", token(), NOON) is None
    assert permit_of(SECRET, "no token", NOON) is None


def test_a_secret_name_is_the_same_for_the_same_and_tells_nothing_of_it() -> None:
    name = secret_name(SECRET, "7 first reader anna")
    assert name == secret_name(SECRET, "7 first reader anna")
    assert name not in (
        secret_name(SECRET, "7 second reader anna"),
        secret_name(b"b" * 32, "7 first reader anna"),
    )
    assert "anna" not in name


def test_an_address_for_readings_lets_one_write_what_it_was_made_for_and_shows_no_picture() -> None:
    writing = Writing(slide_id=3, role=Role.SECOND, reader="Anna", language="fr")
    address = writing_address(SECRET, READINGS, writing, NOON).removeprefix("/readings/")
    assert writing_of(SECRET, address, NOON) == writing
    assert writing_of(SECRET, address, NOON + HOURS * 3600) is None
    assert permit_of(SECRET, address, NOON) is None
    assert writing_of(SECRET, token(), NOON) is None
