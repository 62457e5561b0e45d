"""The application as a person meets it: in Chromium, by keyboard, with the server killed in between."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.review import standing
from core.store import Call, Role, Stage, Store
from tests.app.chromium import BOARD, IN_CHROMIUM, at_board, come_in, picture, saved
from tests.app.running_server import RunningServer
from tests.scored_slides import read_all, scored_slide

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = IN_CHROMIUM


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """With one slide of eight candidates."""
    (tmp_path / "data").mkdir()
    running = RunningServer(tmp_path / "data")
    store = Store.in_folder(running.data)
    scored_slide(store, tmp_path / "slide", listed=8)
    store.close()
    running.start()
    yield running
    running.kill()


def calls(server: RunningServer, role: Role = Role.FIRST) -> list[str | None]:
    """What stands of each candidate, by rank."""
    found = server.record()
    readings = standing(found.readings)
    return [
        readings[one.id][role].opinion.call if role in readings.get(one.id, {}) else None
        for one in found.candidates
    ]


def press(page: "Page", keys: str) -> None:
    """Press keys one after another, each when the board shows a cell; wait until all is saved."""
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(60)
    saved(page)


def test_from_the_worklist_by_keyboard_to_a_signed_pdf(
    browser: "Browser", server: RunningServer, tmp_path: Path
) -> None:
    anna = come_in(browser, server, "Anna")
    review = anna.get_by_role("link", name="Review")
    review.wait_for()
    picture(anna, "worklist")
    review.focus()
    anna.keyboard.press("Enter")
    at_board(anna)
    press(anna, "p1nals")
    picture(anna, "review")
    press(anna, "uzn")
    assert calls(server) == [Call.PARASITE, Call.PARASITE, *[Call.NOT_PARASITE] * 5, None]
    assert server.record().readings[1].opinion.stage == Stage.RING
    press(anna, "nf")
    assert [flag.field for flag in server.record().flags] == ["field2.png"]
    anna.get_by_text("All read.").wait_for()

    ben = come_in(browser, server, "Ben", "/second-reading?slide=1")
    at_board(ben)
    picture(ben, "second_reading")
    press(ben, "pppppppp")
    assert calls(server, Role.SECOND) == [Call.PARASITE] * 8
    ben.get_by_text("All read.").wait_for()

    cleo = come_in(browser, server, "Cleo", "/adjudication?slide=1")
    at_board(cleo)
    press(cleo, "nnnnnn")
    cleo.get_by_role("link", name="Result").first.click()
    cleo.get_by_role("heading").filter(has_text="Positive").wait_for()
    cleo.get_by_text("I, Cleo, have looked at this result").click()
    cleo.get_by_role("button", name="Sign the result").click()
    cleo.get_by_text("Signed: version 1").wait_for()
    picture(cleo, "result")
    anna.reload()
    at_board(anna)
    anna.locator("select.filter").select_option("disputed")
    assert anna.locator(".tile").count() == 6  # of eight, all settled now
    with cleo.expect_download() as download:
        cleo.get_by_role("link", name="PDF, English").click()
    download.value.save_as(tmp_path / "result.pdf")
    assert (tmp_path / "result.pdf").read_bytes().startswith(b"%PDF-")
    after = server.record()
    assert after.signatures[0].by == "Cleo"
    store = Store.in_folder(server.data)
    assert [(entry.who, entry.detail["form"]) for entry in store.audit(1) if entry.what == "exported"] == [
        ("Cleo", "PDF en")
    ]
    store.close()


def test_a_server_killed_at_any_moment_loses_and_doubles_nothing(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    press(page, "pn")
    for key in "pnu":
        page.keyboard.press(key)  # some of these reach the server, some do not
    server.kill()
    for key in "nf":
        page.keyboard.press(key)  # these cannot
    page.get_by_text("Not saved yet").wait_for()
    picture(page, "not_saved")
    written = len(server.record().readings)
    assert 2 <= written < 6
    server.start()
    saved(page)
    parasite, healthy = Call.PARASITE, Call.NOT_PARASITE
    assert calls(server) == [parasite, healthy, parasite, healthy, Call.UNSURE, healthy, None, None]
    assert len(server.record().readings) == 6
    assert [flag.field for flag in server.record().flags] == ["field1.png"]
    press(page, "z")
    assert calls(server)[5] is None


def test_what_could_not_be_sent_before_the_page_was_closed_is_sent_when_the_person_opens_the_slide_again(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    press(page, "p")
    server.kill()
    for key in "nu":
        page.keyboard.press(key)
    page.get_by_text("Not saved yet").wait_for()
    page.close()
    server.start()
    again = page.context.new_page()
    again.goto(f"{server.address}/review?slide=1")
    at_board(again)
    saved(again)
    assert calls(server)[:4] == [Call.PARASITE, Call.NOT_PARASITE, Call.UNSURE, None]
    assert len(server.record().readings) == 3
    again.reload()
    at_board(again)
    saved(again)
    assert len(server.record().readings) == 3  # nothing is sent twice


def test_what_was_left_behind_does_not_replace_a_call_that_was_made_elsewhere_since(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    server.kill()
    for key in "nn":
        page.keyboard.press(key)
    page.get_by_text("Not saved yet").wait_for()
    page.close()
    server.start()
    elsewhere = come_in(browser, server, "Anna", "/review?slide=1")  # another browser
    at_board(elsewhere)
    press(elsewhere, "p")
    again = page.context.new_page()
    again.goto(f"{server.address}/review?slide=1")
    at_board(again)
    saved(again)
    assert calls(server)[:3] == [Call.PARASITE, Call.NOT_PARASITE, None]


def test_no_key_is_lost_while_all_of_the_page_runs_anew(browser: "Browser", server: RunningServer) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    for number, key in enumerate("pnpnpnpn"):
        if number % 2:
            page.keyboard.press("r")  # the framework's own key: run the page anew
        page.keyboard.press(key)
        page.wait_for_timeout(50)
    saved(page)
    assert calls(server) == [Call.PARASITE, Call.NOT_PARASITE] * 4
    assert len(server.record().readings) == 8


def test_a_call_in_one_tab_shows_in_the_other(browser: "Browser", server: RunningServer) -> None:
    one = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(one)
    other = one.context.new_page()
    other.goto(f"{server.address}/review?slide=1")
    at_board(other)
    one.bring_to_front()
    press(one, "3")
    other.bring_to_front()
    mark = other.locator(".mark:not([hidden])")
    mark.get_by_text("schizont").wait_for(timeout=4000)
    other.keyboard.press("n")
    other.get_by_text("Cell 1 is called already").wait_for()
    assert calls(server)[:2] == [Call.PARASITE, None]


def test_what_is_unsaved_when_another_page_is_opened_is_saved_all_the_same(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    page.route("**/readings/*", lambda route: route.abort())
    for key in "pn":
        page.keyboard.press(key)
    page.get_by_text("Not saved yet: 2.").wait_for()
    page.get_by_role("link", name="Worklist").first.click()
    page.get_by_role("link", name="Review").wait_for()
    page.unroute("**/readings/*")
    until = time.monotonic() + 20
    while len(server.record().readings) < 2 and time.monotonic() < until:
        time.sleep(0.2)
    assert calls(server)[:3] == [Call.PARASITE, Call.NOT_PARASITE, None]


def test_undo_goes_back_through_what_was_decided_also_after_the_page_is_loaded_again(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    press(page, "ppp")
    page.reload()  # the browser knows the name; the board begins a new log
    at_board(page)
    press(page, "z")
    assert calls(server)[:3] == [Call.PARASITE, Call.PARASITE, None]
    page.wait_for_function(f"({BOARD}).dataset.cell === '{server.record().candidates[2].id}'")


def test_a_call_is_replaced_only_by_a_key_that_is_pressed_twice(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    press(page, "3")  # a schizont; the next cell is shown
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("n")
    page.get_by_text("Cell 1 is called already: parasite. Press N once more to change that.").wait_for()
    picture(page, "asked_before_a_call_is_replaced")
    page.keyboard.press("a")  # another key is another question
    page.get_by_text("Press A once more").wait_for()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("a")
    saved(page)
    assert calls(server)[0] == Call.PARASITE
    assert server.record().readings[0].opinion.stage == Stage.SCHIZONT
    press(page, "a")
    assert calls(server)[:2] == [Call.NOT_PARASITE, None]


def test_a_key_that_is_pressed_while_the_cell_is_out_of_sight_shows_it_and_changes_nothing(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    page.set_viewport_size({"width": 1000, "height": 320})
    page.evaluate(f"({BOARD}).querySelector('.saved').scrollIntoView({{ block: 'start' }})")
    page.wait_for_timeout(200)
    page.keyboard.press("p")
    saved(page)
    assert calls(server)[0] is None
    press(page, "p")
    assert calls(server)[0] == Call.PARASITE


def test_keys_typed_into_a_field_are_text_and_no_decisions(browser: "Browser", server: RunningServer) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    page.get_by_role("combobox", name="Species of parasites").click()
    page.keyboard.type("pnu")
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)
    assert calls(server) == [None] * 8


def test_help_lists_the_keys_and_holds_them_back(browser: "Browser", server: RunningServer) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("parasite: schizont").wait_for()
    page.get_by_role("dialog").get_by_text("Drawn, not photographed.").wait_for()
    picture(page, "help")
    page.keyboard.press("p")
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)
    assert calls(server) == [None] * 8


def test_nothing_is_asked_of_any_other_machine(browser: "Browser", server: RunningServer) -> None:
    page = browser.new_context().new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.address)
    page.get_by_role("textbox").fill("Anna")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Review").click()
    at_board(page)
    page.goto(f"{server.address}/slide?slide=1")
    page.locator(".viewer[data-open]").wait_for()
    others = [url for url in asked if not url.startswith((server.address, "data:", "blob:"))]
    assert others == []
    assert any("/pictures/" in url for url in asked)


@pytest.mark.parametrize(("width", "locale", "scheme"), [(720, "fr-FR", "dark"), (1440, "fr-FR", "light")])
def test_the_review_fits_half_the_width_as_at_200_percent(
    browser: "Browser", server: RunningServer, width: int, locale: str, scheme: str
) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1", locale=locale, color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    at_board(page)
    picture(page, f"review_{width}_{scheme}_fr")
    too_wide = page.locator(".stMain").evaluate("main => main.scrollWidth - main.clientWidth")
    assert too_wide <= 0
    assert page.get_by_role("button", name="pas un parasite").is_visible()


def test_only_this_machine_is_served(server: RunningServer) -> None:
    listening = [
        line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"
    ]
    port = f"{server.port:04X}"
    addresses = {words[1].split(":")[0] for words in listening if words[1].endswith(f":{port}")}
    assert addresses == {"0100007F"}  # 127.0.0.1, its bytes in the order of the processor


@pytest.mark.slow
def test_from_an_upload_to_cells_that_can_be_read(browser: "Browser", tmp_path: Path) -> None:
    from datasets.synthetic import render_slide

    (tmp_path / "data").mkdir()
    images = render_slide(tmp_path / "images", fields=2, seed=7, parasitaemia=0.05).folder
    archive = shutil.make_archive(str(tmp_path / "fields"), "zip", images)
    server = RunningServer(tmp_path / "data")
    server.start()
    try:
        page = come_in(browser, server, "Anna", "/bring-in")
        page.get_by_role("textbox", name="Slide").fill("smear 12")
        page.get_by_role("textbox", name="Patient").fill("patient 3")
        page.locator("input[type=file]").first.set_input_files(archive)
        page.get_by_text(Path(archive).name).first.wait_for()
        page.get_by_role("button", name="Add", exact=True).first.click()
        page.get_by_text("2 images were added").wait_for()
        page.get_by_role("link", name="Worklist").first.click()
        page.get_by_text("smear 12").wait_for()
        page.context.close()  # scoring goes on without a browser
        until = time.monotonic() + 300
        while server.record().taken_in is None and time.monotonic() < until:
            time.sleep(1)
        page = come_in(browser, server, "Anna", "/review?slide=1")
        at_board(page)
        picture(page, "uploaded")
        press(page, "n")
        assert Call.NOT_PARASITE in calls(server)
    finally:
        server.kill()


def test_the_first_readers_calls_are_not_shown_to_who_may_be_second(
    browser: "Browser", server: RunningServer
) -> None:
    store = Store.in_folder(server.data)
    read_all(store, store.record(1), "++++----", reader="Anna", role=Role.FIRST)
    store.close()
    page = come_in(browser, server, "Ben", "/second-reading?slide=1")
    at_board(page)
    assert page.locator(".mark:not([hidden])").count() == 0
    page.goto(f"{server.address}/review?slide=1")
    page.get_by_text("do not look at the calls").wait_for()
    assert page.locator(".board").count() == 0
