"""A slide's record brought up to date: equal to one read anew, whichever process wrote, and read in small."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from core.store import Role, SlideRecord, Store, StoreError
from tests.scored_slides import NOT_PARASITE, PARASITE, UNSURE, box_of, scored_slide, take_in, write_score


def anew(folder: Path, slide: int) -> SlideRecord:
    """The record as a process that has just begun reads it."""
    other = Store.in_folder(folder)
    try:
        return other.record(slide)
    finally:
        other.close()


@pytest.fixture(scope="module")
def two_stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[list[Store], Path]]:
    """One database opened twice, as by two processes, and the folder that it and a slide's result lie in."""
    folder = tmp_path_factory.mktemp("overview")
    stores = [Store.in_folder(folder / "data") for _ in range(2)]
    scored_slide(stores[0], folder / "slide")
    yield stores, folder
    for store in stores:
        store.close()


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["read", "undo", "look", "sample", "flag", "mark"]),
            st.integers(0, 3),
            st.integers(0, 1),
        ),
        max_size=12,
    )
)
def test_after_any_writes_by_two_processes_it_is_as_read_anew(
    two_stores: tuple[list[Store], Path], writes: list[tuple[str, int, int]]
) -> None:
    stores, folder = two_stores
    images = Path(f"images of {len(stores[0].slides())}")
    slide = stores[0].add_slide(1, "slide", images, by="Anna").id
    record = take_in(stores[0], slide, folder / "slide" / "result")
    for number, (what, cell, process) in enumerate(writes):
        store = stores[process]
        if what == "read":
            opinion = (PARASITE, NOT_PARASITE, UNSURE)[number % 3]
            store.read(slide, record.candidates[cell].id, opinion, reader="Anna", role=Role.FIRST)
        elif what == "undo":
            store.undo(slide, reader="Anna")
        elif what == "sample":
            store.draw_sample(slide, 1, by="Anna")
        elif what == "flag":
            store.flag_field(slide, "field1.png", by="Anna")
        elif what == "mark":
            store.mark(slide, "field2.png", box_of(4 + cell), PARASITE, reader="Anna", role=Role.FIRST)
        else:
            store.record(slide)
    expected = anew(folder / "data", slide)
    assert [store.record(slide) for store in stores] == [expected, expected]
    assert stores[0].records()[-1] == expected


def test_a_cell_called_no_more_comes_back_before_readers_as_it_is_read(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path / "slide", listed=2)
    slide, gone = record.slide.id, record.candidates[1]
    write_score(
        tmp_path / "slide" / "result", {"field1.png": 10, "field2.png": 10}, [("field1.png", 0, 0.99)]
    )
    store.take_in_result(slide, tmp_path / "slide" / "result", by="Anna")
    assert gone.id not in [one.id for one in store.record(slide).candidates]
    other = Store.in_folder(tmp_path / "data")
    other.mark(slide, gone.field, gone.box, PARASITE, reader="Anna", role=Role.FIRST)
    other.close()
    assert gone.id in [one.id for one in store.record(slide).candidates]
    assert store.record(slide) == anew(tmp_path / "data", slide)


def test_an_erased_patient_is_gone_from_what_was_kept(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path / "slide")
    other = Store.in_folder(tmp_path / "data")
    other.erase_patient(record.case.id, by="Anna")
    other.close()
    assert store.record(record.slide.id).case.patient is None


def test_a_slide_that_is_not_there_is_refused_each_time(store: Store) -> None:
    for _ in range(2):
        with pytest.raises(StoreError, match="no slide 7"):
            store.record(7)


@pytest.mark.parametrize("listed", [4, 60])
def test_a_decision_reads_as_many_rows_on_a_large_slide_as_on_a_small_one(
    store: Store, tmp_path: Path, listed: int
) -> None:
    record = scored_slide(store, tmp_path / "slide", listed=listed, fields=8)
    slide = record.slide.id
    for candidate in record.candidates[1:]:
        store.read(slide, candidate.id, NOT_PARASITE, reader="Anna", role=Role.FIRST)
    store.record(slide)
    asked: list[str] = []
    engine = store._database._engine
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    store.read(slide, record.candidates[0].id, PARASITE, reader="Anna", role=Role.FIRST)
    written = len(asked)
    assert len(store.record(slide).readings) == listed
    # One look at the patient, one at the entries since the last, one at the readings that they name.
    assert len([statement for statement in asked[written:] if statement.startswith("SELECT")]) == 3
    assert not any("candidates.x" in statement for statement in asked[written:])


def test_a_cells_readings_are_found_by_its_number_and_not_by_looking_through_all(store: Store) -> None:
    with store._database.reading() as connection:
        plan = connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT * FROM readings WHERE candidate_id = 1 AND role = 'first'"
        ).all()
    assert "ix_readings_candidate_id" in str(plan)
