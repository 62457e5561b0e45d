"""The worklist of a busy laboratory, in Chromium: sorted, turned over and opened by mouse and by keyboard."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.jobs.start import alone
from core.store import Role, ScoringStep, Store
from tests.app.chromium import IN_CHROMIUM, come_in, picture
from tests.app.running_server import RunningServer
from tests.scored_slides import read_all, scored_slide

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = IN_CHROMIUM
SLIDES = 25


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """With 25 slides of which each has ten cells more than the one before; the first is read by Anna."""
    folder = tmp_path_factory.mktemp("worklist")
    (folder / "data").mkdir()
    running = RunningServer(folder / "data")
    store = Store.in_folder(running.data)
    for number in range(1, SLIDES + 1):
        scored_slide(store, folder / f"{number}", listed=2, counted=10 * number)
    read_all(store, store.record(1), "+-", reader="Anna", role=Role.FIRST)
    store.close()
    running.start()
    yield running
    running.kill()


def numbers(page: "Page") -> list[int]:
    """The slides that are shown, in their order."""
    return [int(text) for text in page.locator("tbody tr td.number:first-child").all_inner_texts()]


def test_twenty_slides_stand_on_a_screen_and_the_others_on_the_next(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", viewport={"width": 1366, "height": 768})
    page.get_by_text("1 to 20 of 25").wait_for()
    assert numbers(page) == list(range(25, 5, -1))
    last_line = page.get_by_text("1 to 20 of 25").bounding_box()
    assert last_line is not None
    assert last_line["y"] < 768 - 20
    picture(page, "worklist_of_25")
    page.get_by_role("button", name="Next").click()
    assert numbers(page) == [5, 4, 3, 2, 1]
    assert page.get_by_role("button", name="Next").is_disabled()


def test_a_heading_sorts_upwards_then_downwards_and_that_stays_for_who_comes_back(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna")
    cells = page.get_by_role("columnheader", name="Cells").get_by_role("button")
    cells.focus()
    page.keyboard.press("Enter")
    assert numbers(page) == list(range(1, 21))
    page.keyboard.press("Enter")  # the heading has the keyboard still
    assert numbers(page) == list(range(25, 5, -1))
    assert page.get_by_role("columnheader", name="Cells").get_attribute("aria-sort") == "descending"
    page.get_by_role("columnheader", name="Readers").get_by_role("button").click()
    assert numbers(page)[0] == 1  # slides that nobody has read come last
    page.get_by_role("link", name="Result").first.click()
    page.wait_for_url("**/result?slide=1")
    page.get_by_role("link", name="Worklist").first.click()
    page.get_by_text("1 to 20 of 25").wait_for()
    assert numbers(page)[0] == 1


def test_the_next_step_of_a_slide_is_opened_by_keyboard(browser: "Browser", server: RunningServer) -> None:
    page = come_in(browser, server, "Ben")
    page.get_by_role("link", name="Review").first.focus()
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/review.slide=23"))


def test_a_search_shows_what_fits_at_once_and_begins_at_the_top(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Ben")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("textbox").fill("slide 7")
    page.keyboard.press("Enter")
    page.get_by_text("1 to 20 of 25").wait_for()
    page.get_by_text("second reading", exact=True).first.click()
    page.get_by_text("1 to 1 of 1").wait_for()
    assert numbers(page) == [1]


def test_who_reads_is_named_on_each_page_and_changes_in_one_step(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna Roy")
    named = page.locator(".st-key-who").get_by_text("Anna Roy")
    named.wait_for()
    page.get_by_text("1 to 20 of").wait_for()
    for path in ("/bring-in", "/result?slide=2"):
        page.goto(server.address + path)
        named.wait_for()
    page.get_by_role("button", name="Somebody else").click()
    page.get_by_role("textbox", name="Your name").wait_for()


def test_the_keyboard_stays_where_it_is_while_the_list_looks_again(
    browser: "Browser", server: RunningServer, tmp_path: Path
) -> None:
    store = Store.in_folder(server.data)
    case = store.add_case("waits", by="Anna")
    with alone(server.data / "scoring"):  # so that no process takes the slide that waits
        waits = store.add_slide(case.id, "waits", tmp_path, by="Anna").id
        page = come_in(browser, server, "Ben")
        page.get_by_role("link", name="Review").nth(3).focus()
        page.wait_for_timeout(2500)
        store.flag_field(20, "field1.png", by="Anna")
        page.get_by_text("1 field to photograph again").wait_for()
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/review.slide=22"))
        store.note_scoring(waits, ScoringStep.STOPPED, by="Anna")
    store.close()
