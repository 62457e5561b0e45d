"""What augmentation may change, and what it must not."""

from collections.abc import Callable
from itertools import pairwise

import albumentations as A  # noqa: N812  (the library's own alias)
import numpy as np
import pytest
from numpy.typing import NDArray

from core.crops import GREY
from datasets.augmentation import OpticalDensityTransform, cell_augmentation, field_augmentation
from tests.drawn_cells import disc_picture

CROP = disc_picture(60, 60, [(30, 30)], 42)
LEVELS = np.arange(256, dtype=np.uint8).reshape(16, 16)
GREYS = np.repeat(LEVELS[..., None], 3, axis=2)


def transformed(
    transform: OpticalDensityTransform, image: NDArray[np.uint8], seed: int = 0
) -> NDArray[np.uint8]:
    return np.asarray(A.Compose([transform], seed=seed)(image=image)["image"])


def test_zero_strengths_change_nothing() -> None:
    still = OpticalDensityTransform(mixing=0, strength=1, shift=0, pallor=0)
    for image in (CROP, GREYS):
        assert np.abs(transformed(still, image).astype(int) - image).max() <= 1


@pytest.mark.parametrize("seed", range(5))
def test_mixing_of_dyes_leaves_greys_grey(seed: int) -> None:
    mixing = OpticalDensityTransform(mixing=0.4, strength=1, shift=0, pallor=0)
    assert np.abs(transformed(mixing, GREYS, seed).astype(int) - GREYS).max() <= 1
    assert np.abs(transformed(mixing, CROP, seed).astype(int) - CROP).max() > 5


@pytest.mark.parametrize("seed", range(5))
def test_a_stronger_stain_leaves_the_reference_grey_where_it_is(seed: int) -> None:
    stronger = OpticalDensityTransform(mixing=0, strength=2.5, shift=0, pallor=0)
    result = transformed(stronger, GREYS, seed).astype(int)
    assert abs(result.ravel()[3 * GREY] - GREY) <= 1
    # One factor on all densities: the order of levels stays, and none jumps over the reference.
    assert (np.diff(result[..., 0].ravel()) >= 0).all()
    darker, lighter = result[..., 0].ravel()[20], result[..., 0].ravel()[230]
    assert darker <= GREY <= lighter


def test_strength_scales_density() -> None:
    matrix, none = 2 * np.eye(3, dtype=np.float32), np.zeros(3, np.float32)
    transform = OpticalDensityTransform(mixing=0, strength=1, shift=0, pallor=0)
    half = np.full((3, 3, 3), 79, np.uint8)
    centre, width, depth = np.full(2, 0.5, np.float32), np.float32(0.2), np.float32(0)
    doubled = transform.apply(half, matrix, none, centre, width, depth)
    # A half of the light twice over is a quarter: (160 + 1) (80 / 161)² - 1 = 38.75.
    assert set(doubled.ravel()) <= {38, 39}


def test_pallor_changes_the_middle_and_not_the_rim() -> None:
    pale = OpticalDensityTransform(mixing=0, strength=1, shift=0, pallor=0.5)
    flat = np.full((48, 48, 3), 140, np.uint8)
    change = np.zeros((48, 48))
    for seed in range(20):
        change += np.abs(transformed(pale, flat, seed)[..., 0].astype(float) - flat[..., 0])
    assert change[20:28, 20:28].mean() > 10 * max(change[:4].mean(), 1)


AUGMENTATIONS: list[Callable[[int], A.Compose]] = [
    field_augmentation,
    lambda seed: cell_augmentation(48, seed),
]


@pytest.mark.parametrize("augmentation", AUGMENTATIONS)
def test_a_seed_repeats_every_change(augmentation: Callable[[int], A.Compose]) -> None:
    def run(seed: int) -> list[NDArray[np.uint8]]:
        transform = augmentation(seed)
        return [transform(image=CROP)["image"] for _ in range(6)]

    first, again, other = run(5), run(5), run(6)
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert any((one != two).any() for one, two in zip(first, other, strict=True))
    assert any((one != two).any() for one, two in pairwise(first))


def test_fields_keep_their_geometry() -> None:
    transform = field_augmentation(1)
    image = np.tile(CROP, (2, 3, 1))
    for _ in range(20):
        result = transform(image=image)["image"]
        assert result.shape == image.shape
        assert result.dtype == np.uint8
        dark = result.sum(axis=2) < (float(result[0, 0].sum()) + float(result[30, 30].sum())) / 2
        assert (dark == (image[..., 1] < 176)).mean() > 0.85


def test_cells_turn_with_their_masks() -> None:
    transform = cell_augmentation(48, 2)
    crop = disc_picture(60, 60, [(30, 30)], (44, 26), background=(240, 240, 240), cell=(90, 90, 90))
    mask = (crop[..., 0] < 165).astype(np.uint8)
    for _ in range(10):
        varied = transform(image=crop, mask=mask)
        assert varied["image"].shape == (48, 48, 3)
        inside = varied["image"][varied["mask"] > 0].mean()
        around = varied["image"][(varied["mask"] == 0)].mean()
        assert inside < around - 15


def test_what_turns_in_from_outside_is_grey() -> None:
    crop = np.full((60, 60, 3), GREY, np.uint8)
    quiet = A.Compose([t for t in cell_augmentation(48, 3) if isinstance(t, A.Affine | A.CenterCrop)], seed=3)
    for _ in range(10):
        assert (quiet(image=crop)["image"] == GREY).all()
