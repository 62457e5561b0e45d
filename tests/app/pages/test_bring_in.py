"""Bringing slides in: from a folder on the server, and which slides take more fields."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.workplace import Workplace
from core.review import sign
from core.store import Role, ScoringStep, SlideRecord
from tests.app.page_under_test import page, said
from tests.coloured_cells import save_slide
from tests.scored_slides import read_all


def test_a_folder_put_on_the_server_can_be_brought_in_once(
    workplace: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pages.bring_in.start", lambda _: None)
    save_slide(workplace.incoming / "patient 9", fields=1)
    test = page("bring_in", "bring_in_page")
    test.multiselect[0].select(0)
    next(button for button in test.button if button.label == "Add" and button.form_id == "server").click()
    test.run()
    (slide,) = workplace.store.slides()
    assert (slide.name, slide.scoring) == ("patient 9", ScoringStep.QUEUED)
    assert "There is no folder to add" in said(page("bring_in", "bring_in_page"))


def test_a_slide_of_a_name_that_its_patient_has_already_is_added_when_it_is_asked_for_twice(
    workplace: Workplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pages.bring_in.start", lambda _: None)
    case = workplace.store.add_case("P 9", by="Anna")
    first = workplace.store.add_slide(case.id, "Smear 1", tmp_path, by="Anna")
    save_slide(workplace.incoming / "smear 1", fields=1)

    def add(test: AppTest) -> AppTest:
        test.multiselect[0].select(0)
        next(field for field in test.text_input if field.form_id == "server").set_value(" p 9")
        next(button for button in test.button if button.label == "Add" and button.form_id == "server").click()
        return test.run()

    test = add(page("bring_in", "bring_in_page"))
    assert f"has a slide of that name already: Smear 1 ({first.id})" in said(test)
    assert len(workplace.store.slides()) == 1
    add(test)
    assert sorted(slide.name for slide in workplace.store.slides()) == ["Smear 1", "smear 1"]


def test_what_is_signed_takes_no_more_fields(workplace: Workplace, record: SlideRecord) -> None:
    assert "Only the new fields are scored" in said(page("bring_in", "bring_in_page"))
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    sign(workplace.store, record.slide.id, by="Anna")
    assert "No slide can take more fields" in said(page("bring_in", "bring_in_page"))
