"""Who is warned before the calls of others are shown, and what follows where they look nevertheless."""

from functools import partial

import pytest

from app.pages import reading
from app.pages.unblinding import has_looked, sees_calls
from app.plan.plan_session import PlanSession
from app.workplace import Workplace
from core.review import sign
from core.store import Role, SlideRecord
from tests.app.page_under_test import buttons, page, said
from tests.scored_slides import read_all


def test_whoever_may_be_second_reader_is_warned_before_calls_are_shown(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "++++", reader="Anna", role=Role.FIRST)
    for person, module, function in (
        ("Ben", "reading", "review_page"),
        ("Cleo", "result", "result_page"),
    ):
        test = page(module, function, person=person, slide=record.slide.id)
        assert "do not look at the calls" in said(test)
        assert "accepted" not in said(test)
        next(button for button in test.button if button.label == "Look anyway").click().run()
        assert "**4** accepted" in said(test)
    assert [look.person for look in workplace.store.record(record.slide.id).looks] == ["Ben", "Cleo"]


@pytest.mark.parametrize(
    ("module", "function"), [("reading", "second_reading_page"), ("slide_view", "slide_page")]
)
def test_whoever_has_looked_at_calls_is_no_second_reader_any_more(
    workplace: Workplace, record: SlideRecord, module: str, function: str
) -> None:
    read_all(workplace.store, record, "+++.", reader="Anna", role=Role.FIRST)
    page("reading", "review_page", person="Ben", slide=record.slide.id).button[0].click().run()
    in_another_tab = page(module, function, person="Ben")
    first = record.candidates[0]
    plan = PlanSession(record.slide.id, chosen=(first.field, first.box))
    in_another_tab.session_state[f"{plan.key} session"] = plan
    in_another_tab.query_params["slide"] = str(record.slide.id)
    in_another_tab.run()
    assert "second reader must be another person" in said(in_another_tab)
    assert "artefact" not in buttons(in_another_tab)
    assert "Own order" not in said(in_another_tab)


def test_who_comes_after_somebody_in_the_same_tab_is_asked_anew(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "++++", reader="Anna", role=Role.FIRST)
    test = page("reading", "review_page", person="Ben", slide=record.slide.id)
    test.button[0].click().run()
    assert "**4** accepted" in said(test)
    test.session_state["person"] = "Cleo"
    test.run()
    assert "do not look at the calls" in said(test)
    assert "accepted" not in said(test)


def test_a_first_reading_that_stands_open_shows_nobody_elses_calls_unasked(
    workplace: Workplace, record: SlideRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a flag, say, only the board and what stands beside it run again."""
    again = partial(reading._reading, record.slide.id, Role.FIRST, None)
    monkeypatch.setattr(reading, "board_alone", again, raising=False)
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    test = page("reading", "board_alone", person="Ben")
    assert "accepted" not in said(test)
    assert workplace.store.record(record.slide.id).looks == ()
    next(button for button in test.button if button.label == "Look anyway").click().run()
    assert "**1** accepted" in said(test)
    assert [look.person for look in workplace.store.record(record.slide.id).looks] == ["Ben"]


def test_calls_are_seen_by_who_has_made_them_who_may_no_more_be_second_and_who_has_chosen_to(
    workplace: Workplace, record: SlideRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.pages.unblinding.may", lambda _: True)
    record = read_all(workplace.store, record, "----", reader="Anna", role=Role.FIRST)
    assert [sees_calls(record, reader) for reader in ("Anna", "Ben", "Cleo")] == [True, False, False]
    workplace.store.people.note_looks({record.slide.id: record.readings[-1].id}, by="Ben")
    record = workplace.store.record(record.slide.id)
    assert [sees_calls(record, reader) for reader in ("BEN", "Cleo")] == [True, False]
    assert [has_looked(record, reader) for reader in ("Anna", "Ben", "Cleo")] == [False, True, False]
    sign(workplace.store, record.slide.id, by="Anna")
    signed = workplace.store.record(record.slide.id)
    assert sees_calls(signed, "Cleo")
