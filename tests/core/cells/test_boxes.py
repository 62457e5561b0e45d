"""Boxes against one another, worked out by hand."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.cells.boxes import (
    centre_gains,
    intersection_over_union,
    matched,
    overlapping_pairs,
)


def test_overlap_of_boxes_by_hand() -> None:
    box = np.array([[0, 0, 10, 10]], np.float32)
    others = np.array([[0, 0, 10, 10], [5, 0, 10, 10], [20, 20, 5, 5]], np.float32)
    # Half shared: 50 of 150.
    assert intersection_over_union(box, others)[0].tolist() == pytest.approx([1.0, 1 / 3, 0.0])


def test_one_detection_never_stands_for_two_cells() -> None:
    gains = np.array([[0.9], [0.8]])
    assert matched(gains, 0.5).tolist() == [True, False]


def test_the_larger_overlap_is_paired_first() -> None:
    gains = np.array([[0.6, 0.9], [0.0, 0.7]])
    # The first cell takes the second detection; the second cell is left without.
    assert matched(gains, 0.5).tolist() == [True, False]


def test_nothing_is_matched_below_the_least_gain_or_without_detections() -> None:
    assert matched(np.array([[0.49]]), 0.5).tolist() == [False]
    assert matched(np.empty((2, 0)), 0.5).tolist() == [False, False]


def test_a_centre_lies_in_a_box_when_inside_its_inscribed_ellipse() -> None:
    box = np.array([[0, 0, 20, 10]], np.float32)
    centres = np.array([[10, 5], [20, 5], [15, 5], [19, 9]], np.float32)
    gains = centre_gains(centres, box)[:, 0]
    assert gains[:3].tolist() == pytest.approx([1.0, 0.0, 0.5])
    assert gains[3] < 0


def pairs_of_table(boxes: NDArray[np.float32], more_than: float) -> list[list[int]]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.argwhere(np.triu(intersection_over_union(boxes, boxes) > more_than, k=1)).tolist()


def sides() -> st.SearchStrategy[float]:
    return st.integers(0, 40).map(lambda quarters: quarters / 4) | st.just(math.nan)


@given(
    st.lists(st.tuples(sides(), sides(), sides(), sides()), max_size=30),
    st.sampled_from([0.0, 0.3, 0.5]),
    st.sampled_from([1, 7, 1 << 18]),
)
def test_overlapping_pairs_are_those_of_the_whole_table(
    drawn: list[tuple[float, ...]], more_than: float, at_once: int
) -> None:
    boxes = np.array(drawn, np.float32).reshape(-1, 4)
    with pytest.MonkeyPatch.context() as patch, np.errstate(invalid="ignore", divide="ignore"):
        patch.setattr("core.cells.boxes.PAIRS_AT_ONCE", at_once)
        pairs = overlapping_pairs(boxes, more_than)
    assert sorted(pairs.tolist()) == pairs_of_table(boxes, more_than)


@pytest.mark.parametrize("axis", [0, 1])
def test_neighbours_of_a_long_row_or_column_are_found_in_little_memory(axis: int) -> None:
    boxes = np.full((20_000, 4), 10, np.float32)
    boxes[:, axis] = np.arange(20_000) * 8  # each shares 2 of 18 with the next
    boxes[-1] = boxes[0]
    tracemalloc.start()
    pairs = overlapping_pairs(boxes, 0.5)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert pairs.tolist() == [[0, 19_999]]
    assert most < 100e6  # bytes; the whole table has 400 million places
