"""The server: Streamlit's pages and the pictures' routes on one port."""

from pathlib import Path

import streamlit as st

from app.routes import picture_routes
from app.scoring.beginning import start
from app.workplace import Workplace, use

PAGES = Path(__file__).with_name("pages") / "main.py"
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


def serve(workplace: Workplace, *, address: str, port: int) -> None:
    """Serve the pages until stopped; slides that wait to be scored are taken up again.

    Parameters
    ----------
    workplace
        The data folder.
    address, port
        Where to listen; 127.0.0.1 is this machine only.
    """
    use(workplace)
    start(workplace)
    st.App(PAGES, routes=picture_routes(workplace)).run(
        config={
            **_THEME,
            "server.address": address,
            "server.port": port,
            "server.headless": True,
            "server.fileWatcherType": "none",
            "server.maxUploadSize": UPLOAD_MIB,
            "browser.gatherUsageStats": False,
            "client.toolbarMode": "viewer",
            "client.showErrorDetails": "none",
            "runner.magicEnabled": False,
            # A full collection after every key took two thirds of the time of twenty readers.
            "runner.postScriptGC": False,
        }
    )
