"""Boxes and regions stay on their objects, whatever the transform."""

from collections.abc import Callable

import albumentations as A  # noqa: N812  (the library's own alias)
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from datasets.augmentation import (
    BoxedTransform,
    RegionTransform,
    boxed_evaluation,
    boxed_training,
    region_evaluation,
    region_training,
)
from datasets.boxed_images import region_of

Boxes = NDArray[np.int64]
seeds = st.integers(0, 2**32 - 1)


def painted(boxes: Boxes, height_px: int = 48, width_px: int = 64) -> NDArray[np.uint8]:
    """White in the boxes, black elsewhere: what is white after a transform is the region."""
    region = region_of(boxes, height_px, width_px)
    return np.asarray(np.repeat(region[..., None], 3, axis=2) * np.uint8(255), np.uint8)


def applied(transform: A.BasicTransform, boxes: list[list[int]]) -> tuple[list[list[int]], NDArray[np.bool_]]:
    """The boxes after a transform, and the region that was painted in them."""
    given_boxes = np.array(boxes, np.int64)
    # With one that boxes are passed to: the library warns where there is none.
    found = BoxedTransform([A.NoOp(), transform])(painted(given_boxes), given_boxes, seed=0)
    return found.boxes.tolist(), found.image[..., 0] > 127


@pytest.mark.parametrize(
    ("transform", "expected"),
    [
        (A.NoOp(), [10, 20, 19, 39]),
        (A.HorizontalFlip(p=1), [44, 20, 53, 39]),
        (A.VerticalFlip(p=1), [10, 8, 19, 27]),
        (A.Crop(12, 22, 32, 42), [0, 0, 7, 17]),
        (A.Resize(96, 128), [20, 40, 39, 79]),
        (A.Resize(24, 32), [5, 10, 9, 19]),
        (A.ColorJitter(p=1), [10, 20, 19, 39]),
    ],
)
def test_a_box_by_hand(transform: A.BasicTransform, expected: list[int]) -> None:
    boxes, _ = applied(transform, [[10, 20, 19, 39]])
    assert boxes == [expected]


@given(seeds, st.integers(0, 40), st.integers(0, 30), st.integers(3, 60), st.integers(3, 40))
def test_what_was_in_a_box_is_in_it_after_training_changes(
    seed: int, x0: int, y0: int, width: int, height: int
) -> None:
    boxes = np.array([[x0, y0, min(x0 + width, 63), min(y0 + height, 47)]])
    # Enlarged fourfold, so that half a pixel of the original is two here; colour can turn no black to white.
    found = boxed_training(256)(painted(boxes), boxes, seed)
    bright = found.image.max(axis=2) > found.image.max() / 2
    if len(found.boxes) == 0:
        assert bright.mean() < 0.25
        return
    region = region_of(found.boxes, 256, 256)
    assert (region ^ bright).sum() <= 4 * (region.sum(axis=0).max() + region.sum(axis=1).max() + 2)


@given(seeds)
def test_a_training_image_keeps_its_size_and_its_boxes_lie_in_it(seed: int) -> None:
    boxes = np.array([[0, 0, 5, 5], [60, 40, 63, 47], [20, 10, 50, 40]])
    found = boxed_training(32)(painted(boxes), boxes, seed)
    assert found.image.shape == (32, 32, 3)
    assert found.image.dtype == np.uint8
    assert (found.boxes[:, :2] <= found.boxes[:, 2:]).all()
    assert found.boxes.min(initial=0) >= 0
    assert found.boxes.max(initial=0) < 32


def test_the_seed_fixes_a_training_image() -> None:
    boxes = np.array([[20, 10, 50, 40]])
    first, again, other = (boxed_training(32)(painted(boxes), boxes, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.boxes, again.boxes)
    assert (first.image != other.image).any()


@pytest.mark.parametrize(
    ("left_px", "kept"),
    [(24, True), (25, True), (27, True), (28, False), (40, False)],
)
def test_a_box_stays_where_a_quarter_of_it_is_left(left_px: int, kept: bool) -> None:
    boxes, region = applied(A.Crop(left_px, 0, 64, 48), [[20, 10, 29, 19]])
    assert region.any() == (left_px < 30)
    assert boxes == ([[0, 10, 29 - left_px, 19]] if kept else [])


def test_an_image_whose_boxes_are_all_cropped_away_has_none() -> None:
    boxes = np.array([[0, 0, 3, 3], [0, 20, 3, 30]])
    found = BoxedTransform([A.Crop(32, 0, 64, 48)])(painted(boxes), boxes, seed=0)
    assert found.boxes.shape == (0, 4)
    assert found.boxes.dtype == np.int64


def test_a_box_that_shrinks_below_a_pixel_keeps_one() -> None:
    boxes, _ = applied(A.Resize(6, 8), [[33, 33, 33, 34]])
    assert boxes == [[4, 4, 4, 4]]


@pytest.mark.parametrize("size_px", [7, 32, 224])
def test_evaluation_shows_the_whole_image_and_every_box(size_px: int) -> None:
    boxes = np.array([[0, 0, 63, 47], [63, 47, 63, 47], [0, 0, 0, 0]])
    found = boxed_evaluation(size_px)(painted(boxes), boxes, seed=0)
    assert found.image.shape == (size_px, size_px, 3)
    assert found.boxes[0].tolist() == [0, 0, size_px - 1, size_px - 1]
    assert len(found.boxes) == 3


def disc(side: int = 60) -> NDArray[np.bool_]:
    offset = np.arange(side) - 20.0
    return np.asarray(np.hypot(offset[:, None], offset) < 12)


@pytest.mark.parametrize("made", [region_training, region_evaluation])
@pytest.mark.parametrize("seed", range(5))
def test_a_region_of_any_shape_moves_with_what_is_in_it(
    made: Callable[[int], RegionTransform], seed: int
) -> None:
    image = np.asarray(np.repeat(disc()[..., None], 3, axis=2) * np.uint8(255), np.uint8)
    moved, region = made(96)(image, disc(), seed)
    assert moved.shape == (96, 96, 3)
    assert region.dtype == np.bool_
    bright = moved.max(axis=2) > moved.max() / 2
    assert (region ^ bright).mean() < 0.02
    assert region.mean() == pytest.approx(disc().mean(), rel=0.35)


def test_an_empty_region_stays_empty() -> None:
    image = np.zeros((60, 60, 3), np.uint8)
    _, region = region_training(96)(image, np.zeros((60, 60), bool), seed=3)
    assert not region.any()
