"""One photograph laid on another: what agrees, and whether chance would do as well."""

import numpy as np
import pytest
from scipy.stats import binom

from core.overlap.alignment import REACH, Alignment, aligned, one_to_one, shared_area, tree_of
from core.overlap.constellations import Guess, Pattern
from tests.core.overlap.strewn_cells import photograph, strewn

SLIDE = strewn(24, 18, seed=1)
FIRST = photograph(SLIDE, 2 + 2j)


def laid(second: Pattern, shift: complex, photographs: int = 2) -> Alignment | None:
    return aligned(Guess(0, 1, 1 + 0j, shift), FIRST, second, tree_of(second.points), photographs)


def test_a_guess_that_is_a_little_off_is_refined_to_what_holds() -> None:
    found = laid(photograph(SLIDE, 6 + 3j, degrees=1), -4.1 - 0.9j)
    assert found is not None
    assert found.turn == pytest.approx(np.exp(-1j * np.radians(1)), abs=1e-6)
    assert found.turn * (4 + 1j) + found.shift == pytest.approx(0, abs=1e-6)
    assert found.share == 1
    assert found.holds
    assert not found.is_doubtful


def test_the_chance_is_that_of_a_binomial_over_all_alignments_there_are() -> None:
    # The same photograph twice: all cells agree, on all of its 12 x 9 = 108 squares of a cell's width.
    cells = len(FIRST.points)
    found = laid(FIRST, 0j, photographs=2)
    assert found is not None
    by_chance = binom.logsf(cells - 3, cells - 2, cells * np.pi * REACH**2 / 108) / np.log(10)
    one_pair = np.log10(cells**2 * np.pi * 15 / REACH)  # the diagonal of 12 x 9 is 15
    assert found.wrong_by_chance == pytest.approx(by_chance + one_pair)
    among_many = laid(FIRST, 0j, photographs=2000)
    assert among_many is not None
    assert among_many.wrong_by_chance - found.wrong_by_chance == pytest.approx(np.log10(2000 * 1999 / 2))


def test_a_wrong_guess_is_not_taken() -> None:
    assert laid(photograph(strewn(24, 18, seed=2), 2 + 2j), 1 + 1j) is None


def test_few_cells_that_agree_are_doubtful_and_fewer_nothing() -> None:
    # Nine cells on a strip of two cell widths: they agree, but of 2,000 photographs there are many pairs.
    strip = photograph(SLIDE, 12 + 2j)
    found = laid(strip, -10 + 0j, photographs=2000)
    assert found is not None
    assert found.share == 1
    assert found.is_doubtful
    assert laid(photograph(SLIDE, 12.6 + 2j), -10.6 + 0j) is None


def test_specks_that_lie_on_every_picture_do_not_make_them_one() -> None:
    specks = SLIDE[:12] * 0.5 + 0.3
    here, there = (strewn(12, 9, seed=seed) for seed in (5, 6))
    first, second = (Pattern(np.concatenate([specks, cells]), 12.0, 9.0) for cells in (here, there))
    assert aligned(Guess(0, 1, 1 + 0j, 0j), first, second, tree_of(second.points), 2) is None


def test_two_points_beside_one_are_not_both_paired_with_it() -> None:
    points, others = np.array([0.1 + 0j, 0.02j, 5 + 0j]), np.array([0j, 5.3 + 0j])
    one, other = one_to_one(points, tree_of(others), 0.2)
    assert (one.tolist(), other.tolist()) == ([1], [0])


@pytest.mark.parametrize(("shift", "area"), [(0j, 108.0), (6 + 0j, 54.0), (6 + 3j, 36.0)])
def test_the_area_that_both_show(shift: complex, area: float) -> None:
    assert shared_area(1 + 0j, shift, FIRST, FIRST) == pytest.approx(area)
