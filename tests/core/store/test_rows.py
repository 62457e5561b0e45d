"""From rows to records: of several slides each keeps its own, in the order that readers see."""

from pathlib import Path

import pytest

from core.store import CandidateKind, Role, Store, StoreError
from core.store.rows import audit_of, case_of, latest_results, readings_of, records_of, slide_of, slides_of
from tests.scored_slides import NOT_PARASITE, PARASITE, box_of, scored_slide, take_in, write_score


def test_all_slides_read_at_once_are_each_as_read_alone(store: Store, tmp_path: Path) -> None:
    first, second = (scored_slide(store, tmp_path / name, listed=2) for name in ("first", "second"))
    queued = store.add_slide(first.case.id, "queued", Path("images"), by="Anna")
    for record, reader in ((first, "Anna"), (second, "Ben")):
        for cell in record.candidates:
            store.read(record.slide.id, cell.id, PARASITE, reader=reader, role=Role.FIRST)
    store.undo(second.slide.id, reader="Ben")
    store.flag_field(second.slide.id, "field1.png", by="Ben")
    store.people.note_looks({first.slide.id: 2}, by="Cleo")
    store.settings.change(first.slide.id, red_cells_per_ul=4.2e6, review_budget=None, by="Anna")
    numbers = [first.slide.id, second.slide.id, queued.id]
    with store._database.reading() as connection:
        records = records_of(connection)
        assert records == tuple(records_of(connection, [number])[0] for number in numbers)
        assert tuple(record.slide for record in records) == slides_of(connection)
        assert {number: readings_of(connection, None).get(number, ()) for number in numbers} == {
            record.slide.id: record.readings for record in records
        }
        assert latest_results(connection, None).keys() == {first.slide.id, second.slide.id}
    assert [[reading.reader for reading in record.readings] for record in records] == [
        ["Anna", "Anna"],
        ["Ben", "Ben"],
        [],
    ]
    assert [record.readings[-1].undone_by for record in records[:2]] == [None, 1]
    assert [len(record.flags) for record in records] == [0, 1, 0]
    assert [len(record.looks) for record in records] == [1, 0, 0]
    assert [record.slide.red_cells_per_ul for record in records] == [4.2e6, None, None]


def test_listed_cells_come_by_the_rank_of_the_latest_result_and_the_others_as_they_were_offered(
    store: Store, tmp_path: Path
) -> None:
    slide = store.add_slide(store.add_case("P", by="Anna").id, "slide", Path("images"), by="Anna").id
    write_score(tmp_path / "before", {"a.png": 8}, [("a.png", 0, 0.9), ("a.png", 1, 0.8), ("a.png", 2, 0.7)])
    cells = take_in(store, slide, tmp_path / "before").candidates
    store.read(slide, cells[2].id, NOT_PARASITE, reader="Anna", role=Role.FIRST)
    store.mark(slide, "a.png", box_of(7), PARASITE, reader="Anna", role=Role.FIRST)
    # Then the second scores higher than the first, and the third, which was read, is located no more.
    write_score(tmp_path / "after", {"a.png": 2}, [("a.png", 1, 0.95), ("a.png", 0, 0.9)])
    store.take_in_result(slide, tmp_path / "after", by="Anna")
    with store._database.reading() as connection:
        (record,) = records_of(connection, [slide])
    assert [(cell.kind, cell.rank, cell.box, cell.infected_score) for cell in record.candidates] == [
        (CandidateKind.LISTED, 1, box_of(1), 0.95),
        (CandidateKind.LISTED, 2, box_of(0), 0.9),
        (CandidateKind.MARKED, None, box_of(2), 0.7),
        (CandidateKind.MARKED, None, box_of(7), None),
    ]


def test_the_audit_trail_of_a_slide_is_its_part_of_the_whole(store: Store, tmp_path: Path) -> None:
    first, second = (scored_slide(store, tmp_path / name, listed=1) for name in ("first", "second"))
    store.flag_field(first.slide.id, "field1.png", by="Anna")
    with store._database.reading() as connection:
        whole = audit_of(connection)
        for record in (first, second):
            part = tuple(entry for entry in whole if entry.slide_id == record.slide.id)
            assert audit_of(connection, record.slide.id) == part
            assert records_of(connection, [record.slide.id])[0].last_entry == part[-1].id
    assert [entry.id for entry in whole] == sorted(entry.id for entry in whole)


def test_what_is_not_there_is_said_not_to_be_and_leaves_no_record(store: Store) -> None:
    with store._database.reading() as connection:
        assert records_of(connection) == records_of(connection, [5]) == ()
        with pytest.raises(StoreError, match="no case 5"):
            case_of(connection, 5)
        with pytest.raises(StoreError, match="no slide 5"):
            slide_of(connection, 5)
