"""More fields from the page: they go to the slide that was chosen, whatever became of the list meanwhile."""

import pytest
from streamlit.testing.v1 import AppTest

from app.workplace import Workplace
from core.store import ScoringStep, SlideRecord
from tests.app.page_under_test import page, said
from tests.scored_slides import write_images

IMAGE = ("more.png", b"not read here", "image/png")


@pytest.fixture
def numbers(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Two slides of one name, of two patients, both stopped."""
    monkeypatch.setattr("app.pages.bring_in.start", lambda _: None)
    added = []
    for patient in ("Ada", "Bob"):
        case = workplace.store.add_case(patient, by="Anna")
        folder = write_images(workplace.slides / patient, {"field1.png": 2})
        slide = workplace.store.add_slide(case.id, "thin smear", folder, by="Anna")
        workplace.store.note_scoring(slide.id, ScoringStep.STOPPED, by="Anna")
        added.append(slide.id)
    ada, bob = added
    return ada, bob


def images(workplace: Workplace, patient: str) -> list[str]:
    return sorted(path.name for path in (workplace.slides / patient).iterdir())


def choose(test: AppTest, number: int) -> AppTest:
    """As a browser says it: by the text of the line."""
    (box,) = (one for one in test.selectbox if one.key == "more_slide")
    (line,) = (line for line in box.options if f"no. {number}" in line)
    return box.select(line).run()


def hand_in(test: AppTest, content: bytes = IMAGE[1]) -> AppTest:
    test.file_uploader[-1].set_value([("more.png", content, "image/png")])
    return next(button for button in reversed(test.button) if button.label == "Add").click().run()


def test_of_two_slides_of_one_name_the_chosen_one_gets_the_fields(
    workplace: Workplace, numbers: tuple[int, int]
) -> None:
    for number, patient, other in zip(numbers, ("Ada", "Bob"), ("Bob", "Ada"), strict=True):
        before = images(workplace, other)
        hand_in(choose(page("bring_in", "bring_in_page"), number), patient.encode())
        assert images(workplace, patient) == ["field1.png", "more.png"]
        assert images(workplace, other) == before


def test_a_field_that_the_slide_itself_holds_is_added_under_another_name_only_when_asked_for_twice(
    workplace: Workplace, numbers: tuple[int, int]
) -> None:
    ada, bob = numbers
    for number, patient in ((bob, "Bob"), (ada, "Ada")):
        (workplace.slides / patient / "field1.png").write_bytes(patient.encode())
        test = hand_in(choose(page("bring_in", "bring_in_page"), number), patient.encode())
        assert rf"more\.png \(thin smear, {number}\)" in said(test)
        assert images(workplace, patient) == ["field1.png"]
        assert workplace.store.record(number).slide.scoring == ScoringStep.STOPPED
        hand_in(test, patient.encode())
        assert images(workplace, patient) == ["field1.png", "more.png"]


def test_a_slide_that_can_take_no_more_fields_by_then_does_not_leave_them_to_another(
    workplace: Workplace, numbers: tuple[int, int]
) -> None:
    ada, _ = numbers
    test = choose(page("bring_in", "bring_in_page"), ada)
    workplace.store.note_scoring(ada, ScoringStep.QUEUED, by="Ben")
    hand_in(test)
    assert images(workplace, "Ada") == ["field1.png"]
    assert images(workplace, "Bob") == ["field1.png"]


def test_nothing_happens_to_a_slide_without_a_file(workplace: Workplace, numbers: tuple[int, int]) -> None:
    ada, _ = numbers
    test = choose(page("bring_in", "bring_in_page"), ada)
    next(button for button in reversed(test.button) if button.label == "Add").click().run()
    assert "Choose at least one file" in said(test)
    assert workplace.store.record(ada).slide.scoring == ScoringStep.STOPPED


def test_who_brings_more_fields_sees_which_are_to_be_photographed_again(
    workplace: Workplace, record: SlideRecord
) -> None:
    workplace.store.flag_field(record.slide.id, "field2.png", by="Anna")
    test = page("bring_in", "bring_in_page")
    assert [one.label for one in test.expander] == ["1 field to photograph again"]
    assert "field2\\.png \\(Anna\\)" in said(test)
