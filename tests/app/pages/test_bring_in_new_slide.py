"""The form by which a new slide is handed in: a mistake costs nothing that was typed or sent."""

from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from app.workplace import Workplace
from tests.app.page_under_test import page, said

IMAGE = ("field1.png", b"not read here", "image/png")


@pytest.fixture
def form(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr("app.pages.bring_in.start", lambda _: None)
    return page("bring_in", "bring_in_page")


def typed(test: AppTest) -> list[str | None]:
    return [field.value for field in test.text_input if field.label in ("Patient", "Slide")]


def filled(test: AppTest, *, patient: str = "", slide: str = "") -> AppTest:
    for field in test.text_input:
        if field.label in ("Patient", "Slide"):
            field.set_value(patient if field.label == "Patient" else slide)
    return test


def sent(test: AppTest) -> AppTest:
    return next(button for button in test.button if button.label == "Add").click().run()


def test_without_a_name_the_files_and_all_that_was_typed_stay(form: AppTest, workplace: Workplace) -> None:
    form.file_uploader[0].set_value([IMAGE])
    test = sent(filled(form, patient="Ada"))
    assert "Give the slide a name and at least one file" in said(test)
    assert typed(test) == ["Ada", ""]
    test = sent(filled(test, patient="Ada", slide="thin 3"))  # the files need not be sent again
    assert "1 image was added" in said(test)
    (record,) = workplace.store.records()
    assert (record.case.patient, record.slide.name) == ("Ada", "thin 3")


def test_date_and_laboratory_number_of_the_sample_can_be_given(form: AppTest, workplace: Workplace) -> None:
    form.file_uploader[0].set_value([IMAGE])
    form.date_input[0].set_value(date(2026, 11, 3))
    form.text_input[2].set_value("117")
    sent(filled(form, patient="Ada", slide="thin 3"))
    (record,) = workplace.store.records()
    assert (record.slide.sampled_on, record.slide.laboratory_number) == (date(2026, 11, 3), "117")


def test_an_image_that_a_slide_holds_already_is_named_and_added_only_when_that_is_asked_for_once_more(
    form: AppTest, workplace: Workplace
) -> None:
    form.file_uploader[0].set_value([IMAGE])
    test = sent(filled(form, patient="Ada", slide="thin 3"))
    test.file_uploader[0].set_value([("renamed.png", IMAGE[1], "image/png"), ("b.png", b"new", "image/png")])
    test = sent(filled(test, patient="Bob", slide="thin 1"))
    assert r"renamed\.png \(thin 3, 1\)" in said(test)
    assert r"b\.png" not in said(test)
    assert len(workplace.store.slides()) == 1
    assert [path.name for path in workplace.slides.iterdir()] == ["thin 3"]
    test = sent(test)
    assert "2 images were added" in said(test)
    assert len(workplace.store.slides()) == 2


def test_a_removed_slide_is_not_named_when_its_images_are_added_anew(
    form: AppTest, workplace: Workplace
) -> None:
    form.file_uploader[0].set_value([IMAGE])
    test = sent(filled(form, patient="Ada", slide="thin 3"))
    workplace.store.housekeeping.remove(1, "of another patient", by="Anna")
    test.file_uploader[0].set_value([IMAGE])
    sent(filled(test, patient="Ada", slide="thin 3"))
    assert len(workplace.store.slides()) == 2


def test_what_is_refused_is_told_and_what_was_typed_stays(form: AppTest, workplace: Workplace) -> None:
    form.file_uploader[0].set_value([("notes.txt", b"x", "text/plain")])
    test = sent(filled(form, patient="Ada", slide="thin 3"))
    assert "no image was sent" in said(test)
    assert typed(test) == ["Ada", "thin 3"]
    assert workplace.store.records() == ()


def test_once_taken_in_the_form_is_empty_so_that_a_second_press_brings_in_nothing(
    form: AppTest, workplace: Workplace
) -> None:
    form.file_uploader[0].set_value([IMAGE])
    test = sent(filled(form, patient="Ada", slide="thin 3"))
    assert typed(test) == ["", ""]
    sent(test)
    assert len(workplace.store.records()) == 1


def test_a_slide_that_the_store_refuses_leaves_neither_case_nor_files_and_touches_nothing_else(
    form: AppTest, workplace: Workplace
) -> None:
    form.file_uploader[0].set_value([IMAGE])
    test = sent(filled(form, patient="Ada", slide="thin 2"))
    case = workplace.store.add_case("Bob", by="Ben")
    # Its images were taken away by hand, so that the name is free; the store knows it still.
    workplace.store.add_slide(case.id, "of Bob", workplace.slides / "thin 3", by="Ben")
    before = workplace.store.records(), workplace.store.audit()
    test.file_uploader[0].set_value([("field1.png", b"another", "image/png")])
    test = sent(filled(test, patient="Ada", slide="thin 3"))
    assert "is already on the worklist, as slide of Bob" in said(test)
    assert typed(test) == ["Ada", "thin 3"]
    assert (workplace.store.records(), workplace.store.audit()) == before
    assert [path.name for path in workplace.slides.iterdir()] == ["thin 2"]
