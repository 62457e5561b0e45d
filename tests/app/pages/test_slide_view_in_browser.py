"""The whole slide as a person meets it in Chromium: chosen, called and marked by pointer and by keyboard."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.pictures.tiles import pictured_cell
from app.workplace import open_workplace
from core.review import standing
from core.store import Call, CandidateKind, Role, Store
from tests.app.chromium import IN_CHROMIUM, come_in, picture
from tests.app.running_server import RunningServer
from tests.scored_slides import SIDE_PX, read_all, scored_slide

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = IN_CHROMIUM
PLAN = "[...document.querySelectorAll('*')].map(e => e.shadowRoot?.querySelector('.plan')).find(Boolean)"
PLACE_OF = f"""([x, y]) => {{
  const viewer = {PLAN}.plan.viewer, item = viewer.world.getItemAt(0);
  const box = viewer.container.getBoundingClientRect();
  const at = item.imageToViewerElementCoordinates(new OpenSeadragon.Point(x, y));
  return [box.left + at.x, box.top + at.y];
}}"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """With one slide of two fields and eight candidates, the first of which has an activation map."""
    running = RunningServer(tmp_path / "data")
    workplace = open_workplace(tmp_path / "data")
    record = scored_slide(workplace.store, tmp_path / "slide", listed=8)
    first = record.candidates[0]
    ones = np.ones((48, 48), np.float32)
    assert record.taken_in is not None
    cell = pictured_cell(record.taken_in, first)
    workplace.tiles.keep_maps(record.slide.id, "dots 1", cell, {"guided-grad-cam": ones})
    workplace.store.close()
    running.start()
    yield running
    running.kill()


def call_of(server: RunningServer, position: int) -> str | None:
    """The first reader's call on the candidate at a position."""
    found = server.record()
    readings = standing(found.readings).get(found.candidates[position].id, {})
    return readings[Role.FIRST].opinion.call if Role.FIRST in readings else None


def at_slide(page: "Page") -> None:
    page.locator(".viewer[data-open]").wait_for()
    page.locator(".viewer[data-loaded='true']").wait_for()
    page.wait_for_timeout(400)  # the view comes to rest


def chosen(page: "Page") -> str:
    return str(page.evaluate(f"{PLAN}.dataset.chosen"))


def until_chosen(page: "Page", wanted: str) -> None:
    """The plan shows the choice at once; the keys beside it are the cell's when the server has answered."""
    page.wait_for_function(f"wanted => {PLAN}?.dataset.chosen === wanted", arg=wanted)
    page.wait_for_timeout(600)
    page.locator("[data-test-script-state='notRunning']").wait_for()


