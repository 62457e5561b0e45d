"""A screen of cells at a time: chosen cells by one key, the rest by another, each a reading of its own."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from core.store import Call, Store
from tests.app.chromium import BOARD, IN_CHROMIUM, at_board, come_in, picture, saved
from tests.app.running_server import RunningServer
from tests.scored_slides import scored_slide

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = IN_CHROMIUM
CELLS = 100


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """With one slide of a hundred candidates, read by nobody."""
    folder = tmp_path_factory.mktemp("screens")
    (folder / "data").mkdir()
    running = RunningServer(folder / "data")
    store = Store.in_folder(running.data)
    scored_slide(store, folder / "slide", listed=CELLS, fields=20)
    store.close()
    running.start()
    yield running
    running.kill()


@pytest.fixture
def page(browser: "Browser", server: RunningServer) -> Iterator["Page"]:
    """At a screen of cells, with every earlier call taken back."""
    store = Store.in_folder(server.data)
    while store.undo(1, reader="Anna"):
        pass
    store.close()
    opened = come_in(browser, server, "Anna", "/review?slide=1", viewport={"width": 1366, "height": 768})
    at_board(opened)
    opened.keyboard.press("t")
    opened.locator(".board.screens").wait_for()
    yield opened
    opened.context.close()


def shown(page: "Page") -> list[str]:
    found: list[str] = page.evaluate(
        f"[...({BOARD}).querySelectorAll('.tile:not([hidden])')].map((tile) => tile.dataset.cell)"
    )
    return found


def press(page: "Page", *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
    saved(page)


def standing_calls(server: RunningServer) -> dict[str, Call]:
    """By number of the cell; the candidates of this slide are numbered by rank."""
    readings = server.record().readings
    return {str(one.candidate_id): one.opinion.call for one in readings if one.undone_by is None}


def test_a_screen_holds_sixty_to_a_hundred_cells_all_of_them_in_sight(page: "Page") -> None:
    assert 60 <= len(shown(page)) <= 100
    last = page.locator(f".tile[data-cell='{shown(page)[-1]}']").bounding_box()
    assert last is not None
    assert last["y"] + last["height"] <= 768
    picture(page, "screen_of_cells")


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (820, 1180)])
def test_cell_by_cell_keys_and_the_first_tiles_are_in_sight(page: "Page", width: int, height: int) -> None:
    press(page, "t")
    page.set_viewport_size({"width": width, "height": height})
    page.locator(".stage").wait_for()
    page.wait_for_function(f"({BOARD}).querySelector('.tile').getBoundingClientRect().bottom <= {height}")
    cell = page.locator(".cell .picture").bounding_box()
    assert cell is not None
    assert cell["width"] >= 180  # and the cell is no smaller for it than one can read


def test_one_key_calls_all_that_are_chosen(page: "Page", server: RunningServer) -> None:
    press(page, " ", "ArrowRight", "ArrowRight", " ", "2")
    assert standing_calls(server) == {"1": Call.PARASITE, "3": Call.PARASITE}
    stages = {one.opinion.stage for one in server.record().readings if one.undone_by is None}
    assert stages == {"trophozoite"}
    press(page, "n")  # nothing is chosen any more: the cell under the cursor, which is the next unread one
    assert standing_calls(server)["4"] == Call.NOT_PARASITE


def test_cells_are_chosen_with_the_mouse_too_and_shown_large_by_a_double_click(
    page: "Page", server: RunningServer
) -> None:
    for cell in ("5", "8", "5"):  # the second click on a cell takes it out again
        page.locator(f".tile[data-cell='{cell}']").click()
    press(page, "p")
    assert standing_calls(server) == {"8": Call.PARASITE}
    page.locator(".tile[data-cell='12']").dblclick()
    page.locator(".board:not(.screens)[data-cell='12']").wait_for()
    assert page.locator(".cell .picture").is_visible()


def test_the_rest_of_the_screen_takes_the_same_key_twice_and_leaves_calls_and_chosen_cells_alone(
    page: "Page", server: RunningServer
) -> None:
    here = shown(page)
    press(page, "p")  # cell 1
    page.locator(".tile[data-cell='7']").click()
    press(page, "r")
    page.get_by_text(f"{len(here) - 2} cells of this screen have no call.").wait_for()
    assert standing_calls(server) == {"1": Call.PARASITE}
    press(page, "r")
    calls = standing_calls(server)
    assert calls.keys() == set(here) - {"7"}
    assert Counter(calls.values()) == {Call.PARASITE: 1, Call.NOT_PARASITE: len(here) - 2}
    assert "7" in shown(page)  # the cell that was left aside is still in sight, and chosen
    press(page, "p")
    assert standing_calls(server)["7"] == Call.PARASITE
    press(page, "z", "z")  # the whole screen was one key, and so is taking it back
    assert standing_calls(server) == {"1": Call.PARASITE}


def test_what_was_chosen_on_another_screen_is_called_by_no_key(page: "Page", server: RunningServer) -> None:
    press(page, " ", "ArrowRight", " ", "PageDown", "n")
    calls = standing_calls(server)
    assert list(calls.values()) == [Call.NOT_PARASITE]
    assert not {"1", "2"} & calls.keys()


def test_between_the_two_keys_nothing_else_may_be_pressed(page: "Page", server: RunningServer) -> None:
    press(page, "r", "ArrowRight", "r")
    assert standing_calls(server) == {}


def test_calls_of_several_cells_are_replaced_only_by_a_key_that_is_pressed_twice(
    page: "Page", server: RunningServer
) -> None:
    press(page, "p", "p", "ArrowLeft", "ArrowLeft", " ", "ArrowRight", " ", "n")
    page.get_by_text("2 of these cells are called already. Press N once more").wait_for()
    assert standing_calls(server) == {"1": Call.PARASITE, "2": Call.PARASITE}
    press(page, "n")
    assert standing_calls(server) == {"1": Call.NOT_PARASITE, "2": Call.NOT_PARASITE}


def test_a_hundred_cells_take_a_handful_of_keys(page: "Page", server: RunningServer) -> None:
    """Four parasites among them: chosen, called, and the rest of each screen."""
    keys = [" ", "ArrowRight", " ", "p", "r", "r"]  # two of the first screen
    keys += [" ", "ArrowRight", " ", "p", "r", "r"]  # two of the second
    press(page, *keys)
    calls = standing_calls(server)
    assert Counter(calls.values()) == {Call.PARASITE: 4, Call.NOT_PARASITE: CELLS - 4}
    assert len(keys) == 12


def test_screens_are_turned_sorted_and_filtered(page: "Page", server: RunningServer) -> None:
    first = shown(page)
    press(page, "PageDown")
    assert set(shown(page)) == {str(number) for number in range(1, CELLS + 1)} - set(first)
    press(page, "PageUp", "p")
    assert standing_calls(server) == {"1": Call.PARASITE}
    page.locator("select.filter").select_option("parasite")
    assert shown(page) == ["1"]
    page.locator("select.filter").select_option("all")
    page.locator("select.sort").select_option("field")
    fields = {str(one.id): one.field for one in server.record().candidates}
    by_field = [fields[cell] for cell in shown(page)]
    assert by_field == sorted(by_field)


def test_a_second_reader_has_screens_too_without_ranks_and_scores(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Ben", "/second-reading?slide=1")
    at_board(page)
    page.keyboard.press("t")
    page.locator(".board.screens.blind").wait_for()
    assert page.locator(".tile .under").first.inner_text().strip() == "1"
