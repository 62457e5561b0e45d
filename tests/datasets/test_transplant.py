"""Parasites by the density that they add: found in one cell, laid over another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.cells.crops import GREY, LEVELS_PER_DENSITY, disk_masks
from datasets.cells import STORED_SIZE_PX
from datasets.transplant import FADE_PX, LEAST_AREA_PX, LEAST_DENSITY, REACH_PX, parasite_of, with_parasite
from tests.drawn_cells import boxes_around

MASK = disk_masks(boxes_around([(0, 0)], 42), STORED_SIZE_PX)[0]
OFFSET = np.arange(STORED_SIZE_PX) + 0.5 - STORED_SIZE_PX / 2
RADIUS = np.hypot(OFFSET[:, None], OFFSET)
DOT = (slice(26, 32), slice(30, 36))


def cell(level: int = GREY, dot_darker_by: int = 0) -> NDArray[np.uint8]:
    """A cell of one level, with a dot of 6 x 6 pixels near its middle."""
    crop = np.full((STORED_SIZE_PX, STORED_SIZE_PX, 3), level, np.uint8)
    crop[DOT] -= np.uint8(dot_darker_by)
    return crop


def parasite(levels: int = 56) -> NDArray[np.float32]:
    found = parasite_of(cell(dot_darker_by=levels), MASK)
    assert found is not None
    return found


def test_the_density_of_a_dot_by_hand() -> None:
    # 56 levels are one unit of density; a twentieth is left behind as what cells differ by anyway.
    expected = np.zeros((STORED_SIZE_PX, STORED_SIZE_PX, 3), np.float32)
    expected[DOT] = 1 - 0.05
    np.testing.assert_allclose(parasite(56), expected, atol=1e-6)


@pytest.mark.parametrize("level", [60, 100, 128, 170, 230])
def test_a_parasite_is_the_same_in_a_pale_and_a_dark_cell(level: int) -> None:
    found = parasite_of(cell(level, dot_darker_by=40), MASK)
    assert found is not None
    np.testing.assert_allclose(found, parasite(40), atol=1e-6)


@pytest.mark.parametrize("level", [60, 128, 230])
def test_a_plain_cell_has_nothing_to_take(level: int) -> None:
    assert parasite_of(cell(level), MASK) is None


def test_what_is_paler_than_the_cell_is_no_parasite() -> None:
    pale = cell()
    pale[DOT] += np.uint8(60)
    assert parasite_of(pale, MASK) is None


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_parasite(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(GREY, 3, (STORED_SIZE_PX, STORED_SIZE_PX, 3))
    assert parasite_of(noise.astype(np.uint8), MASK) is None


@pytest.mark.parametrize(("levels", "taken"), [(9, False), (10, True)])
def test_a_shadow_is_too_faint_to_take(levels: int, taken: bool) -> None:
    # It must reach 0.12 above the first 0.05: 0.17 of 56 levels are 9.5.
    assert (parasite_of(cell(dot_darker_by=levels), MASK) is not None) == taken


def test_one_dark_pixel_is_too_small_to_take() -> None:
    speck = cell()
    speck[30, 30] -= np.uint8(60)  # over 3 x 3 pixels (60 / 56 - 0.05) / 9 = 0.113
    assert parasite_of(speck, MASK) is None


def test_a_dark_rim_is_not_taken() -> None:
    rimmed = cell()
    rimmed[RADIUS > REACH_PX] -= np.uint8(60)
    assert parasite_of(rimmed, MASK) is None


def test_towards_the_rim_less_and_less_is_taken() -> None:
    half_way = REACH_PX - FADE_PX / 2
    streak = cell()
    streak[29:31, 30:] -= np.uint8(56)
    found = parasite_of(streak, MASK)
    assert found is not None
    along = found[30, 30:, 0]
    assert along[RADIUS[30, 30:] < REACH_PX - FADE_PX] == pytest.approx(1 - LEAST_DENSITY)
    assert (np.diff(along) <= 1e-6).all()
    assert np.interp(half_way, RADIUS[30, 30:], along) == pytest.approx((1 - LEAST_DENSITY) / 2, rel=0.01)
    assert along[RADIUS[30, 30:] >= REACH_PX].max() == 0


def test_nothing_is_taken_from_beside_the_cell() -> None:
    half = MASK & (OFFSET < 2)
    found = parasite_of(cell(dot_darker_by=56), half)
    assert found is not None
    assert found[:, OFFSET > 2].max() == 0


def test_from_too_small_a_piece_of_a_cell_nothing_is_taken() -> None:
    piece = np.zeros_like(MASK)
    piece[24:38, 24:38] = True
    assert piece.sum() < LEAST_AREA_PX
    assert parasite_of(cell(dot_darker_by=56), piece) is None


def test_laid_over_another_cell_it_darkens_exactly_where_it_lies() -> None:
    host = np.random.default_rng(0).integers(90, 200, cell().shape).astype(np.uint8)
    # (1 - 0.05) 56 = 53.2 levels.
    expected = host.copy()
    expected[DOT] -= np.uint8(53)
    np.testing.assert_array_equal(with_parasite(host, parasite(56)), expected)


def test_on_a_cell_that_is_black_already_nothing_wraps_round() -> None:
    assert (with_parasite(cell(20), parasite(56))[DOT] == 0).all()
    assert (with_parasite(cell(255), np.zeros((60, 60, 3), np.float32)) == 255).all()


@given(st.integers(15, 110), st.integers(120, 250))
def test_what_was_laid_over_a_cell_is_found_in_it_again(levels: int, host: int) -> None:
    put_in = parasite(levels)
    found = parasite_of(with_parasite(cell(host), put_in), MASK)
    expected = np.clip(put_in - LEAST_DENSITY, 0, None)
    if found is None:
        assert expected.max() < 0.13
    else:
        np.testing.assert_allclose(found, expected, atol=0.51 / LEVELS_PER_DENSITY + 1e-6)
