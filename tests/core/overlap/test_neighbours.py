"""Which pairs are looked at: those in a row, and what follows from pairs that are found."""

import numpy as np
import pytest

from core.overlap import Overlap, Pattern, Placement, implied_pairs, pairs_in_order

FRAME = Pattern(np.zeros(0, complex), 12.0, 9.0)


def beside(first: int, second: int, right: float, down: float) -> Overlap:
    """The second photograph begins so far to the right of the first, and below it."""
    return Overlap(first, second, Placement(1, -complex(right, down)))


def test_each_is_looked_at_with_the_next_few_alone() -> None:
    assert pairs_in_order(4, 1) == [(0, 1), (1, 2), (2, 3)]
    assert pairs_in_order(4, 3) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert len(pairs_in_order(2000, 3)) == 1999 + 1998 + 1997


@pytest.mark.parametrize("photographs", [0, 1])
def test_one_photograph_has_no_pair(photographs: int) -> None:
    assert pairs_in_order(photographs, 3) == []


def test_the_rows_of_a_slide_meet_where_a_turn_joins_them() -> None:
    # 0 1 2 to the right, 3 beneath 2, 4 and 5 back: 4 lies beneath 1 and 5 beneath 0.
    found = [
        *(beside(0, 1, 11, 0), beside(1, 2, 11, 0), beside(2, 3, 0, 8)),
        *(beside(3, 4, -11, 0), beside(4, 5, -11, 0)),
    ]
    implied = set(implied_pairs(found, [FRAME] * 6, set()))
    assert {(1, 4), (0, 5)} <= implied  # strips
    assert {(0, 4), (1, 5), (1, 3), (2, 4)} <= implied  # corners
    assert implied.isdisjoint({(0, 2), (0, 3), (2, 5), (3, 5)})


def test_what_shares_most_of_its_picture_is_left_to_the_cells() -> None:
    assert (1, 2) not in implied_pairs([beside(0, 1, 8, 0), beside(0, 2, 9, 0)], [FRAME] * 3, set())


def test_a_mirrored_photograph_is_followed_too() -> None:
    # 1 is 0 upside down; what lies right of 0 lies right of 1.
    copy = Overlap(0, 1, Placement(1, 9j, is_mirrored=True))
    assert (1, 2) in implied_pairs([copy, beside(0, 2, 11, 0)], [FRAME] * 3, set())


def test_where_nothing_is_found_nothing_follows() -> None:
    assert implied_pairs([], [FRAME] * 3, set()) == []


def test_pairs_already_tried_make_room_for_others() -> None:
    found = [beside(0, 1, 11, 0), beside(0, 2, 0, 8)]
    assert implied_pairs(found, [FRAME] * 3, {(0, 1), (0, 2)}) == [(1, 2)]


def test_of_a_large_grid_of_photographs_each_meets_the_eight_around_it() -> None:
    side = 20
    down = [beside(row * side, (row + 1) * side, 0, 8) for row in range(side - 1)]
    right = [
        beside(row * side + column, row * side + column + 1, 11, 0)
        for row in range(side)
        for column in range(side - 1)
    ]
    implied = implied_pairs(down + right, [FRAME] * side**2, set())
    assert len(implied) == 2 * side * (side - 1) + 2 * (side - 1) ** 2
    assert (side + 1, 2 * side + 2) in implied