def test_a_click_chooses_a_cell_of_any_field_and_marks_one_that_was_missed(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", "/slide?slide=1")
    at_slide(page)
    # All of the slide is there at once: two fields, one below the other. The ninth cells were not shown.
    place = page.evaluate(PLACE_OF, [20 + 8 * SIDE_PX, 20])
    page.mouse.click(*place)
    page.get_by_text("Readers have not been shown this cell yet").wait_for()
    picture(page, "slide")
    page.keyboard.press("p")
    page.get_by_text("You called it: parasite").wait_for()
    (marked,) = [one for one in server.record().candidates if one.kind == CandidateKind.MARKED]
    assert marked.field == "field1.png"
    assert marked.box[0] == pytest.approx(5 + 8 * SIDE_PX)
    until_chosen(page, str(marked.id))
    # Beside all boxes: a cell of the usual size, that was missed though nothing is wrong with it.
    page.mouse.click(*page.evaluate(PLACE_OF, [200, 52]))
    until_chosen(page, "other")
    page.keyboard.press("n")
    page.get_by_text("You called it: not a parasite").wait_for()
    missed = [one for one in server.record().candidates if one.kind == CandidateKind.MARKED][1]
    assert (missed.box[0] + missed.box[2] / 2, missed.box[1] + missed.box[3] / 2) == pytest.approx(
        (200, 52), abs=1.5
    )


def test_a_white_cell_beside_all_boxes_is_called_and_taken_back_by_a_key(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", "/slide?slide=1")
    at_slide(page)
    page.mouse.click(*page.evaluate(PLACE_OF, [200, 52]))
    until_chosen(page, "other")
    page.keyboard.press("w")
    page.get_by_text("You called it: not a parasite: white cell").wait_for()
    page.keyboard.press("Home")
    page.mouse.click(*page.evaluate(PLACE_OF, [20 + 8 * SIDE_PX, 20]))
    page.get_by_text("Readers have not been shown this cell yet").wait_for()
    page.keyboard.press("z")
    # The cell whose call was taken back is the chosen one again.
    (marked,) = [one for one in server.record().candidates if one.kind == CandidateKind.MARKED]
    until_chosen(page, str(marked.id))
    page.get_by_text("You called it").wait_for(state="detached")
    assert [one.undone_by is None for one in server.record().readings] == [False]


def test_brightness_and_contrast_change_the_slide_and_not_what_is_drawn_over_it(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", "/slide?slide=1")
    at_slide(page)
    page.locator(".brightness").fill("150")
    page.locator(".contrast").fill("200")
    filters = f"[...{PLAN}.querySelectorAll('.viewer canvas')].map(one => getComputedStyle(one).filter)"
    assert sorted(set(page.evaluate(filters))) == ["brightness(1.5) contrast(2)", "none"]
    page.locator(".reset").click()
    assert sorted(set(page.evaluate(filters))) == ["brightness(1) contrast(1)", "none"]


@pytest.mark.parametrize("locale", ["en-GB", "fr-FR"])
def test_the_legend_is_seen_without_scrolling_on_a_small_screen(
    browser: "Browser", server: RunningServer, locale: str
) -> None:
    small = {"width": 1366, "height": 768}
    page = come_in(browser, server, "Anna", "/slide?slide=1", viewport=small, locale=locale)
    at_slide(page)
    legend, viewer = (page.locator(part).bounding_box() for part in (".legend", ".viewer"))
    assert legend is not None
    assert viewer is not None
    assert legend["y"] + legend["height"] <= 768
    assert viewer["height"] >= 400
    picture(page, f"slide_1366_{locale[:2]}")


def fields_read(server: RunningServer) -> list[tuple[str, bool]]:
    return [(one.field, one.whole) for one in server.record().fields_read]


def until_read(page: "Page", server: RunningServer, wanted: list[tuple[str, bool]]) -> None:
    for _ in range(150):
        if fields_read(server) == wanted:
            return
        page.wait_for_timeout(200)
    assert fields_read(server) == wanted


def test_field_by_field_each_is_put_on_record_by_a_key_and_the_next_one_follows(
    browser: "Browser", server: RunningServer
) -> None:
    small = {"width": 1366, "height": 768}
    page = come_in(browser, server, "Anna", "/slide?slide=1", viewport=small)
    at_slide(page)
    page.keyboard.press("d")  # outside the mode the key does nothing
    page.get_by_label("field by field").check()
    line = page.locator(".by-field-line")
    line.get_by_text("0 of 2 fields read whole, 0 cells").wait_for()
    assert page.locator(".fields").evaluate("one => one.selectedOptions[0].text") == "field1.png: 10 cells"
    page.keyboard.press("d")
    line.get_by_text("1 of 2 fields read whole, 10 cells").wait_for()
    line.get_by_text("field2.png: field read, nothing more seen").wait_for()
    until_read(page, server, [("field1.png", True)])
    picture(page, "slide_by_field")
    legend = page.locator(".legend").bounding_box()
    assert legend is not None
    assert legend["y"] + legend["height"] <= 768
    # Keys pressed quickly are all written: the second field, taken back, and read again.
    for key in "ddd":
        page.keyboard.press(key)
    until_read(
        page,
        server,
        [("field1.png", True), ("field2.png", True), ("field2.png", False), ("field2.png", True)],
    )
    line.get_by_text("2 of 2 fields read whole, 20 cells").wait_for()
    page.reload()
    at_slide(page)
    page.get_by_label("field by field").check()
    line.get_by_text("2 of 2 fields read whole, 20 cells").wait_for()
    # A second reader begins anew, and is not told which fields the first has read.
    other = come_in(browser, server, "Ben", "/slide?slide=1")
    at_slide(other)
    other.get_by_label("field by field").check()
    other.locator(".by-field-line").get_by_text("0 of 2 fields read whole, 0 cells").wait_for()


def read_a_field_while_away(browser: "Browser", server: RunningServer) -> "Page":
    page = come_in(browser, server, "Anna", "/slide?slide=1")
    at_slide(page)
    page.get_by_label("field by field").check()
    page.locator(".by-field-line").get_by_text("0 of 2 fields").wait_for()
    server.kill()
    page.wait_for_timeout(1500)
    page.keyboard.press("d")
    page.locator(".by-field-line").get_by_text("1 of 2 fields").wait_for()
    return page


def test_a_field_read_while_the_server_is_away_is_written_when_it_is_back(
    browser: "Browser", server: RunningServer
) -> None:
    page = read_a_field_while_away(browser, server)
    server.start()
    until_read(page, server, [("field1.png", True)])


def test_a_field_read_while_the_server_is_away_is_written_though_the_page_is_closed(
    browser: "Browser", server: RunningServer
) -> None:
    page = read_a_field_while_away(browser, server)
    # The page is gone before anything could be sent; the next one finds what the browser has kept.
    page.goto("about:blank")
    server.start()
    assert fields_read(server) == []
    page.goto(f"{server.address}/slide?slide=1")
    at_slide(page)
    until_read(page, server, [("field1.png", True)])


def test_by_keyboard_alone_cells_are_chosen_called_marked_and_found_again_in_the_gallery(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    page.locator(".board[data-cell]:not([data-cell=''])").wait_for()
    page.keyboard.press("ArrowRight")
    second = str(server.record().candidates[1].id)
    page.keyboard.press("g")
    page.locator(".viewer[data-open]").wait_for()
    until_chosen(page, second)
    page.keyboard.press("ArrowRight")
    until_chosen(page, str(server.record().candidates[2].id))
    page.get_by_role("button", name="platelet").wait_for()
    page.keyboard.press("l")
    page.get_by_text("You called it: not a parasite: platelet").wait_for()
    assert call_of(server, 2) == Call.NOT_PARASITE
    page.keyboard.press("Home")
    page.wait_for_timeout(600)
    page.keyboard.press("x")
    # From the middle of the view, which lies between the two fields, onto the second.
    for key in ("Shift+ArrowRight", "ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    until_chosen(page, "other")
    picture(page, "slide_crosshair")
    page.get_by_role("button", name="unsure").wait_for()
    page.keyboard.press("u")
    page.get_by_text("You called it: unsure").wait_for()
    assert [one.kind for one in server.record().candidates].count(CandidateKind.MARKED) == 1
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("g")
    page.locator(".board[data-cell]:not([data-cell=''])").wait_for()


def test_maps_lie_over_the_field_where_they_are_wanted_and_are_not_drawn_otherwise(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", "/slide?slide=1")
    asked: list[str] = []
    page.on("response", lambda response: asked.append(response.url) if "/map-" in response.url else None)
    at_slide(page)
    assert asked == []
    page.keyboard.press("m")
    page.wait_for_function(f"[...{PLAN}.plan.maps.values()].some(Boolean)")
    first = server.record().candidates[0].id
    assert any(address.endswith(f"/map-guided-grad-cam/{first}") for address in asked)
    picture(page, "slide_heat")


def test_who_may_be_second_sees_neither_others_calls_nor_maps_nor_ranks(
    browser: "Browser", server: RunningServer
) -> None:
    store = Store.in_folder(server.data)
    read_all(store, store.record(1), "++++----", reader="Anna", role=Role.FIRST)
    store.close()
    page = come_in(browser, server, "Ben", "/slide?slide=1")
    at_slide(page)
    kinds = page.evaluate(f"{PLAN}.plan.candidates.map(one => [one.kind, one.rank])")
    assert kinds == [["unread", ""]] * 8
    page.keyboard.press("m")
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("show or hide the crosshair").wait_for()
    assert page.get_by_role("dialog").get_by_text("activation maps").count() == 0
    assert page.locator(".heat").is_hidden()


def test_the_second_reader_goes_to_the_slide_and_back_and_no_address_tells_a_rank(
    browser: "Browser", server: RunningServer
) -> None:
    store = Store.in_folder(server.data)
    read_all(store, store.record(1), "++++----", reader="Anna", role=Role.FIRST)
    store.close()
    own = {str(one.id) for one in server.record().candidates}
    page = come_in(browser, server, "Ben", "/second-reading?slide=1")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/pictures/" in request.url else None)
    board = page.locator(".board[data-cell]:not([data-cell=''])")
    board.wait_for()
    page.keyboard.press("ArrowRight")
    second = board.get_attribute("data-cell")
    page.keyboard.press("g")
    page.locator(".viewer[data-open]").wait_for()
    until_chosen(page, str(second))
    assert page.url.endswith(f"&cell={second}")
    page.keyboard.press("g")
    board.wait_for()
    assert board.get_attribute("data-cell") == second
    # A candidate's own number is its rank: the machine numbers the highest score first.
    page.goto(f"{server.address}/slide?slide=1&cell={server.record().candidates[0].id}")
    at_slide(page)
    assert chosen(page) == ""
    assert {address.rpartition("/")[2] for address in asked} & own == set()


@pytest.mark.parametrize(("width", "locale", "scheme"), [(720, "fr-FR", "dark"), (1440, "fr-FR", "light")])
def test_the_slide_fits_half_the_width_as_at_200_percent(
    browser: "Browser", server: RunningServer, width: int, locale: str, scheme: str
) -> None:
    page = come_in(browser, server, "Anna", "/slide?slide=1", locale=locale, color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    at_slide(page)
    page.keyboard.press("ArrowRight")
    until_chosen(page, str(server.record().candidates[0].id))
    picture(page, f"slide_{width}_{scheme}_fr")
    too_wide = page.locator(".stMain").evaluate("main => main.scrollWidth - main.clientWidth")
    assert too_wide <= 0
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("la lame entière").wait_for()
    picture(page, f"slide_help_{width}_{scheme}_fr")
