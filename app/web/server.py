"""The server: Streamlit's pages and the pictures' routes on one port."""

import hashlib
import hmac
from dataclasses import replace
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit import net_util

from app.jobs.start import start
from app.web.exports import export_routes
from app.web.field_routes import field_routes
from app.web.reading_routes import reading_routes
from app.web.routes import picture_routes
from app.web.uploads import UploadGuard
from app.workplace import Workplace, use
from core.store.settings import SettingsError, is_loopback

PAGES = Path(__file__).parents[1] / "pages" / "main.py"
UPLOAD_MIB = 2000

_THEME = {
    "theme.light.primaryColor": "#1f5fa8",
    "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#f1f3f6",
    "theme.light.textColor": "#1c2128",
    "theme.dark.primaryColor": "#7ab4f5",
    "theme.dark.backgroundColor": "#14181d",
    "theme.dark.secondaryBackgroundColor": "#20262d",
    "theme.dark.textColor": "#e8ebef",
}


def check_reach(workplace: Workplace, address: str, *, without_sign_in: bool) -> None:
    """Refuse to let other machines in where nobody signs in, unless that was asked for in so many words.

    Raises
    ------
    core.store.settings.SettingsError
        Where the address is not this machine's own, and neither is so.
    """
    if workplace.settings.auth is None and not without_sign_in and not is_loopback(address):
        raise SettingsError(
            f"{address} lets other machines in, and without sign-in everybody there may do everything, under "
            "any name: set up [auth] (docs/APP.md), listen on 127.0.0.1, or add --without-sign-in if "
            "something else keeps strangers out"
        )


def serve(workplace: Workplace, *, address: str, port: int) -> None:
    """Serve the pages until stopped; slides that wait to be scored are taken up again.

    Where people sign in, all they do takes a role from here on.

    Parameters
    ----------
    workplace
        The data folder.
    address, port
        Where to listen; 127.0.0.1 is this machine only.
    """
    start(workplace)
    # Asked by a page of another origin, Streamlit would look up this address at a server on the Internet.
    net_util.get_external_ip = _unknown
    auth = workplace.settings.auth
    secrets = None
    if auth is not None:
        workplace = replace(workplace, store=workplace.store.asking_roles())
        secrets = {"auth": {**auth.model_dump(), "cookie_secret": _cookie_secret(workplace)}}
    use(workplace)
    guard = Middleware(UploadGuard, workplace=workplace)
    st.App(
        PAGES,
        routes=[
            *picture_routes(workplace),
            *reading_routes(workplace),
            *field_routes(workplace),
            *export_routes(workplace),
        ],
        middleware=[guard],
        secrets=secrets,
    ).run(
        config={
            **_THEME,
            "server.address": address,
            "server.port": port,
            "server.headless": True,
            "server.fileWatcherType": "none",
            "server.maxUploadSize": UPLOAD_MIB,
            # Of nobody's home folder: the settings of the data folder alone say how people sign in.
            "secrets.files": [],
            "browser.gatherUsageStats": False,
            "logger.hideWelcomeMessage": True,  # the command says where the pages are
            "client.toolbarMode": "viewer",
            "client.showErrorDetails": "none",
            "runner.magicEnabled": False,
            # A full collection after every key took two thirds of the time of twenty readers.
            "runner.postScriptGC": False,
        }
    )


def _cookie_secret(workplace: Workplace) -> str:
    """Signs the cookie of who has signed in; a server that starts anew knows it again."""
    return hmac.new(workplace.secret, b"cookie of who has signed in", hashlib.sha256).hexdigest()


def _unknown() -> None:
    return None
