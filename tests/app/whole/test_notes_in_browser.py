"""Notes on a cell and its field, typed at the board in Chromium."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.store import Role, Store, notes_that_stand
from tests.app.chromium import IN_CHROMIUM, at_board, come_in, picture, saved
from tests.app.running_server import RunningServer
from tests.scored_slides import read_all, scored_slide

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = IN_CHROMIUM


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """With one slide of four candidates, the third of them with a note of Cleo's."""
    (tmp_path / "data").mkdir()
    running = RunningServer(tmp_path / "data")
    store = Store.in_folder(running.data)
    record = scored_slide(store, tmp_path / "slide")
    store.notes.on_cell(1, record.candidates[2].id, "seen by Cleo", by="Cleo")
    store.close()
    running.start()
    yield running
    running.kill()


def write(page: "Page", text: str, *, close: str = "Escape") -> None:
    """Open the box, replace what it holds, close it."""
    page.keyboard.press("e")
    box = page.get_by_role("textbox", name="Note")
    box.wait_for()
    box.press("Control+a")
    page.keyboard.type(text) if text else page.keyboard.press("Delete")
    page.keyboard.press(close)
    box.wait_for(state="hidden")


def standing(server: RunningServer) -> list[tuple[int | None, str | None, str]]:
    return [(note.candidate_id, note.by, note.text or "") for note in notes_that_stand(server.record().notes)]


def test_a_note_is_typed_on_a_cell_and_its_keys_are_text_and_no_calls(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    first, second, third, _ = (one.id for one in server.record().candidates)
    write(page, "pnu 123 zr?")
    saved(page)
    page.get_by_text("Note on the cell: pnu 123 zr?").wait_for()
    picture(page, "note_on_a_cell")
    assert standing(server) == [(third, "Cleo", "seen by Cleo"), (first, "Anna", "pnu 123 zr?")]
    assert server.record().readings == ()
    page.keyboard.press("n")  # a call again
    write(page, "of the second", close="Control+Enter")
    page.keyboard.press("ArrowRight")  # the box, though closed, may still hold the keyboard
    page.get_by_text("Note on the cell: seen by Cleo (Cleo)").wait_for()
    saved(page)
    assert standing(server)[2:] == [(second, "Anna", "of the second")]
    assert len(server.record().readings) == 1
    page.keyboard.press("ArrowLeft")
    write(page, "")
    saved(page)
    assert len(standing(server)) == 2


def test_a_note_on_the_field_shows_on_each_of_its_cells(browser: "Browser", server: RunningServer) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    page.keyboard.press("e")
    page.get_by_role("combobox", name="Note").select_option("on this field")
    page.get_by_role("textbox", name="Note").fill("thick here")
    picture(page, "note_box")
    page.get_by_role("button", name="Save", exact=True).click()
    saved(page)
    field = server.record().candidates[0].field
    same = next(place for place, one in enumerate(server.record().candidates) if place and one.field == field)
    for _ in range(same):
        page.keyboard.press("ArrowRight")
    page.get_by_text("Note on the field: thick here").wait_for()
    (_, note) = notes_that_stand(server.record().notes)
    assert (note.candidate_id, note.field, note.text) == (None, field, "thick here")


def test_a_note_that_is_written_while_the_server_is_away_is_kept_and_sent(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    server.kill()
    write(page, "nobody listens")
    page.get_by_text("Not saved yet: 1.").wait_for()
    page.get_by_text("Note on the cell: nobody listens").wait_for()
    page.close()
    server.start()
    again = page.context.new_page()
    again.goto(f"{server.address}/review?slide=1")
    at_board(again)
    saved(again)
    assert standing(server)[1:] == [(server.record().candidates[0].id, "Anna", "nobody listens")]


def test_a_note_stays_in_its_box_while_all_of_the_page_runs_anew(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    page.keyboard.press("e")
    page.get_by_role("textbox", name="Note").fill("half a no")
    store = Store.in_folder(server.data)
    store.flag_field(1, "field1.png", by="Ben")  # the list is given anew
    store.close()
    page.wait_for_timeout(6000)
    page.keyboard.type("te")
    page.keyboard.press("Escape")
    page.get_by_text("Note on the cell: half a note").wait_for()
    saved(page)
    assert standing(server)[1:] == [(server.record().candidates[0].id, "Anna", "half a note")]


def test_a_second_reader_sees_no_note_of_anybody_else(browser: "Browser", server: RunningServer) -> None:
    store = Store.in_folder(server.data)
    read_all(store, store.record(1), "++--", reader="Anna", role=Role.FIRST)
    store.notes.on_field(1, "field1.png", "rings everywhere", by="Anna")
    store.close()
    page = come_in(browser, server, "Ben", "/second-reading?slide=1")
    at_board(page)
    write(page, "is this a ring?")
    saved(page)
    for _ in range(4):
        shown = page.locator(".noted").inner_text()
        assert "Cleo" not in shown
        assert "everywhere" not in shown
        page.keyboard.press("ArrowRight")
    assert "everywhere" not in page.content()
    assert len(standing(server)) == 3
