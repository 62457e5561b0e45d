"""Who has signed in at this page, as the session knows it."""

import time

import streamlit as st

from core.store.identity import SignInIdentity, identity_of


def signed_in() -> SignInIdentity | None:
    """The person who has signed in at this page, as of now."""
    if not st.user.get("is_logged_in"):
        return None
    return identity_of(st.user.to_dict(), time.time())
