import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.cells.levels import MEDIAN, counts, percentile

LEVELS = arrays.arrays(np.uint8, arrays.array_shapes(max_dims=3, max_side=12))


def test_counts_are_of_the_mask_alone() -> None:
    levels = np.array([[3, 3, 7], [7, 7, 255]], np.uint8)
    inside = np.array([[True, False, True], [True, False, False]])

    counted = counts(levels, inside)

    assert (counted[3], counted[7], counted[255], counted.sum()) == (1, 2, 0, 3)


def test_a_part_of_a_picture_is_counted_as_it_stands_there() -> None:
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)

    assert np.flatnonzero(counts(picture[::2, ::2, 1])).tolist() == [1, 7, 25, 31]


def test_the_median_of_an_even_number_lies_half_way() -> None:
    assert percentile(counts(np.array([1, 2, 5, 9], np.uint8)), MEDIAN) == 3.5


@pytest.mark.parametrize(("percent", "expected"), [(0, 10.0), (50, 15.0), (90, 19.0), (100, 20.0)])
def test_between_two_levels_it_is_drawn_straight(percent: float, expected: float) -> None:
    assert percentile(counts(np.array([20, 10], np.uint8)), percent) == expected


@given(LEVELS, st.floats(0, 100))
def test_percentiles_are_those_of_numpy_to_the_last_bit(levels: np.ndarray, percent: float) -> None:
    assert percentile(counts(levels), percent) == np.percentile(levels, percent)
