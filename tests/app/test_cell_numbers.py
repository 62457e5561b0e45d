"""The numbers of cells before a blind reader: they tell no rank, and lead back to the cell."""

from itertools import pairwise

from app.cell_numbers import CellNumbers

SECRET = b"of the data folder"


def test_whoever_is_not_blind_is_shown_the_cells_own_numbers() -> None:
    numbers = CellNumbers.of(SECRET, 3, "Anna", blind=False)
    assert (numbers.shown(7), numbers.own(7)) == (7, 7)


def test_each_number_leads_back_to_its_cell_and_to_no_other() -> None:
    numbers = CellNumbers.of(SECRET, 3, "Ben", blind=True)
    cells = [*range(1, 3000), 2**31]
    shown = [numbers.shown(cell) for cell in cells]
    assert [numbers.own(number) for number in shown] == cells
    assert len({*shown}) == len(cells)
    assert max(shown) < 2**53  # a script counts no further without rounding


def test_numbers_tell_nothing_of_the_order_of_the_cells() -> None:
    numbers = CellNumbers.of(SECRET, 3, "Ben", blind=True)
    shown = [numbers.shown(cell) for cell in range(1, 1001)]
    rising = sum(one < other for one, other in pairwise(shown))
    assert 440 < rising < 560  # about half, as in a random order


def test_another_reader_slide_or_data_folder_has_other_numbers() -> None:
    others = (
        CellNumbers.of(SECRET, 3, "Cleo", blind=True),
        CellNumbers.of(SECRET, 4, "Ben", blind=True),
        CellNumbers.of(b"of another", 3, "Ben", blind=True),
    )
    assert CellNumbers.of(SECRET, 3, "Ben", blind=True).shown(1) not in {other.shown(1) for other in others}


def test_a_number_that_was_never_shown_leads_to_no_candidate() -> None:
    numbers = CellNumbers.of(SECRET, 3, "Ben", blind=True)
    assert all(numbers.own(guessed) > 1_000_000 for guessed in (*range(100), 2**60))
