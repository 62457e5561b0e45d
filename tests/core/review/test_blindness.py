"""Who may see the calls on a slide: nobody who may still be its second reader."""

from pathlib import Path

import pytest

from core.review import sign
from core.review.blindness import must_stay_blind, unseen_readings, would_give_away
from core.store import Role, SlideRecord, Store
from tests.scored_slides import read_all, scored_slide


@pytest.fixture
def record(store: Store, tmp_path: Path) -> SlideRecord:
    return scored_slide(store, tmp_path / "slide")


def after(store: Store, record: SlideRecord, *readings: tuple[str, str, Role]) -> SlideRecord:
    for signs, reader, role in readings:
        record = read_all(store, record, signs, reader=reader, role=role)
    return record


def test_a_slide_that_nobody_has_read_gives_nothing_away(record: SlideRecord) -> None:
    assert not must_stay_blind(record, "Ben")


@pytest.mark.parametrize(("reader", "blind"), [("Ben", True), ("Anna", False), ("ANNA", False)])
def test_once_somebody_has_begun_all_others_stay_blind(
    store: Store, record: SlideRecord, reader: str, blind: bool
) -> None:
    assert must_stay_blind(after(store, record, ("+...", "Anna", Role.FIRST)), reader) is blind


def test_the_second_reader_stays_blind_until_all_is_read(store: Store, record: SlideRecord) -> None:
    half = after(store, record, ("+-+-", "Anna", Role.FIRST), ("--..", "Ben", Role.SECOND))
    assert must_stay_blind(half, "Ben")
    whole = after(store, half, ("..--", "Ben", Role.SECOND))
    assert not must_stay_blind(whole, "Ben")
    assert not must_stay_blind(whole, "Cleo")


def test_what_is_signed_may_be_seen_by_all(store: Store, record: SlideRecord) -> None:
    after(store, record, ("----", "Anna", Role.FIRST))
    sign(store, record.slide.id, by="Anna")
    assert not must_stay_blind(store.record(record.slide.id), "Ben")


def test_who_has_looked_has_nothing_left_to_lose_and_is_put_on_record_once(
    store: Store, record: SlideRecord
) -> None:
    begun = after(store, record, ("+...", "Anna", Role.FIRST))
    assert would_give_away(begun, "Ben")
    assert unseen_readings([begun], "Ben") == {record.slide.id: begun.readings[-1].id}
    assert unseen_readings([begun], "Anna") == {}
    store.people.note_looks(unseen_readings([begun], "Ben"), by="Ben")
    seen = store.record(record.slide.id)
    assert not would_give_away(seen, "Ben")
    assert unseen_readings([seen], "Ben") == {}
