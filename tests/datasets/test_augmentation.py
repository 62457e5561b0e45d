"""What augmentation may change, and what it must not."""

from collections.abc import Callable
from itertools import pairwise

import albumentations as A  # noqa: N812  (the library's own alias)
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.cells.crops import GREY
from datasets.augmentation import CellStain, Stain, cell_augmentation, field_augmentation, random_stain
from tests.drawn_cells import disc_picture

CROP = disc_picture(60, 60, [(30, 30)], 42)
LEVELS = np.arange(256, dtype=np.uint8).reshape(16, 16)
GREYS = np.repeat(LEVELS[..., None], 3, axis=2)


seeds = st.integers(0, 2**32 - 1)


def stain(factor: float = 1.0, shift: tuple[float, float, float] = (0, 0, 0)) -> Stain:
    return Stain((factor * np.eye(3)).astype(np.float32), np.array(shift, np.float32))


def transformed(transform: CellStain, image: NDArray[np.uint8], seed: int = 0) -> NDArray[np.uint8]:
    return np.asarray(A.Compose([transform], seed=seed)(image=image)["image"])


def test_the_stain_that_is_none_changes_nothing() -> None:
    for image in (CROP, GREYS):
        np.testing.assert_array_equal(stain().apply(image), image)


def test_density_is_scaled_about_grey_by_hand() -> None:
    levels = np.array([[[GREY, GREY - 20, GREY + 30]]], np.uint8)
    assert stain(2.0).apply(levels).ravel().tolist() == [GREY, GREY - 40, GREY + 60]


def test_a_tint_is_added_to_its_channel() -> None:
    crop = np.full((2, 2, 3), 100, np.uint8)
    assert stain(shift=(5, 0, -7)).apply(crop)[1, 1].tolist() == [105, 100, 93]


def test_a_stain_too_strong_saturates_and_does_not_wrap_round() -> None:
    result = stain(4.0).apply(GREYS)[..., 0].ravel().astype(int)
    assert (np.diff(result) >= 0).all()
    assert (result[0], result[GREY], result[-1]) == (0, GREY, 255)


@given(seeds, st.floats(0, 0.4), st.floats(1, 4))
def test_dyes_are_mixed_so_that_what_is_grey_stays_grey(seed: int, mixing: float, strength: float) -> None:
    rows = random_stain(np.random.default_rng(seed), mixing, strength, shift=0).matrix.sum(axis=1)
    assert rows == pytest.approx(np.full(3, rows[0]), rel=1e-4)
    assert 0.999 / strength <= rows[0] <= 1.001 * strength


def test_mixing_changes_colours_that_are_not_grey() -> None:
    mixed = random_stain(np.random.default_rng(1), mixing=0.4, strength=1, shift=0).apply(CROP)
    assert np.abs(mixed.astype(int) - CROP).max() > 5


def test_stains_are_as_often_stronger_as_weaker() -> None:
    draw = np.random.default_rng(0)
    drawn = np.log([random_stain(draw, 0, 2.0, 0).matrix[0, 0] for _ in range(400)])
    assert abs(drawn.mean()) < 4 * np.log(2) / np.sqrt(3 * 400)
    assert abs(np.abs(drawn).max() - np.log(2)) < 0.03


def test_the_tint_of_a_drawn_stain_is_as_large_as_asked_in_density() -> None:
    draw = np.random.default_rng(0)
    drawn = np.array([random_stain(draw, 0, 1, shift=0.5).shift for _ in range(400)])
    # 56 levels a unit of density: 28; four standard deviations of a standard deviation of 1200 are 2.3.
    assert drawn.std() == pytest.approx(28, abs=2.3)


def test_a_cell_changed_by_nothing_stays_as_it_is() -> None:
    still = CellStain(mixing=0, strength=1, shift=0, pallor=0)
    for image in (CROP, GREYS):
        np.testing.assert_array_equal(transformed(still, image), image)


def test_pallor_changes_the_middle_and_not_the_rim() -> None:
    pale = CellStain(mixing=0, strength=1, shift=0, pallor=0.5)
    flat = np.full((48, 48, 3), 140, np.uint8)
    change = np.zeros((48, 48))
    for seed in range(20):
        change += np.abs(transformed(pale, flat, seed)[..., 0].astype(float) - flat[..., 0])
    assert change[20:28, 20:28].mean() > 10 * max(change[:4].mean(), 1)


@pytest.mark.parametrize("seed", range(5))
def test_pallor_is_no_deeper_than_asked_and_the_same_in_all_channels(seed: int) -> None:
    flat = np.full((48, 48, 3), 140, np.uint8)
    change = transformed(CellStain(0, 1, 0, pallor=0.5), flat, seed).astype(int) - 140
    assert (np.ptp(change, axis=2) == 0).all()
    assert 0 < np.abs(change).max() <= 28  # half a unit of density


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
