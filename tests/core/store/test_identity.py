"""Who somebody is, from what the provider vouches for."""

from typing import Any

import pytest

from core.store.identity import HOURS, SignInIdentity, identity_of, is_identity

NOON = 1_700_000_000.0
CLAIMS: dict[str, Any] = {
    "sub": "8a7c",
    "iat": NOON,
    "name": "Zoé Martin",
    "email": "Zoe@Lab.example",
    "email_verified": True,
}


def test_a_verified_address_is_who_one_is_however_it_is_written_and_whatever_the_name_becomes() -> None:
    assert identity_of(CLAIMS, NOON) == SignInIdentity("zoe@lab.example", "Zoé Martin")
    married = identity_of({**CLAIMS, "name": "Zoé Duval"}, NOON)
    assert married is not None
    assert married.name == "zoe@lab.example"


@pytest.mark.parametrize(
    "claims", [{"email_verified": False}, {"email_verified": "true"}, {"email_verified": None}, {"email": ""}]
)
def test_an_address_that_is_not_verified_is_not_believed(claims: dict[str, Any]) -> None:
    identity = identity_of({**CLAIMS, **claims}, NOON)
    assert identity is not None
    assert identity.name == "subject 8a7c"


def test_a_number_that_looks_like_somebodys_address_is_not_that_address() -> None:
    identity = identity_of({"sub": "zoe@lab.example", "iat": NOON}, NOON)
    assert identity == SignInIdentity("subject zoe@lab.example", "subject zoe@lab.example")


@pytest.mark.parametrize("lacking", ["sub", "iat"])
def test_a_token_that_does_not_say_of_whom_and_when_is_of_nobody(lacking: str) -> None:
    assert identity_of({name: value for name, value in CLAIMS.items() if name != lacking}, NOON) is None


def test_after_some_hours_the_provider_is_asked_again() -> None:
    assert identity_of(CLAIMS, NOON + HOURS * 3600) is not None
    assert identity_of(CLAIMS, NOON + HOURS * 3600 + 1) is None


@pytest.mark.parametrize(
    ("name", "could"),
    [("zoe@lab.example", True), ("subject 8a7c", True), ("Zoé Martin", False), ("", False), ("a b@c", False)],
)
def test_roles_are_granted_only_to_who_could_sign_in(name: str, could: bool) -> None:
    assert is_identity(name) is could
