"""What eyes and hands need of the pages, in Chromium: focus that is seen, letters that are read, a way on."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.store import ScoringStep, Store
from tests.app.chromium import IN_CHROMIUM, give_name, new_page
from tests.app.running_server import RunningServer
from tests.scored_slides import scored_slide, take_in, write_images, write_score

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = IN_CHROMIUM
FOCUSED = """() => {
  let focus = document.activeElement;
  while (focus.shadowRoot?.activeElement) focus = focus.shadowRoot.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(focus);
  return [focus === document.body ? "" : focus.innerText, outlineStyle, parseFloat(outlineWidth)];
}"""
CUT_OFF = """button => [...button.querySelectorAll('*')]
  .some((one) => one.clientWidth && one.scrollWidth > one.clientWidth + 1)"""
CONTRAST = """button => {
  const light = (colour) => {
    const [red, green, blue] = colour.match(/[\\d.]+/g).map((part) => part / 255)
      .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
  };
  const { color, backgroundColor } = getComputedStyle(button);
  const [one, other] = [light(color), light(backgroundColor)];
  return Math.max(one, other) / Math.min(one, other);
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """With one slide of two candidates, and two whose scoring was stopped: the last is no image."""
    folder = tmp_path_factory.mktemp("look")
    (folder / "data").mkdir()
    running = RunningServer(folder / "data")
    store = Store.in_folder(running.data)
    scored_slide(store, folder / "slide", listed=2)
    case = store.add_case("patient 8", by="Anna")
    images = write_images(folder / "later", {"field1.png": 10})
    unreadable = write_images(folder / "unreadable", {})
    (unreadable / "field1.png").write_text("no image")
    for later in (images, unreadable):
        slide = store.add_slide(case.id, later.name, later, by="Anna")
        store.note_scoring(slide.id, ScoringStep.STOPPED, by="Anna")
    store.close()
    running.start()
    yield running
    running.kill()


def open_page(browser: "Browser", server: RunningServer, path: str = "/", **context: Any) -> "Page":  # noqa: ANN401
    page = new_page(browser, **{"viewport": {"width": 1280, "height": 800}, **context})
    page.goto(server.address + path)
    page.get_by_role("textbox").wait_for()
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_where_the_keyboard_is_can_be_seen_and_is_never_hidden(
    browser: "Browser", server: RunningServer, scheme: str
) -> None:
    page = open_page(browser, server, color_scheme=scheme)
    give_name(page, "Anna")
    page.get_by_role("link", name="Review").wait_for()
    page.wait_for_timeout(500)
    seen = {}
    for _ in range(40):
        page.keyboard.press("Tab")
        text, style, width = page.evaluate(FOCUSED)
        seen[text.rpartition("\n")[2]] = (style, width >= 2)
    names = ("queued", "Readers", "Review", "Slide", "Resume", "Audit", "Somebody else")
    assert {name: seen.get(name) for name in names} == dict.fromkeys(names, ("solid", True))
    assert "Language" not in seen  # in the side bar, which is shut


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_letters_of_the_main_button_can_be_read(
    browser: "Browser", server: RunningServer, scheme: str
) -> None:
    page = open_page(browser, server, color_scheme=scheme)
    page.wait_for_timeout(500)  # colours pass over
    assert page.get_by_role("button", name="Begin").evaluate(CONTRAST) >= 4.5


def test_the_language_can_be_chosen_before_anything_else_and_the_browser_is_told(
    browser: "Browser", server: RunningServer
) -> None:
    page = open_page(browser, server, locale="de-DE")
    page.get_by_role("combobox", name="Language").click()
    page.get_by_role("option", name="Français").click()
    page.get_by_role("button", name="Commencer").wait_for()
    give_name(page, "Anna")
    page.get_by_role("heading", name="Liste de travail").wait_for()
    page.wait_for_function("document.documentElement.lang === 'fr'")
    page.reload()
    page.get_by_role("heading", name="Liste de travail").wait_for()


def test_the_uploader_speaks_french_too(browser: "Browser", server: RunningServer) -> None:
    page = open_page(browser, server, "/bring-in", locale="fr-FR")
    give_name(page, "Anna")
    button = page.get_by_test_id("stFileUploaderDropzone").first.locator("button p")
    button.wait_for()
    assert button.evaluate("p => getComputedStyle(p, '::after').content") == '"Choisir des fichiers"'
    assert button.evaluate("p => getComputedStyle(p).fontSize") == "0px"


def test_pages_that_a_narrow_navigation_has_no_room_for_stand_under_a_french_word(
    browser: "Browser", server: RunningServer
) -> None:
    page = open_page(browser, server, locale="fr-FR", viewport={"width": 820, "height": 1180})
    give_name(page, "Anna")
    hidden = page.get_by_test_id("stTopNavSection")
    hidden.wait_for()
    assert "more" not in hidden.inner_text()
    word = hidden.locator("> :first-child")
    assert word.evaluate("box => getComputedStyle(box, '::before').content") == '"Autres pages"'


def test_who_has_read_the_last_cell_sees_it_without_scrolling_and_where_the_slide_stands(
    browser: "Browser", server: RunningServer
) -> None:
    page = open_page(browser, server, "/review?slide=1")
    give_name(page, "Anna")
    page.locator(".board[data-cell]:not([data-cell=''])").wait_for()
    page.keyboard.press("p")
    page.keyboard.press("n")
    message = page.get_by_text("All read.")
    message.wait_for()
    box = message.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 800
    page.get_by_text("The slide is now: second reading").wait_for()
    head = page.get_by_test_id("stCaptionContainer").filter(has_text="patient 7")
    head.filter(has_text="second reading").wait_for()


def test_the_page_of_a_slide_that_is_being_scored_shows_it_once_it_is(
    browser: "Browser", server: RunningServer, tmp_path: Path
) -> None:
    page = open_page(browser, server, "/review?slide=2")
    give_name(page, "Anna")
    page.get_by_text("nothing to read yet: stopped").wait_for()
    write_score(tmp_path / "result", {"field1.png": 10}, [("field1.png", 0, 0.9)])
    store = Store.in_folder(server.data)
    store.note_scoring(2, ScoringStep.QUEUED, by="Anna")
    take_in(store, 2, tmp_path / "result")
    store.close()
    page.locator(".board[data-cell]:not([data-cell=''])").wait_for()


def test_scoring_that_goes_on_is_watched_on_a_worklist_that_stood_open(
    browser: "Browser", server: RunningServer
) -> None:
    page = open_page(browser, server)
    give_name(page, "Anna")
    page.get_by_role("button", name="Resume").first.click()  # the latest: what cannot be read fails at once
    page.get_by_role("button", name="Try again").wait_for(timeout=180_000)


def test_no_button_beside_the_cells_is_cut_off(browser: "Browser", server: RunningServer) -> None:
    page = open_page(browser, server, "/review?slide=1", locale="fr-FR")
    give_name(page, "Anna")
    page.locator(".board[data-cell]:not([data-cell=''])").wait_for()
    for button in page.get_by_role("button", name="hématies").all():
        assert not button.evaluate(CUT_OFF), button.inner_text()
