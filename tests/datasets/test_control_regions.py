"""Control regions: their size and place, who gets whose, and what the seed fixes."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.boxed_images import BoxedImage
from datasets.control_regions import (
    BOX_CONTROLS,
    MASK_CONTROLS,
    ControlError,
    centre_boxes,
    centre_masks,
    random_boxes,
    random_masks,
    shuffled_boxes,
    shuffled_masks,
)


def image(name: str, *boxes: tuple[int, int, int, int], wnid: str = "n1", side_px: int = 40) -> BoxedImage:
    return BoxedImage(Path(f"{wnid}/{name}.png"), wnid, wnid, np.array(boxes), side_px, side_px)


def single(count: int, wnid: str = "n1") -> list[BoxedImage]:
    """Images whose boxes tell them apart: the n-th is n + 1 px wide."""
    return [image(f"{n}", (0, 0, n, 9), wnid=wnid) for n in range(count)]


@given(st.integers(0, 2**32), st.integers(0, 39), st.integers(0, 39))
def test_a_random_box_keeps_its_size_and_stays_in_the_image(seed: int, x1: int, y1: int) -> None:
    (moved,) = random_boxes([image("a", (0, 0, x1, y1))], seed)
    ((x0, y0, right, bottom),) = moved.boxes.tolist()
    assert (right - x0, bottom - y0) == (x1, y1)
    assert x0 >= 0
    assert y0 >= 0
    assert right < 40
    assert bottom < 40


def test_random_boxes_get_everywhere_they_fit() -> None:
    images = [image(f"{n}", (5, 5, 35, 35)) for n in range(400)]
    corners = {tuple(one.boxes[0, :2].tolist()) for one in random_boxes(images, 0)}
    assert {x for x, _ in corners} == {y for _, y in corners} == set(range(10))


def test_the_boxes_of_one_image_move_as_one() -> None:
    (moved,) = random_boxes([image("a", (2, 2, 5, 5), (10, 12, 20, 20))], 3)
    first, second = moved.boxes
    assert (second - first).tolist() == [8, 10, 15, 15]


@given(st.integers(2, 12), st.integers(0, 99))
def test_shuffled_boxes_are_those_of_another_image_of_the_class_each_given_once(
    count: int, seed: int
) -> None:
    images = single(count) + single(count, wnid="n2")
    shuffled = shuffled_boxes(images, seed)
    for offset in (0, count):
        widths = [int(one.boxes[0, 2]) for one in shuffled[offset : offset + count]]
        assert sorted(widths) == list(range(count))
        assert all(width != own for own, width in enumerate(widths))


def test_a_shuffled_box_is_brought_to_the_size_of_its_new_image() -> None:
    small, large = image("a", (4, 6, 9, 19)), image("b", (0, 0, 9, 9), side_px=80)
    in_small, in_large = shuffled_boxes([small, large], 0)
    assert in_large.boxes.tolist() == [[8, 12, 19, 39]]
    assert in_small.boxes.tolist() == [[0, 0, 4, 4]]


def test_a_class_of_one_image_cannot_be_shuffled() -> None:
    with pytest.raises(ControlError, match="n2"):
        shuffled_boxes([*single(2), *single(1, wnid="n2")], 0)


def test_the_centre_box_is_as_large_as_the_true_ones_on_average() -> None:
    # A quarter of one image and all of the other: 5/8, so sides of .79 of 40 px.
    images = [image("a", (0, 0, 19, 19)), image("b", (0, 0, 39, 39))]
    for one in centre_boxes(images, 0):
        assert one.boxes.tolist() == [[4, 4, 35, 35]]


@pytest.mark.parametrize("control", ["random", "shuffled"])
def test_controls_depend_on_seed_and_names_not_on_the_order(control: str) -> None:
    images, change = single(9), BOX_CONTROLS[control]
    forwards = {one.path: one.boxes.tolist() for one in change(images, 1)}
    backwards = {one.path: one.boxes.tolist() for one in change(images[::-1], 1)}
    assert backwards == forwards
    assert {one.path: one.boxes.tolist() for one in change(images, 2)} != forwards


def masks(count: int, side_px: int = 12) -> np.ndarray:
    """The n-th has n + 1 pixels in its first row."""
    made = np.zeros((count, side_px, side_px), bool)
    for n in range(count):
        made[n, 0, : n + 1] = True
    return made


def test_a_random_mask_keeps_its_shape_and_an_empty_one_stays_empty() -> None:
    given = masks(6)
    given[3] = False
    moved = random_masks(given, np.zeros(6, np.int64), 0)
    assert moved.sum(axis=(1, 2)).tolist() == [1, 2, 3, 0, 5, 6]
    assert all(np.ptp(np.nonzero(mask)[0]) == 0 for mask in moved if mask.any())
    assert (moved != given).any()


def test_shuffled_masks_are_those_of_others_of_the_class() -> None:
    classes = np.array([0, 1, 0, 1, 0, 1])
    widths = (shuffled_masks(masks(6), classes, 0).sum(axis=(1, 2)) - 1).tolist()
    assert sorted(widths) == list(range(6))
    assert all(width != own and classes[width] == classes[own] for own, width in enumerate(widths))


def test_the_centre_mask_is_one_square() -> None:
    given = np.zeros((2, 12, 12), bool)
    given[0, :6] = True
    squares = centre_masks(given, np.zeros(2, np.int64), 0)
    assert squares.sum(axis=(1, 2)).tolist() == [36, 36]
    assert squares[:, 3:9, 3:9].all()


def test_boxes_and_masks_have_the_same_controls() -> None:
    assert BOX_CONTROLS.keys() == MASK_CONTROLS.keys()
