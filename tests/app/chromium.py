"""Chromium for what meets the application as a person does, and what a person does there first."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.app.running_server import RunningServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SCREENSHOTS = Path(__file__).parents[2] / "out" / "screenshots"
IN_CHROMIUM = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium"),
]
"""Marks of a module whose tests need it."""


BOARD = "[...document.querySelectorAll('*')].map(e => e.shadowRoot?.querySelector('.board')).find(Boolean)"
"""The board of a reading, for a script in the page."""


@contextmanager
def running_chromium() -> "Iterator[Browser]":
    """Chromium without a window; needs the packages of the extra `browser`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as running:
        opened = running.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield opened
        opened.close()


def new_page(browser: "Browser", **context: Any) -> "Page":  # noqa: ANN401 - passed on
    """A page in a browser of its own, as of somebody else."""
    page = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **context}).new_page()
    page.set_default_timeout(60_000)
    return page


def give_name(page: "Page", name: str) -> None:
    """Answer who is there."""
    page.get_by_role("textbox").fill(name)
    page.keyboard.press("Enter")


def come_in(browser: "Browser", server: RunningServer, name: str, path: str = "/", **context: Any) -> "Page":  # noqa: ANN401
    """A person's own browser, at a page, with the name given."""
    page = new_page(browser, **context)
    page.goto(server.address + path)
    give_name(page, name)
    return page


def at_board(page: "Page") -> None:
    """Wait until the board of a reading shows a cell, and keys go to it.

    The box in which a name was given stays, and keeps the keyboard, until all of the page has run.
    """
    page.locator(".board[data-cell]:not([data-cell=''])").wait_for()
    page.wait_for_function("!document.activeElement?.matches('input')")


def saved(page: "Page") -> None:
    """Wait until the server has all that the board has sent."""
    page.wait_for_function(f"({BOARD})?.querySelector('.saved').dataset.waiting === '0'")


def picture(page: "Page", name: str) -> None:
    """For a person to look at; continuous integration keeps them."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(400)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")
