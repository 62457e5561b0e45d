"""Readings: who may read what, what stands, and what is taken back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.review import standing
from core.store import Call, Opinion, Role, SlideRecord, Species, Stage, Store, StoreError
from tests.scored_slides import NOT_PARASITE, PARASITE, UNSURE, read_all, scored_slide, take_in


@pytest.fixture
def record(store: Store, tmp_path: Path) -> SlideRecord:
    return scored_slide(store, tmp_path / "slide")


def opinions(record: SlideRecord) -> dict[tuple[int, str], Opinion]:
    """What stands, by candidate and role."""
    return {
        (candidate, role): reading.opinion
        for candidate, readings in standing(record.readings).items()
        for role, reading in readings.items()
    }


def test_a_reading_is_there_with_reader_role_and_time_for_whoever_opens_the_store_next(
    store: Store, record: SlideRecord, tmp_path: Path
) -> None:
    ring = Opinion(Call.PARASITE, stage=Stage.RING, species=Species.FALCIPARUM)
    written = store.read(
        record.slide.id, record.candidates[0].id, ring, reader=" Anna  Roy ", role=Role.FIRST
    )
    other = Store.in_folder(tmp_path / "data")
    (read,) = other.record(record.slide.id).readings
    other.close()
    assert read == written
    assert (read.reader, read.role, read.opinion, read.undone_by) == ("Anna Roy", Role.FIRST, ring, None)
    assert read.at.tzinfo is not None


def test_another_call_of_the_same_reader_takes_the_place_of_the_first_which_stays_on_record(
    store: Store, record: SlideRecord
) -> None:
    slide, cell = record.slide.id, record.candidates[0].id
    store.read(slide, cell, PARASITE, reader="Anna", role=Role.FIRST)
    store.read(slide, cell, NOT_PARASITE, reader="Anna", role=Role.FIRST)
    after = store.record(slide)
    assert [reading.opinion for reading in after.readings] == [PARASITE, NOT_PARASITE]
    assert opinions(after) == {(cell, Role.FIRST): NOT_PARASITE}


def test_the_same_call_sent_twice_is_written_once(store: Store, record: SlideRecord) -> None:
    slide, cell = record.slide.id, record.candidates[0].id
    first = store.read(slide, cell, PARASITE, reader="Anna", role=Role.FIRST)
    assert store.read(slide, cell, PARASITE, reader="anna", role=Role.FIRST) == first
    assert len(store.record(slide).readings) == 1


def test_undoing_brings_back_the_call_before_and_then_none(store: Store, record: SlideRecord) -> None:
    slide, cell = record.slide.id, record.candidates[0].id
    store.read(slide, cell, UNSURE, reader="Anna", role=Role.FIRST)
    store.read(slide, cell, PARASITE, reader="Anna", role=Role.FIRST)
    undone = store.undo(slide, reader="Anna")
    assert undone is not None
    assert undone.opinion == PARASITE
    assert undone == store.record(slide).readings[1]
    assert opinions(store.record(slide)) == {(cell, Role.FIRST): UNSURE}
    store.undo(slide, reader="Anna")
    assert opinions(store.record(slide)) == {}
    assert store.undo(slide, reader="Anna") is None
    assert len(store.record(slide).readings) == 2


def test_undoing_touches_nobody_else_and_no_other_slide(
    store: Store, record: SlideRecord, tmp_path: Path
) -> None:
    other = scored_slide(store, tmp_path / "other")
    store.read(other.slide.id, other.candidates[0].id, PARASITE, reader="Anna", role=Role.FIRST)
    store.read(record.slide.id, record.candidates[0].id, PARASITE, reader="Ben", role=Role.FIRST)
    assert store.undo(record.slide.id, reader="Anna") is None
    assert len(opinions(store.record(record.slide.id))) == 1
    assert len(opinions(store.record(other.slide.id))) == 1


@pytest.mark.parametrize("again", ["Anna", "anna", "  ANNA "])
def test_nobody_is_their_own_second_reader_or_adjudicator(
    store: Store, record: SlideRecord, again: str
) -> None:
    slide, (first, second, *_) = record.slide.id, record.candidates
    store.read(slide, first.id, PARASITE, reader="Anna", role=Role.FIRST)
    for role in (Role.SECOND, Role.ADJUDICATOR):
        with pytest.raises(StoreError, match=r"Anna has read cells of this slide as first reader"):
            store.read(slide, second.id, PARASITE, reader=again, role=role)
    store.undo(slide, reader="Anna")
    with pytest.raises(StoreError, match="must be another person"):
        store.read(slide, second.id, PARASITE, reader=again, role=Role.SECOND)


def test_a_cell_has_one_reader_in_each_role_until_that_reading_is_taken_back(
    store: Store, record: SlideRecord
) -> None:
    slide, cell = record.slide.id, record.candidates[0].id
    store.read(slide, cell, PARASITE, reader="Anna", role=Role.FIRST)
    with pytest.raises(StoreError, match="Anna has already read this cell as first reader"):
        store.read(slide, cell, PARASITE, reader="Ben", role=Role.FIRST)
    store.read(slide, cell, NOT_PARASITE, reader="Cleo", role=Role.SECOND)
    store.undo(slide, reader="Anna")
    store.read(slide, cell, UNSURE, reader="Ben", role=Role.FIRST)
    expected = {(cell, Role.FIRST): UNSURE, (cell, Role.SECOND): NOT_PARASITE}
    assert opinions(store.record(slide)) == expected


def test_a_cell_of_another_slide_is_refused(store: Store, record: SlideRecord, tmp_path: Path) -> None:
    other = scored_slide(store, tmp_path / "other")
    with pytest.raises(StoreError, match="has no candidate"):
        store.read(record.slide.id, other.candidates[0].id, PARASITE, reader="Anna", role=Role.FIRST)


def test_who_has_no_name_cannot_read(store: Store, record: SlideRecord) -> None:
    with pytest.raises(StoreError, match="say who you are"):
        store.read(record.slide.id, record.candidates[0].id, PARASITE, reader=" \n", role=Role.FIRST)


def test_every_reading_and_undoing_leaves_its_line_in_the_audit_trail(
    store: Store, record: SlideRecord
) -> None:
    read_all(store, record, "+-?.", reader="Anna", role=Role.FIRST)
    store.undo(record.slide.id, reader="Anna")
    trail = [(entry.who, entry.what) for entry in store.audit(record.slide.id)]
    assert trail[-4:] == [("Anna", "read"), ("Anna", "read"), ("Anna", "read"), ("Anna", "undone")]
    assert store.audit(record.slide.id)[-4].detail["call"] == "parasite"


ACTIONS = st.lists(
    st.one_of(
        st.tuples(
            st.just("read"),
            st.sampled_from(["Anna", "Ben", "Cleo"]),
            st.sampled_from(list(Role)),
            st.integers(0, 3),
            st.sampled_from([PARASITE, NOT_PARASITE, UNSURE]),
        ),
        st.tuples(st.just("undo"), st.sampled_from(["Anna", "Ben", "Cleo"])),
    ),
    max_size=25,
)


class Model:
    """The rules of reading in their shortest form: a list of readings, from which undoing takes."""

    def __init__(self) -> None:
        self.stack: list[tuple[str, Role, int, Opinion]] = []
        self.roles: dict[str, Role] = {}

    def on_top(self, role: Role, cell: int) -> tuple[str, Opinion] | None:
        found = [entry for entry in self.stack if entry[1:3] == (role, cell)]
        return (found[-1][0], found[-1][3]) if found else None

    def read(self, reader: str, role: Role, cell: int, opinion: Opinion) -> bool:
        """Whether it is allowed."""
        top = self.on_top(role, cell)
        if self.roles.get(reader, role) != role or (top and top[0] != reader):
            return False
        self.roles[reader] = role
        if top != (reader, opinion):
            self.stack.append((reader, role, cell, opinion))
        return True

    def undo(self, reader: str) -> None:
        for place in reversed(range(len(self.stack))):
            if self.stack[place][0] == reader:
                del self.stack[place]
                return

    def stands(self) -> dict[tuple[int, Role], Opinion]:
        return {(cell, role): opinion for _, role, cell, opinion in self.stack}


@pytest.fixture(scope="module")
def one_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, SlideRecord]]:
    folder = tmp_path_factory.mktemp("readings")
    opened = Store.in_folder(folder / "data")
    yield opened, scored_slide(opened, folder / "slide")
    opened.close()


@given(actions=ACTIONS)
@settings(max_examples=30)
def test_any_sequence_of_readings_and_undoings_ends_where_replaying_it_by_the_rules_does(
    one_store: tuple[Store, SlideRecord], actions: list[tuple[Any, ...]]
) -> None:
    store, example = one_store
    assert example.taken_in is not None
    images = Path(f"images of {len(store.slides())}")
    slide = store.add_slide(example.case.id, "slide", images, by="Anna").id
    record, model = take_in(store, slide, example.taken_in.folder), Model()
    written = 0
    for kind, reader, *what in actions:
        if kind == "undo":
            model.undo(reader)
            store.undo(slide, reader=reader)
            continue
        role, position, opinion = what
        before = len(model.stack)
        if model.read(reader, role, position, opinion):
            store.read(slide, record.candidates[position].id, opinion, reader=reader, role=role)
            written += len(model.stack) - before
        else:
            with pytest.raises(StoreError):
                store.read(slide, record.candidates[position].id, opinion, reader=reader, role=role)
    after = store.record(slide)
    expected = {
        (record.candidates[cell].id, role): opinion for (cell, role), opinion in model.stands().items()
    }
    assert opinions(after) == expected
    assert len(after.readings) == written
