"""A strip is one only if each photograph shows there what the other does."""

import numpy as np

from core.overlap import Overlap, Pattern, PlacedObjects, Placement, objects_agree

STRIP = Overlap(0, 1, Placement(1, -8))
"""The second begins 8 cell widths to the right of the first: they share 4."""
CELLS = (9 + 2j, 10 + 4j, 11 + 7j)


def photograph(*cells: complex, cut: tuple[complex, ...] = ()) -> PlacedObjects:
    centres = np.array([*cells, *cut], complex)
    return PlacedObjects(centres, np.arange(len(centres)) < len(cells), Pattern(centres, 12.0, 9.0))


def moved(*cells: complex) -> tuple[complex, ...]:
    return tuple(cell - 8 for cell in cells)


def test_three_cells_that_both_show_agree() -> None:
    assert objects_agree(STRIP, photograph(1 + 1j, *CELLS), photograph(*moved(*CELLS), 9 + 3j))


def test_two_are_too_few() -> None:
    assert not objects_agree(STRIP, photograph(*CELLS[:2]), photograph(*moved(*CELLS[:2])))


def test_cells_that_the_border_cuts_count_too() -> None:
    cut = 11.8 + 5j, 11.9 + 3j
    first, second = photograph(CELLS[0], cut=cut), photograph(*moved(CELLS[0], *cut))
    assert objects_agree(STRIP, first, second)


def test_a_whole_cell_in_the_strip_that_the_other_does_not_show_speaks_against_it() -> None:
    more = photograph(*CELLS, 10 + 1.2j)
    assert not objects_agree(STRIP, more, photograph(*moved(*CELLS)))
    assert not objects_agree(STRIP, photograph(*CELLS), photograph(*moved(*CELLS, 10 + 1.2j)))


def test_a_cell_near_the_border_may_be_missing_there() -> None:
    first = photograph(*CELLS, 8.3 + 6j)
    assert objects_agree(STRIP, first, photograph(*moved(*CELLS)))


def test_of_many_a_detector_may_pass_over_one() -> None:
    many = tuple(complex(x, y) for x in (9, 10, 11) for y in (1, 2.5, 4, 5.5, 7))
    assert objects_agree(STRIP, photograph(*many), photograph(*moved(*many[1:])))


def test_photographs_that_show_nothing_do_not_agree() -> None:
    assert not objects_agree(STRIP, photograph(), photograph())
