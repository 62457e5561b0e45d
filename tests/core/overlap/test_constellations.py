"""Guesses at how photographs lie on each other: true ones are among them, and few others."""

import tracemalloc

import numpy as np
import pytest

from core.overlap.constellations import AT_ONCE, Guess, Pattern, guesses, is_lattice
from tests.core.overlap.strewn_cells import photograph, strewn

SLIDE = strewn(24, 18, seed=1)
EMPTY = Pattern(np.empty(0, np.complex128), 12.0, 9.0)


@pytest.mark.parametrize("degrees", [0.0, 4.0, -37.0, 90.0, 180.0])
def test_a_part_seen_again_turned_by_any_angle_is_guessed_as_it_lies(degrees: float) -> None:
    first = photograph(SLIDE, 2 + 2j)
    second = photograph(SLIDE, 8 + 6j, degrees=degrees)
    (guess,) = guesses([first, second])
    turn = np.exp(-1j * np.radians(degrees))
    assert (guess.first, guess.second) == (0, 1)
    assert guess.turn == pytest.approx(turn, abs=0.01)
    # The first's corner lies at 2 + 2i of the slide, so by 6 + 4i before the second's.
    assert guess.shift == pytest.approx(turn * (-6 - 4j), abs=0.1)


def test_cells_missed_and_others_a_little_off_do_not_hide_it() -> None:
    first = photograph(SLIDE, 2 + 2j, noise=0.02, missed=0.05, seed=1)
    second = photograph(SLIDE, 6 + 3j, noise=0.02, missed=0.05, seed=2, degrees=3)
    (guess,) = guesses([first, second])
    assert guess.turn * (4 + 1j) + guess.shift == pytest.approx(0, abs=0.2)


def test_photographs_of_other_slides_are_rarely_guessed_at() -> None:
    elsewhere = [photograph(strewn(24, 18, seed=seed), 2 + 2j) for seed in range(2, 14)]
    assert len(guesses(elsewhere)) <= 0.05 * len(elsewhere) * (len(elsewhere) - 1) / 2


def test_each_of_many_is_guessed_with_the_ones_beside_it() -> None:
    several = [photograph(SLIDE, complex(x, 2)) for x in (0, 3, 6, 9)]
    pairs = {(guess.first, guess.second) for guess in guesses([EMPTY, *several])}
    assert pairs >= {(1, 2), (2, 3), (3, 4)}


def test_two_that_lie_far_from_each_other_among_many_are_guessed_too() -> None:
    between = [EMPTY] * (AT_ONCE + 10)
    found = guesses([photograph(SLIDE, 2 + 2j), *between, photograph(SLIDE, 6 + 4j)])
    assert [(guess.first, guess.second) for guess in found] == [(0, len(between) + 1)]


def test_2000_photographs_of_150_cells_take_about_a_quarter_of_a_gigabyte() -> None:
    several = [photograph(strewn(24, 18, seed=seed), 2 + 2j) for seed in range(20)]
    tracemalloc.start()
    try:
        guesses(several)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak / sum(len(pattern.points) for pattern in several) < 1200  # bytes a cell


@pytest.mark.parametrize("columns", [1, 2, 12])
def test_a_lattice_fits_itself_anywhere_and_says_nothing(columns: int) -> None:
    column, row = np.meshgrid(np.arange(columns), np.arange(9))
    lattice = Pattern(np.asarray(1.4 * (column + 1j * row) + 0.7, np.complex128).ravel(), 17.0, 13.0)
    assert guesses([lattice, lattice]) == []


def test_two_cells_are_no_lattice_and_nine_in_a_row_are() -> None:
    row = np.array([1.4 * number + 0j for number in range(9)], np.complex128)
    assert [is_lattice(row[:cells]) for cells in (0, 1, 2, 9)] == [False, False, False, True]


@pytest.mark.parametrize("cells", [0, 1, 4])
def test_too_few_cells_for_one_constellation_are_no_error(cells: int) -> None:
    few = Pattern(SLIDE[:cells], 24.0, 18.0)
    assert guesses([few, few, EMPTY]) == []
    assert guesses([]) == []


def test_the_order_of_cells_has_no_part_in_it() -> None:
    first, second = photograph(SLIDE, 2 + 2j), photograph(SLIDE, 6 + 4j)
    turned_round = Pattern(first.points[::-1].copy(), first.width, first.height)
    one, other = guesses([first, second]), guesses([turned_round, second])
    assert [type(guess) for guess in one] == [Guess]
    assert other[0].shift == pytest.approx(one[0].shift, abs=1e-3)
