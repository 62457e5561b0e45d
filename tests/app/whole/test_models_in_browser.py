"""French as a person meets it, down to the printed page; and a switch of the model by keyboard."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.workplace import open_workplace
from core.store import Role, Store
from tests.app.chromium import IN_CHROMIUM, come_in, picture
from tests.app.jobs.test_models_here import other_model
from tests.app.running_server import RunningServer
from tests.app.whole.test_in_browser import server
from tests.scored_slides import read_all

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["server"]
pytestmark = IN_CHROMIUM


def test_reasons_errors_and_the_printed_page_are_french_in_french(
    browser: "Browser", server: RunningServer
) -> None:
    pypdfium2 = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed: '.[browser]'")
    store = Store.in_folder(server.data)
    record = store.record(1)
    for reader, role in (("Anna", Role.FIRST), ("Ben", Role.SECOND)):
        read_all(store, record, "++------", reader=reader, role=role)
    store.close()
    page = come_in(browser, server, "Anna", "/result?slide=1", locale="fr-FR")
    page.get_by_text("Deux lecteurs s'accordent sur 2 parasites.").first.wait_for()
    page.get_by_text("Moi, Anna, j'ai examiné ce résultat").click()
    page.get_by_role("button", name="Signer le résultat").click()
    page.get_by_text("Signée : version 1").wait_for()
    picture(page, "result_french")
    page.get_by_text("Commencer un amendement").first.click()
    page.get_by_role("button", name="Commencer un amendement").click()
    page.get_by_text("un amendement demande un motif").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF, Français").click()
    printed = pypdfium2.PdfDocument(Path(download.value.path()).read_bytes())
    text = printed[0].get_textpage().get_text_range()
    assert "À DES FINS DE RECHERCHE UNIQUEMENT" in text
    assert "POSITIF" in text
    assert "hématies évaluables" in text
    assert download.value.suggested_filename == "slide 7_v1_fr.pdf"


def test_a_model_is_made_the_active_one_by_keyboard(browser: "Browser", server: RunningServer) -> None:
    workplace = open_workplace(server.data)
    other_model(workplace)
    page = come_in(browser, server, "Zoe", "/models")
    make_active = page.get_by_role("button", name="Make active")
    make_active.focus()
    page.keyboard.press("Enter")
    now = page.get_by_role("button", name="Score with other from now on")
    now.wait_for()
    now.focus()
    page.keyboard.press("Enter")
    page.get_by_text("Slides are scored with other (").wait_for()
    picture(page, "models")
    switch = workplace.store.models.last()
    workplace.store.close()
    assert switch is not None
    assert (switch.name, switch.by) == ("other", "Zoe")
