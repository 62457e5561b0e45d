"""The page of the whole slide: in which role a person reads on, and what is said of the chosen cell."""

from app.pages.slide_view import _CALLS
from app.plan.plan_session import PlanSession
from app.workplace import Workplace
from core.review import sign
from core.store import Reason, Role, SlideRecord, Stage
from tests.app.page_under_test import buttons, page, said
from tests.scored_slides import NOT_PARASITE, PARASITE, read_all


def test_every_stage_and_every_reason_has_a_key_of_its_own() -> None:
    opinions = [opinion for _, opinion in _CALLS]
    assert {one.reason for one in opinions if one.reason} == set(Reason)
    assert {one.stage for one in opinions if one.stage} == set(Stage)
    assert len({letter for letter, _ in _CALLS}) == len(_CALLS)


def at_first_cell(record: SlideRecord, person: str) -> str:
    """All that the slide page says to a person who has clicked the first candidate."""
    test = page("slide_view", "slide_page", person=person, slide=record.slide.id)
    first = record.candidates[0]
    plan = PlanSession(record.slide.id, chosen=(first.field, first.box))
    test.session_state[f"{plan.key} session"] = plan
    test.run()
    assert not test.exception
    return said(test)


def test_the_slide_page_says_what_the_person_has_called_a_cell_and_nobody_else(
    workplace: Workplace, record: SlideRecord
) -> None:
    store, first = workplace.store, record.candidates[0]
    store.read(record.slide.id, first.id, PARASITE, reader="Anna", role=Role.FIRST)
    store.read(record.slide.id, first.id, NOT_PARASITE, reader="Ben", role=Role.SECOND)
    assert "You called it: **parasite**" in at_first_cell(record, "Anna")
    assert "You called it: **not a parasite**" in at_first_cell(record, "Ben")
    assert "You called it" not in at_first_cell(record, "Cleo")


def test_who_must_stay_blind_is_told_so(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    assert "Others' calls and maps are hidden" in at_first_cell(record, "Ben")
    assert "Others' calls and maps are hidden" not in at_first_cell(record, "Anna")


def test_a_cell_that_another_has_read_as_second_cannot_be_called_by_a_further_second_reader(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    read_all(workplace.store, record, "+...", reader="Ben", role=Role.SECOND)
    assert "Another reader has read this cell" in at_first_cell(record, "Cleo")


def test_undo_takes_back_the_persons_own_last_call_and_chooses_its_cell(
    workplace: Workplace, record: SlideRecord
) -> None:
    store, (first, second, *_) = workplace.store, record.candidates
    store.read(record.slide.id, first.id, PARASITE, reader="Anna", role=Role.FIRST)
    store.read(record.slide.id, second.id, PARASITE, reader="Ben", role=Role.SECOND)
    test = page("slide_view", "slide_page", person="Anna", slide=record.slide.id)
    test.button(key="undo").click().run()
    standing = [one for one in store.record(record.slide.id).readings if one.undone_by is None]
    assert [one.reader for one in standing] == ["Ben"]
    plan = test.session_state[f"plan {record.slide.id} session"]
    assert plan.chosen == (first.field, first.box)
    test.button(key="undo").click().run()
    assert [toast.value for toast in test.toast] == ["You have no call on this slide to take back."]


def test_on_a_signed_slide_nothing_is_undone(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    sign(workplace.store, record.slide.id, by="Anna")
    assert "undo" not in buttons(page("slide_view", "slide_page", person="Anna", slide=record.slide.id))
