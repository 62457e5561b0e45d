"""The numbers of cells before a blind reader: they tell no rank, and lead back to the cell."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import pytest

from app.cell_numbers import CellNumbers
from core.cells.located import WhyNot
from core.store import Candidate, CandidateKind, SlideRecord, StoreError

SECRET = b"of the data folder"


def with_cells(record: SlideRecord, cells: Iterable[int]) -> SlideRecord:
    """The same slide, its list of these candidates."""
    offered = tuple(
        Candidate(
            own,
            record.slide.id,
            CandidateKind.LISTED,
            rank,
            "field1.png",
            (0, 0, 9, 9),
            0.9,
            WhyNot.EVALUABLE,
            None,
        )
        for rank, own in enumerate(cells, start=1)
    )
    return replace(record, candidates=offered)


def numbers_of(
    record: SlideRecord, cells: Iterable[int], reader: str = "Ben", secret: bytes = SECRET
) -> CellNumbers:
    return CellNumbers.of(secret, with_cells(record, cells), reader, blind=True)


def test_whoever_is_not_blind_is_shown_the_cells_own_numbers(record: SlideRecord) -> None:
    numbers = CellNumbers.of(SECRET, record, "Anna", blind=False)
    assert (numbers.shown(7), numbers.own(7)) == (7, 7)


def test_each_number_leads_back_to_its_cell_and_to_no_other(record: SlideRecord) -> None:
    cells = [*range(1, 1000), 2**31]
    numbers = numbers_of(record, cells)
    shown = [numbers.shown(cell) for cell in cells]
    assert [numbers.own(number) for number in shown] == cells
    assert len({*shown}) == len(cells)
    assert max(shown) < 2**53  # a script counts no further without rounding


def test_numbers_tell_nothing_of_the_order_of_the_cells(record: SlideRecord) -> None:
    numbers = numbers_of(record, range(1, 1001))
    shown = [numbers.shown(cell) for cell in range(1, 1001)]
    rising = sum(one < other for one, other in pairwise(shown))
    assert 440 < rising < 560  # about half, as in a random order


@pytest.mark.parametrize("size", [1, 6], ids=["of one byte, where hashes meet", "as they are"])
def test_numbers_stay_and_stay_apart_when_cells_are_added_and_ranked_anew(
    record: SlideRecord, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("app.cell_numbers._BYTES", size)
    before, after = numbers_of(record, range(1, 101)), numbers_of(record, reversed(range(1, 201)))
    assert [after.shown(cell) for cell in range(1, 101)] == [before.shown(cell) for cell in range(1, 101)]
    assert [after.own(after.shown(cell)) for cell in range(1, 201)] == [*range(1, 201)]


def test_another_reader_slide_or_data_folder_has_other_numbers(record: SlideRecord) -> None:
    another_slide = replace(record, slide=replace(record.slide, id=record.slide.id + 1))
    others = (
        numbers_of(record, [1], "Cleo"),
        numbers_of(another_slide, [1]),
        numbers_of(record, [1], secret=b"of another"),
    )
    assert numbers_of(record, [1]).shown(1) not in {other.shown(1) for other in others}


def test_a_number_that_was_never_shown_and_a_cell_that_is_not_there_are_refused(record: SlideRecord) -> None:
    numbers = numbers_of(record, range(1, 101))
    for guessed in (*range(101), 2**60, -1):
        with pytest.raises(StoreError, match=f"slide {record.slide.id} has no candidate {guessed}"):
            numbers.own(guessed)
    with pytest.raises(StoreError, match="no candidate 101"):
        numbers.shown(101)
