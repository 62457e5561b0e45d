"""Who has looked at calls is no second reader of them, in whatever tab, on whatever machine."""

from pathlib import Path

import pytest

from core.store import Role, SlideRecord, Store, StoreError
from core.store.reading_writes import has_seen_too_much, seen_cells, unseen_reading
from tests.scored_slides import NOT_PARASITE, PARASITE, read_all, scored_slide


@pytest.fixture
def record(store: Store, tmp_path: Path) -> SlideRecord:
    """Of four candidates, two read by Anna."""
    return read_all(store, scored_slide(store, tmp_path / "slide"), "+-..", reader="Anna", role=Role.FIRST)


def look(store: Store, slide_id: int, who: str) -> SlideRecord:
    store.people.note_looks({slide_id: store.record(slide_id).readings[-1].id}, by=who)
    return store.record(slide_id)


def too_much(record: SlideRecord, who: str) -> bool:
    return has_seen_too_much(record.readings, record.looks, who)


def test_who_has_looked_is_refused_every_second_reading_with_the_reason(
    store: Store, record: SlideRecord
) -> None:
    after = look(store, record.slide.id, "Ben")
    assert seen_cells(after.readings, after.looks, "ben") == {one.id for one in record.candidates[:2]}
    for candidate in record.candidates:
        with pytest.raises(StoreError, match="Ben has looked at what others called on this slide"):
            store.read(record.slide.id, candidate.id, PARASITE, reader="Ben", role=Role.SECOND)
    with pytest.raises(StoreError, match="has looked"):
        store.mark(record.slide.id, "field1.png", (1, 1, 9, 9), PARASITE, reader="BEN", role=Role.SECOND)
    assert store.record(record.slide.id) == after


def test_it_keeps_nobody_else_and_no_other_role_from_reading(store: Store, record: SlideRecord) -> None:
    look(store, record.slide.id, "Ben")
    cell = record.candidates[0].id
    store.read(record.slide.id, cell, NOT_PARASITE, reader="Cleo", role=Role.SECOND)
    store.read(record.slide.id, cell, PARASITE, reader="Ben", role=Role.ADJUDICATOR)


def test_a_second_reader_who_looks_when_all_is_read_changes_none_of_it_but_may_read_what_is_new(
    store: Store, record: SlideRecord
) -> None:
    slide, cells = record.slide.id, record.candidates
    read_all(store, record, "++..", reader="Ben", role=Role.SECOND)
    after = look(store, slide, "Ben")
    assert not too_much(after, "Ben")
    with pytest.raises(StoreError, match="has looked"):
        store.read(slide, cells[1].id, NOT_PARASITE, reader="Ben", role=Role.SECOND)
    # What stands already, sent once more after a kill, is no change.
    store.read(slide, cells[1].id, PARASITE, reader="Ben", role=Role.SECOND)
    store.read(slide, cells[2].id, PARASITE, reader="Anna", role=Role.FIRST)
    store.read(slide, cells[2].id, NOT_PARASITE, reader="Ben", role=Role.SECOND)


def test_a_call_that_was_seen_and_then_taken_back_stays_seen(store: Store, record: SlideRecord) -> None:
    look(store, record.slide.id, "Ben")
    store.undo(record.slide.id, reader="Anna")
    store.undo(record.slide.id, reader="Anna")
    with pytest.raises(StoreError, match="has looked"):
        store.read(record.slide.id, record.candidates[0].id, PARASITE, reader="Ben", role=Role.SECOND)
    # On what nobody's call stands, nothing is given away.
    store.read(record.slide.id, record.candidates[3].id, PARASITE, reader="Ben", role=Role.SECOND)


def test_one_look_is_one_line_until_there_is_more_to_see(store: Store, record: SlideRecord) -> None:
    slide = record.slide.id
    assert unseen_reading(record.readings, record.looks, "Ben") == record.readings[-1].id
    look(store, slide, "Ben")
    after = look(store, slide, "ben")
    assert [one.person for one in after.looks] == ["Ben"]
    assert unseen_reading(after.readings, after.looks, "Ben") is None
    store.read(slide, record.candidates[2].id, PARASITE, reader="Anna", role=Role.FIRST)
    after = look(store, slide, "Ben")
    assert [one.person for one in after.looks] == ["Ben", "Ben"]
    lines = [one for one in store.audit(slide) if one.what == "looked at calls"]
    assert [(one.who, one.detail["reading"]) for one in lines] == [
        ("Ben", look.last_reading_id) for look in after.looks
    ]


def test_own_readings_and_a_first_readers_looks_matter_to_nothing(store: Store, record: SlideRecord) -> None:
    assert unseen_reading(record.readings, record.looks, "Anna") is None
    read_all(store, record, "++..", reader="Ben", role=Role.SECOND)
    assert unseen_reading(store.record(record.slide.id).readings, (), "Anna") is None


def test_what_is_not_there_cannot_be_looked_at(store: Store, record: SlideRecord) -> None:
    with pytest.raises(StoreError, match="has no reading 99"):
        store.people.note_looks({record.slide.id: 99}, by="Ben")
    with pytest.raises(StoreError, match="there is no slide 7"):
        store.people.note_looks({7: 1}, by="Ben")
