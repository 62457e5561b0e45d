"""Boxes against one another, worked out by hand."""

import numpy as np
import pytest

from core.cells.boxes import centre_gains, intersection_over_union, matched


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
