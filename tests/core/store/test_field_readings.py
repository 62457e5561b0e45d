"""Fields that were read whole: who may say so, what stands, and what is taken back."""

from pathlib import Path

import pytest

from core.review import sign
from core.store import Role, SlideRecord, Store, StoreError
from core.store.people import NotAllowedError
from tests.scored_slides import PARASITE, read_all, scored_slide


@pytest.fixture
def record(store: Store, tmp_path: Path) -> SlideRecord:
    return scored_slide(store, tmp_path / "slide")


def said(store: Store) -> list[tuple[str, str, str, bool]]:
    return [(one.field, one.reader, one.role, one.whole) for one in store.record(1).fields_read]


def entries(store: Store) -> list[tuple[str, str, dict[str, object]]]:
    return [
        (entry.who, entry.what, entry.detail) for entry in store.audit(1) if entry.what.startswith("field")
    ]


@pytest.mark.usefixtures("record")
def test_a_field_read_whole_is_on_record_and_taking_it_back_is_too(store: Store) -> None:
    store.field_readings.read(1, "field1.png", reader=" Anna ", role=Role.FIRST)
    store.field_readings.take_back(1, "field1.png", reader="ANNA", role=Role.FIRST)
    assert said(store) == [
        ("field1.png", "Anna", "first", True),
        ("field1.png", "ANNA", "first", False),
    ]
    assert entries(store) == [
        ("Anna", "field read", {"field": "field1.png", "role": "first"}),
        ("ANNA", "field reading undone", {"field": "field1.png", "role": "first"}),
    ]


@pytest.mark.usefixtures("record")
def test_what_is_said_twice_is_written_once_and_what_was_never_said_is_not_taken_back(store: Store) -> None:
    once = store.field_readings.read(1, "field1.png", reader="Anna", role=Role.FIRST)
    assert store.field_readings.read(1, "field1.png", reader="anna", role=Role.FIRST) == once
    store.field_readings.take_back(1, "field2.png", reader="Anna", role=Role.FIRST)
    store.field_readings.take_back(1, "field1.png", reader="Ben", role=Role.FIRST)
    assert said(store) == [("field1.png", "Anna", "first", True)]


@pytest.mark.usefixtures("record")
def test_a_field_is_read_by_one_person_in_each_role(store: Store) -> None:
    read = store.field_readings.read
    read(1, "field1.png", reader="Anna", role=Role.FIRST)
    with pytest.raises(StoreError, match="Anna has read this field already as first reader"):
        read(1, "field1.png", reader="Cleo", role=Role.FIRST)
    read(1, "field1.png", reader="Ben", role=Role.SECOND)
    store.field_readings.take_back(1, "field1.png", reader="Anna", role=Role.FIRST)
    read(1, "field1.png", reader="Cleo", role=Role.FIRST)
    assert len(said(store)) == 4


def test_nobody_reads_cells_as_one_and_fields_as_another(store: Store, record: SlideRecord) -> None:
    store.field_readings.read(1, "field1.png", reader="Anna", role=Role.FIRST)
    with pytest.raises(StoreError, match="Anna"):
        store.field_readings.read(1, "field2.png", reader="anna", role=Role.SECOND)
    with pytest.raises(StoreError, match="Anna"):
        store.read(1, record.candidates[0].id, PARASITE, reader="Anna", role=Role.SECOND)
    store.read(1, record.candidates[0].id, PARASITE, reader="Ben", role=Role.SECOND)
    with pytest.raises(StoreError, match="Ben"):
        store.field_readings.read(1, "field1.png", reader="Ben", role=Role.FIRST)
    now = store.record(1)
    assert [now.role_of(name) for name in ("ANNA", "Ben", "Cleo")] == [Role.FIRST, Role.SECOND, None]


def test_a_second_reader_who_has_looked_reads_no_field(store: Store, record: SlideRecord) -> None:
    read = read_all(store, record, "+...", reader="Anna", role=Role.FIRST)
    store.people.note_looks({1: read.readings[-1].id}, by="Ben")
    with pytest.raises(StoreError, match="Ben"):
        store.field_readings.read(1, "field1.png", reader="Ben", role=Role.SECOND)


@pytest.mark.usefixtures("record")
@pytest.mark.parametrize(
    ("field", "role", "named"),
    [
        ("field9.png", Role.FIRST, "'field9.png'"),
        ("blurred.png", Role.FIRST, "'blurred.png'"),
        ("field1.png", Role.ADJUDICATOR, "only the first and the second reader"),
    ],
)
def test_fields_that_are_not_there_and_adjudicators_are_refused(
    store: Store, field: str, role: Role, named: str
) -> None:
    with pytest.raises(StoreError, match=named):
        store.field_readings.read(1, field, reader="Anna", role=role)
    assert said(store) == []


def test_on_a_signed_slide_and_without_the_role_no_field_is_read(store: Store, record: SlideRecord) -> None:
    with pytest.raises(NotAllowedError):
        store.asking_roles().field_readings.read(1, "field1.png", reader="Nobody", role=Role.FIRST)
    read_all(store, record, "----", reader="Anna", role=Role.FIRST)
    sign(store, 1, by="Anna")
    for act in (store.field_readings.read, store.field_readings.take_back):
        with pytest.raises(StoreError, match="signed"):
            act(1, "field1.png", reader="Anna", role=Role.FIRST)
