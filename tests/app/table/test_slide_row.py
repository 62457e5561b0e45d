"""A row of the worklist counts what the first reader has read, and what the readers come to."""

from pathlib import Path

from app.table.slide_row import SlideRow, row_of
from app.workplace import Workplace
from core.review import SlideState
from core.store import Role, SlideRecord
from tests.scored_slides import read_all


def test_a_slide_that_is_not_scored_has_no_cells_and_no_readers(workplace: Workplace, tmp_path: Path) -> None:
    case = workplace.store.add_case("patient", by="Anna")
    slide = workplace.store.add_slide(case.id, "waits", tmp_path, by="Anna")
    row = row_of(workplace.store.record(slide.id))
    assert row == SlideRow(SlideState.QUEUED, (), None, 0, 0, 0, 0, 0)


def test_what_one_reader_accepts_awaits_another(workplace: Workplace, record: SlideRecord) -> None:
    row = row_of(read_all(workplace.store, record, "+-..", reader="Anna", role=Role.FIRST))
    assert (row.state, row.readers) == (SlideState.TO_REVIEW, ("Anna",))
    assert (row.read, row.to_read) == (2, 4)
    assert (row.agreed, row.accepted_alone, row.disputed) == (0, 1, 0)


def test_two_readers_agree_on_some_cells_and_differ_on_others(
    workplace: Workplace, record: SlideRecord
) -> None:
    read_all(workplace.store, record, "++--", reader="Zoe", role=Role.FIRST)
    row = row_of(read_all(workplace.store, record, "+---", reader="Ben", role=Role.SECOND))
    assert (row.state, row.readers) == (SlideState.ADJUDICATION, ("Zoe", "Ben"))
    assert (row.agreed, row.accepted_alone, row.disputed) == (1, 0, 1)


def test_a_reader_who_took_everything_back_is_no_reader(workplace: Workplace, record: SlideRecord) -> None:
    read_all(workplace.store, record, "+...", reader="Anna", role=Role.FIRST)
    workplace.store.undo(record.slide.id, reader="Anna")
    assert row_of(workplace.store.record(record.slide.id)).readers == ()
