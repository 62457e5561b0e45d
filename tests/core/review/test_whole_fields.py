"""Fields that were read whole: what holds of them, and the parasites that are counted on them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.review import tally_of
from core.review.whole_fields import read_whole
from core.store import Call, Opinion, ReadField, Role, SlideRecord, Stage, Store
from core.tally import FieldReading
from tests.scored_slides import (
    NOT_PARASITE,
    PARASITE,
    box_of,
    read_all,
    scored_slide,
    take_in,
    write_images,
    write_score,
)

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
READERS = (("Anna", Role.FIRST), ("Ben", Role.SECOND))


def looked_through(store: Store) -> tuple[FieldReading, ...]:
    readings = tally_of(store.record(1)).evidence.readings
    assert readings is not None
    return readings.fields_looked_through


def read_fields(store: Store, *fields: str) -> None:
    for field in fields:
        for reader, role in READERS:
            store.field_readings.read(1, field, reader=reader, role=role)


def mark(store: Store, field: str, position: int, opinion: Opinion = PARASITE) -> None:
    for reader, role in READERS:
        store.mark(1, field, box_of(position), opinion, reader=reader, role=role)


@pytest.fixture
def record(store: Store, tmp_path: Path) -> SlideRecord:
    """Three fields of ten cells; the first two cells of the first field and one of the others are listed."""
    return scored_slide(store, tmp_path, listed=4, fields=3)


def test_what_was_said_last_of_a_field_in_a_role_holds() -> None:
    def said(number: int, field: str, reader: str, role: Role, *, whole: bool = True) -> ReadField:
        return ReadField(number, 1, field, reader, role, whole, NOON)

    anna, back = said(1, "a", "Anna", Role.FIRST), said(3, "a", "Anna", Role.FIRST, whole=False)
    ben, cleo = said(2, "a", "Ben", Role.SECOND), said(4, "a", "Cleo", Role.FIRST)
    assert read_whole([anna, ben]) == {Role.FIRST: {"a": anna}, Role.SECOND: {"a": ben}}
    assert read_whole([anna, ben, back])[Role.FIRST] == {}
    assert read_whole([anna, ben, back, cleo])[Role.FIRST] == {"a": cleo}


def test_only_fields_that_both_have_read_whole_are_looked_through(store: Store, record: SlideRecord) -> None:
    read_all(store, record, "+-..", reader="Anna", role=Role.FIRST)
    store.field_readings.read(1, "field1.png", reader="Anna", role=Role.FIRST)
    store.field_readings.read(1, "field2.png", reader="Ben", role=Role.SECOND)
    assert looked_through(store) == ()
    store.field_readings.read(1, "field1.png", reader="Ben", role=Role.SECOND)
    # Only Anna has accepted the parasite on it so far: it may be one.
    assert looked_through(store) == ()
    store.read(1, record.candidates[0].id, PARASITE, reader="Ben", role=Role.SECOND)
    assert looked_through(store) == (FieldReading(10, 1),)
    store.field_readings.take_back(1, "field1.png", reader="Ben", role=Role.SECOND)
    assert looked_through(store) == ()


def test_as_long_as_readers_differ_on_a_cell_its_field_and_the_others_give_no_density(
    store: Store, record: SlideRecord
) -> None:
    """To leave out that field alone would favour fields without parasites."""
    read_all(store, record, "++..", reader="Anna", role=Role.FIRST)
    read_all(store, record, "+-..", reader="Ben", role=Role.SECOND)
    disputed = record.candidates[1]
    others = [row for row in ("field1.png", "field2.png", "field3.png") if row != disputed.field]
    read_fields(store, *others)
    assert len(looked_through(store)) == 2
    read_fields(store, disputed.field)
    assert looked_through(store) == ()
    store.read(1, disputed.id, NOT_PARASITE, reader="Cleo", role=Role.ADJUDICATOR)
    assert len(looked_through(store)) == 3


def test_a_counted_cell_counts_however_it_came_before_readers_and_gametocytes_never_do(
    store: Store, record: SlideRecord
) -> None:
    read_all(store, record, "+...", reader="Anna", role=Role.FIRST)
    read_all(store, record, "+...", reader="Ben", role=Role.SECOND)
    read_fields(store, "field1.png", "field3.png")
    mark(store, "field1.png", 9)  # counted, and far down the list
    mark(store, "field1.png", 8, Opinion(Call.PARASITE, stage=Stage.GAMETOCYTE))
    mark(store, "field2.png", 9)  # on a field that was not read whole
    assert looked_through(store) == (FieldReading(10, 2), FieldReading(10, 0))


def test_parasites_outside_the_count_stay_out_as_they_do_of_the_list(
    store: Store, record: SlideRecord
) -> None:
    read_fields(store, "field1.png")
    (cut,) = store.offer_ranked(1, [31], by="Anna")  # by the edge of the first field
    assert (cut.field, cut.evaluable) == ("field1.png", False)
    for reader, role in READERS:
        store.mark(1, "field1.png", (200, 20, 30, 30), PARASITE, reader=reader, role=role)  # no cell located
        store.read(1, cut.id, PARASITE, reader=reader, role=role)
    assert looked_through(store) == (FieldReading(10, 0),)
    assert tally_of(store.record(record.slide.id)).verdict.whole_fields is not None


def test_a_field_that_a_new_result_leaves_out_counts_no_more(store: Store, tmp_path: Path) -> None:
    cells = {"a.png": 10, "b.png": 10}
    write_score(tmp_path / "one", cells, [("a.png", 0, 0.9)])
    case = store.add_case("patient 7", by="Anna")
    slide = store.add_slide(case.id, "slide 7", write_images(tmp_path / "images", cells), by="Anna")
    record = take_in(store, slide.id, tmp_path / "one")
    read_all(store, record, "-", reader="Anna", role=Role.FIRST)
    read_fields(store, "a.png", "b.png")
    assert looked_through(store) == (FieldReading(10, 0), FieldReading(10, 0))
    write_score(tmp_path / "two", {"a.png": 10}, [("a.png", 0, 0.9)])
    store.take_in_result(slide.id, tmp_path / "two", by="Anna")
    assert looked_through(store) == (FieldReading(10, 0),)
