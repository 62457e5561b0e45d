"""A list that learns, as a reader meets it: after ten calls what looks like the parasites comes next."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.store import Store
from tests.app.chromium import BOARD, IN_CHROMIUM, at_board, come_in, picture
from tests.app.running_server import RunningServer
from tests.scored_slides import keep_features, scored_slide

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = IN_CHROMIUM
LISTED = 20
PARASITES = {1, 4, 7, 31, 32, 44}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """With a slide of 100 cells, 20 of them laid before readers; its parasites look alike."""
    (tmp_path / "data").mkdir()
    running = RunningServer(tmp_path / "data")
    store = Store.in_folder(running.data)
    keep_features(scored_slide(store, tmp_path / "slide", listed=LISTED, fields=10), 60, PARASITES)
    store.close()
    running.start()
    yield running
    running.kill()


def listed(page: "Page") -> list[int]:
    """Ranks of the tiles, in order."""
    found: list[str] = page.evaluate(
        f"[...({BOARD}).querySelectorAll('.tile:not([hidden]) .under b')].map((name) => name.textContent)"
    )
    return list(map(int, found))


def read_ten(page: "Page") -> None:
    for rank in range(1, 11):
        page.keyboard.press("p" if rank in PARASITES else "n")
        page.wait_for_timeout(60)
    page.get_by_text("Ranked anew by your first 10 calls.").wait_for()


def test_after_ten_calls_what_looks_like_the_parasites_comes_next(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    assert listed(page) == list(range(1, LISTED + 1))
    read_ten(page)
    page.wait_for_function(f"({BOARD}).querySelectorAll('.tile').length > {LISTED}")
    order = listed(page)
    assert order[:10] == list(range(1, 11))
    assert set(order[10:13]) == {31, 32, 44}
    picture(page, "ranked_anew")
    page.keyboard.press("p")  # the cell that was shown when the list was ranked anew keeps its place
    page.wait_for_timeout(500)
    assert {one.rank for one in server.record().candidates} >= {*range(1, LISTED + 1), 31, 32, 44}


def test_a_screen_on_which_somebody_reads_stays_as_it_is(browser: "Browser", server: RunningServer) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    page.keyboard.press("t")
    page.locator(".board.screens").wait_for()
    before = listed(page)
    page.locator(".tile[data-cell='15']").click()  # chosen, and called by no key yet
    page.keyboard.press("ArrowLeft")
    for rank in range(1, 11):
        page.locator(f".tile[data-cell='{rank}']").click() if rank in PARASITES else None
    page.locator(".tile[data-cell='15']").click()
    page.keyboard.press("p")
    for _ in range(8):
        page.keyboard.press("n")
        page.wait_for_timeout(60)
    page.get_by_text("Ranked anew by your first 10 calls.").wait_for()
    page.wait_for_function(f"({BOARD}).querySelectorAll('.tile').length > {LISTED}")
    after = listed(page)
    assert after[: len(before)] == before
    assert set(after[len(before) :]) >= {31, 32, 44}


def test_more_like_this_one_are_shown_first(browser: "Browser", server: RunningServer) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    page.keyboard.press("k")
    page.wait_for_function(f"({BOARD}).querySelectorAll('.tile').length > {LISTED}")
    order = listed(page)
    assert order[0] == 1
    assert set(order[1:6]) == PARASITES - {1}
