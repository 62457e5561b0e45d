"""Who has signed in: what a provider vouches for, as the name under which all is put on record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

HOURS = 12
"""A sign-in is good for this long; after that the provider is asked again."""
_SUBJECT = "subject "
"""Before the provider's number for a person, which so is never taken for an address."""


@dataclass(frozen=True)
class SignInIdentity:
    """A person who has signed in.

    Attributes
    ----------
    name
        What readings, signatures and roles stand under. It stays when the person changes their own name: the
        e-mail address where the provider has verified it, else the provider's number for the person.
    shown
        What they are called.
    """

    name: str
    shown: str


def identity_of(claims: Mapping[str, Any], now: float) -> SignInIdentity | None:
    """The person whom an identity token is about; None where it is too old, or of nobody."""
    subject, issued = str(claims.get("sub") or ""), claims.get("iat")
    if not subject or not isinstance(issued, int | float) or now - issued > HOURS * 3600:
        return None
    email = str(claims.get("email") or "").strip().lower()
    # An address that nobody has verified may be anybody's.
    verified = email and claims.get("email_verified") is True
    name = email if verified else f"{_SUBJECT}{subject}"
    return SignInIdentity(name, str(claims.get("name") or name))


def is_identity(name: str) -> bool:
    """Whether somebody could sign in under a name: an e-mail address, or the provider's number."""
    cleaned = " ".join(name.split())
    return cleaned.startswith(_SUBJECT) or ("@" in cleaned and " " not in cleaned)
