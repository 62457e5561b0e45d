"""The stage that the machine suggests, as a reader meets it: after the call, and taken over by one key."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from core.results.features import FEATURES, write_features
from core.results.folder import features_of, tables_of
from core.results.result import ModelReference, write_result
from core.review import StageHead
from core.store import Call, Opinion, Role, Species, Stage, Store
from models.cards import RELEASED, load_card
from models.stage_head import load_stage_head
from tests.app.chromium import BOARD, IN_CHROMIUM, at_board, come_in, picture, saved
from tests.app.running_server import RunningServer
from tests.scored_slides import keep_features, take_in, write_images, write_score

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = IN_CHROMIUM
CELLS = {"field1.png": 10}
LISTED = 6
RINGS = {1, 2, 4}
"""Ranks of cells that the released layer takes for rings."""


def ring_of(head: StageHead) -> np.ndarray:
    """Features of which it says "ring", surely."""
    apart = head.weight[:, 0] - head.weight[:, 1:].mean(axis=1)
    return np.asarray(apart * 60 / np.linalg.norm(apart) ** 2, np.float16)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """With a slide that the released model scored; the cells that are no rings look like nothing."""
    (tmp_path / "data").mkdir()
    running = RunningServer(tmp_path / "data")
    store, result = Store.in_folder(running.data), tmp_path / "slide" / "result"
    written = write_score(result, CELLS, [("field1.png", at, 0.9 - 0.01 * at) for at in range(LISTED)])
    card = load_card("released")
    of_released = ModelReference(name=card.name, identity=card.identity)
    write_result(result / "result.json", written.model_copy(update={"model": of_released}))
    slide = store.add_slide(
        store.add_case("patient 7", by="Anna").id,
        "slide 7",
        write_images(tmp_path / "images", CELLS),
        by="Anna",
    )
    record = take_in(store, slide.id, result)
    keep_features(record, LISTED, set())
    assert record.taken_in is not None
    head = load_stage_head(RELEASED)
    assert head is not None
    cells = tables_of(result, record.taken_in.sha256).cells
    features = np.zeros((LISTED, len(head.weight)), np.float16)
    for rank in RINGS:
        features[np.searchsorted(cells.seen_again, cells.ranked[rank - 1])] = ring_of(head)
    write_features(result / FEATURES, cells, features)
    features_of.cache_clear()
    store.close()
    running.start()
    yield running
    running.kill()


def suggested(page: "Page", rank: int) -> None:
    page.get_by_text(f"Cell {rank}: ring? (machine, ").wait_for()


def nothing_suggested(page: "Page") -> None:
    page.wait_for_function(f"({BOARD}).querySelector('.suggested').hidden")


def opinions(server: RunningServer) -> list[Opinion]:
    return [reading.opinion for reading in server.record().readings]


def test_enter_takes_over_the_stage_of_the_cell_that_was_accepted_last(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    nothing_suggested(page)
    page.keyboard.press("Enter")  # nothing was accepted yet
    page.keyboard.press("p")
    suggested(page, 1)
    page.locator(".board[data-cell='2']").wait_for()  # reading goes on
    picture(page, "stage_suggested")
    page.keyboard.press("Enter")
    nothing_suggested(page)
    page.locator(".board[data-cell='2']").wait_for()
    page.get_by_text("All decisions are saved.").wait_for()
    assert opinions(server) == [Opinion(Call.PARASITE), Opinion(Call.PARASITE, stage=Stage.RING)]
    assert {one.role for one in server.record().readings} == {Role.FIRST}


def test_reading_on_leaves_the_stage_open_and_it_is_offered_again_on_the_way_back(
    browser: "Browser", server: RunningServer
) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    page.keyboard.press("p")
    suggested(page, 1)
    page.keyboard.press("n")
    nothing_suggested(page)
    page.keyboard.press("p")  # of the third the machine says nothing
    page.get_by_text("All decisions are saved.").wait_for()
    nothing_suggested(page)
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    suggested(page, 1)
    page.locator(".suggested button").click()
    nothing_suggested(page)
    page.get_by_text("All decisions are saved.").wait_for()
    assert opinions(server)[-1] == Opinion(Call.PARASITE, stage=Stage.RING)


def called_falciparum(server: RunningServer) -> Opinion:
    """The first cell, on another day: the page knows nothing of that species any more."""
    opinion = Opinion(Call.PARASITE, species=Species.FALCIPARUM)
    store = Store.in_folder(server.data)
    store.read(1, store.record(1).candidates[0].id, opinion, reader="Anna", role=Role.FIRST)
    store.close()
    return opinion


def test_the_species_stays_as_it_was_called(browser: "Browser", server: RunningServer) -> None:
    before = called_falciparum(server)
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    page.keyboard.press("ArrowLeft")
    suggested(page, 1)
    page.keyboard.press("Enter")
    nothing_suggested(page)
    saved(page)
    assert opinions(server) == [before, replace(before, stage=Stage.RING)]


def test_enter_pressed_twice_on_a_screen_of_cells_opens_the_cell_and_no_more(
    browser: "Browser", server: RunningServer
) -> None:
    before = called_falciparum(server)
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    page.keyboard.press("ArrowLeft")
    suggested(page, 1)
    page.keyboard.press("t")
    page.locator(".board.screens").wait_for()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.locator(".board:not(.screens)[data-cell='1']").wait_for()
    suggested(page, 1)
    page.wait_for_timeout(1200)
    saved(page)
    assert opinions(server) == [before]
    page.keyboard.press("Enter")
    nothing_suggested(page)
    saved(page)
    assert opinions(server) == [before, replace(before, stage=Stage.RING)]


def test_a_cell_out_of_sight_gets_no_stage_but_is_brought_back(
    browser: "Browser", server: RunningServer
) -> None:
    before = called_falciparum(server)
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    page.keyboard.press("ArrowLeft")
    suggested(page, 1)
    page.set_viewport_size({"width": 1000, "height": 320})
    page.evaluate(f"({BOARD}).querySelector('.saved').scrollIntoView({{ block: 'start' }})")
    page.wait_for_timeout(200)
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    saved(page)
    assert opinions(server) == [before]
    page.keyboard.press("Enter")
    nothing_suggested(page)
    saved(page)
    assert opinions(server) == [before, replace(before, stage=Stage.RING)]


def test_who_names_the_stage_is_asked_nothing(browser: "Browser", server: RunningServer) -> None:
    page = come_in(browser, server, "Anna", "/review?slide=1")
    at_board(page)
    page.keyboard.press("2")
    page.get_by_text("All decisions are saved.").wait_for()
    nothing_suggested(page)


def test_a_second_reader_is_offered_the_machines_stage_and_not_the_first_readers(
    browser: "Browser", server: RunningServer
) -> None:
    store = Store.in_folder(server.data)
    for candidate in store.record(1).candidates:
        schizont = Opinion(Call.PARASITE, stage=Stage.SCHIZONT)
        store.read(1, candidate.id, schizont, reader="Anna", role=Role.FIRST)
    store.close()
    page = come_in(browser, server, "Ben", "/second-reading?slide=1")
    at_board(page)
    offers = 0
    for _ in range(LISTED):
        page.keyboard.press("p")
        page.wait_for_timeout(600)
        offers += page.locator(".suggested:not([hidden])").count()
        assert "schizont?" not in (page.locator(".suggested").text_content() or "")
    assert offers == len(RINGS)
