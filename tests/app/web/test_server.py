"""The server: which machines it lets in, and that it asks nothing of any other."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit import net_util
from streamlit.web.server import server_util

from app.web import server
from app.web.server import check_reach
from app.workplace import Workplace, open_workplace
from core.store.settings import Settings, SettingsError
from tests.app.staff import SIGN_IN


@pytest.fixture
def configured(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What Streamlit is started with, in place of starting it."""
    given: dict[str, Any] = {}
    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)  # put back afterwards
    monkeypatch.setattr(st.App, "run", lambda _, config: given.update(config))
    server.serve(workplace, address="0.0.0.0", port=8501)  # noqa: S104
    return given


def test_no_server_on_the_internet_is_asked_for_an_address(
    configured: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(net_util, "_make_blocking_http_get", lambda *_, **__: pytest.fail("asked"))
    assert not server_util.is_url_from_allowed_origins("http://elsewhere.example")
    assert configured["logger.hideWelcomeMessage"]  # which would ask for it too
    assert not configured["browser.gatherUsageStats"]


def test_other_machines_are_let_in_only_with_sign_in_or_in_so_many_words(tmp_path: Path) -> None:
    without = open_workplace(tmp_path / "without")
    check_reach(without, "127.0.0.1", without_sign_in=False)
    with pytest.raises(SettingsError, match=r"0\.0\.0\.0 lets other machines in.*--without-sign-in"):
        check_reach(without, "0.0.0.0", without_sign_in=False)  # noqa: S104
    check_reach(without, "0.0.0.0", without_sign_in=True)  # noqa: S104
    signing_in = replace(open_workplace(tmp_path / "with"), settings=Settings(auth=SIGN_IN))
    check_reach(signing_in, "0.0.0.0", without_sign_in=False)  # noqa: S104
    without.store.close()
    signing_in.store.close()
