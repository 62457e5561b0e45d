"""The server asks nothing of any other machine, whoever asks it."""

from typing import Any

import pytest
import streamlit as st
from streamlit import net_util
from streamlit.web.server import server_util

from app.web import server
from app.workplace import Workplace


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
