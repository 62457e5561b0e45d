"""What is kept of a slide's plan: for each slide apart, and what is asked for once is given once."""

from types import SimpleNamespace

import pytest
import streamlit as st

from app.plan.plan_session import PlanSession


@pytest.fixture(autouse=True)
def tab(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What the framework keeps of one tab."""
    kept: dict[str, object] = {}
    monkeypatch.setattr(st, "session_state", kept)
    return kept


def test_each_slide_has_a_plan_of_its_own_on_which_nothing_is_chosen_at_first() -> None:
    plan = PlanSession.of(1)
    assert plan.chosen is None
    plan.chosen = ("field1.png", (0, 0, 40, 40))
    assert PlanSession.of(1) is plan
    assert PlanSession.of(2).chosen is None


def test_what_the_plan_says_stands_under_its_name_on_the_page(tab: dict[str, object]) -> None:
    plan = PlanSession.of(1)
    said = SimpleNamespace(chosen={"field": 0, "box": [0, 0, 40, 40]})
    tab[plan.key] = said
    assert plan.sent is said


def test_the_gallery_is_asked_for_once() -> None:
    plan = PlanSession.of(1)
    plan.ask_gallery()
    assert plan.take_to_gallery()
    assert not plan.take_to_gallery()
