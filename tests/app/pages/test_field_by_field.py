"""Reading field by field: whose fields are shown as read, and who may say so of others."""

import pytest

from app.pages import field_by_field
from app.web.addresses import Writing, writing_of
from app.workplace import Workplace
from core.review import sign
from core.store import Role, SlideRecord
from tests.scored_slides import read_all


@pytest.fixture(autouse=True)
def here(workplace: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field_by_field, "here", lambda: workplace)
    monkeypatch.setattr(field_by_field, "may", lambda _: True)


def address(workplace: Workplace, reader: str) -> str:
    return field_by_field.by_field(workplace.store.record(1), reader, "fr", blind=True).address


@pytest.mark.usefixtures("record")
def test_a_blind_second_reader_sees_no_field_but_their_own(workplace: Workplace) -> None:
    store = workplace.store
    store.field_readings.read(1, "field1.png", reader="Anna", role=Role.FIRST)
    store.field_readings.read(1, "field1.png", reader="Ben", role=Role.SECOND)
    record = store.record(1)

    def read(reader: str, *, blind: bool) -> frozenset[str]:
        return field_by_field.by_field(record, reader, "en", blind=blind).read

    assert read("Anna", blind=False) == {"field1.png"}
    assert read("Ben", blind=True) == {"field1.png"}
    # Of another second reader's fields only who sees all calls is told.
    assert read("Cleo", blind=True) == set()
    assert read("Cleo", blind=False) == {"field1.png"}


def test_who_may_say_that_fields_are_read(
    workplace: Workplace, record: SlideRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = read_all(workplace.store, record, "+---", reader="Anna", role=Role.FIRST)
    sent_to = address(workplace, "Anna")
    assert sent_to.startswith("/fields/")
    token = sent_to.removeprefix("/fields/")
    assert writing_of(workplace.secret, token) == Writing(1, Role.FIRST, "Anna", "fr")
    assert address(workplace, "Ben")
    workplace.store.people.note_looks({1: record.readings[-1].id}, by="Ben")
    assert address(workplace, "Ben") == ""
    read_all(workplace.store, record, "----", reader="Cleo", role=Role.SECOND)
    read_all(workplace.store, record, "-...", reader="Dora", role=Role.ADJUDICATOR)
    assert address(workplace, "Cleo")
    assert address(workplace, "Dora") == ""
    monkeypatch.setattr(field_by_field, "may", lambda _: False)
    assert address(workplace, "Anna") == ""
    monkeypatch.setattr(field_by_field, "may", lambda _: True)
    sign(workplace.store, 1, by="Anna")
    assert address(workplace, "Anna") == ""


@pytest.mark.usefixtures("record")
def test_what_could_not_be_sent_is_kept_apart_for_each_person(workplace: Workplace) -> None:
    record = workplace.store.record(1)

    def kept(reader: str) -> str:
        return field_by_field.by_field(record, reader, "en", blind=True).keep

    assert kept("Anna") == kept("anna") != kept("Ben")
