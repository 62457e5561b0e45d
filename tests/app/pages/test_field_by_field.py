"""Reading field by field: whose fields are shown as read, who may say so, and that each word is kept once."""

from types import SimpleNamespace
from typing import Any

import pytest

from app.pages import field_by_field
from app.plan.plan_session import PlanSession
from app.plan.slide_plan import ByField
from app.workplace import Workplace
from core.review import sign
from core.store import Role, SlideRecord
from tests.scored_slides import read_all


class Plan(PlanSession):
    """As the browser's plan has it, with what it says."""

    words: tuple[dict[str, Any], ...] = ()

    @property
    def sent(self) -> Any:  # noqa: ANN401 - as of the framework
        return SimpleNamespace(fields=list(self.words))


@pytest.fixture
def plan(record: SlideRecord, workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setattr(field_by_field, "here", lambda: workplace)
    monkeypatch.setattr(field_by_field, "may", lambda _: True)
    return Plan(record.slide.id)


def word(number: int, field: int, *, whole: bool = True) -> dict[str, Any]:
    return {"number": number, "field": field, "whole": whole}


def said(workplace: Workplace) -> list[tuple[str, str, str, bool]]:
    return [(one.field, one.reader, one.role, one.whole) for one in workplace.store.record(1).fields_read]


def test_each_word_is_written_once_and_in_order_however_often_it_is_sent(
    workplace: Workplace, plan: Plan
) -> None:
    plan.words = (word(1, 0), word(2, 1))
    field_by_field.keep_fields(plan, "Anna")
    plan.words = (word(1, 0), word(2, 1), word(3, 0, whole=False))
    field_by_field.keep_fields(plan, "Anna")
    assert said(workplace) == [
        ("field1.png", "Anna", "first", True),
        ("field2.png", "Anna", "first", True),
        ("field1.png", "Anna", "first", False),
    ]
    assert plan.fields_answered == 3
    shown = field_by_field.by_field(workplace.store.record(1), plan, "Anna", blind=False)
    assert shown == ByField(frozenset({"field2.png"}), may=True, answered=3)


def test_what_is_refused_is_said_and_not_tried_again(
    workplace: Workplace, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace.store.field_readings.read(1, "field1.png", reader="Anna", role=Role.FIRST)
    toasts: list[str] = []
    monkeypatch.setattr("streamlit.toast", lambda text, **_: toasts.append(text))
    monkeypatch.setattr(field_by_field, "reads_on_as", lambda *_: Role.FIRST)
    plan.words = (word(1, 0), word(2, 1))
    field_by_field.keep_fields(plan, "Cleo")
    assert said(workplace)[1:] == [("field2.png", "Cleo", "first", True)]
    assert len(toasts) == 1
    assert "Anna has read this field already" in toasts[0]
    assert plan.fields_answered == 2


def test_a_blind_second_reader_sees_no_field_but_their_own(workplace: Workplace, plan: Plan) -> None:
    store = workplace.store
    store.field_readings.read(1, "field1.png", reader="Anna", role=Role.FIRST)
    store.field_readings.read(1, "field1.png", reader="Ben", role=Role.SECOND)
    record = store.record(1)
    assert field_by_field.by_field(record, plan, "Anna", blind=False).read == {"field1.png"}
    assert field_by_field.by_field(record, plan, "Ben", blind=True).read == {"field1.png"}
    # Another second reader: knows that the field needs none, once they see what others do.
    assert field_by_field.by_field(record, plan, "Cleo", blind=True).read == set()
    assert field_by_field.by_field(record, plan, "Cleo", blind=False).read == {"field1.png"}


def test_who_may_say_that_fields_are_read(
    workplace: Workplace, record: SlideRecord, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def may_say(reader: str) -> bool:
        return field_by_field.by_field(workplace.store.record(1), plan, reader, blind=True).may

    record = read_all(workplace.store, record, "+---", reader="Anna", role=Role.FIRST)
    assert (may_say("Anna"), may_say("Ben")) == (True, True)
    workplace.store.people.note_looks({1: record.readings[-1].id}, by="Ben")
    assert may_say("Ben") is False
    read_all(workplace.store, record, "----", reader="Cleo", role=Role.SECOND)
    read_all(workplace.store, record, "-...", reader="Dora", role=Role.ADJUDICATOR)
    assert (may_say("Cleo"), may_say("Dora")) == (True, False)
    monkeypatch.setattr(field_by_field, "may", lambda _: False)
    assert may_say("Anna") is False
    monkeypatch.setattr(field_by_field, "may", lambda _: True)
    sign(workplace.store, 1, by="Anna")
    assert may_say("Anna") is False
