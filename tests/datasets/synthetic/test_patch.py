"""The square around one object: its coordinates, an ellipse with a soft edge, and mottle."""

import numpy as np
import pytest

from datasets.synthetic.patch import ANGLES, grid, mottle, soft_ellipse, turned


@pytest.mark.parametrize("half_px", [1, 31, 32, 33])
def test_coordinates_are_seen_from_the_middle_pixel(half_px: int) -> None:
    pixels = grid(half_px)
    assert pixels.x.shape == (2 * half_px + 1, 2 * half_px + 1)
    assert (pixels.x[half_px, half_px], pixels.y[half_px, half_px]) == (0, 0)
    assert (pixels.x[0, -1], pixels.y[0, -1]) == (half_px, -half_px)
    assert pixels.radius[0, 0] == pytest.approx(half_px * np.sqrt(2))


def test_directions_go_round_from_the_right_downwards() -> None:
    angle = grid(5).angle
    quarter = ANGLES // 4
    assert [angle[5, 10], angle[10, 5], angle[5, 0], angle[0, 5]] == [0, quarter, 2 * quarter, 3 * quarter]


def test_axes_turned_by_a_quarter() -> None:
    x, y = turned(np.array([3, 0], np.float32), np.array([0, 2], np.float32), np.pi / 2)
    np.testing.assert_allclose((x, y), [[0, 2], [-3, 0]], atol=1e-6)


def test_an_ellipse_is_full_within_empty_outside_and_half_on_its_line() -> None:
    x = np.array([[0, 5, 10, 15, 40]], np.float32)  # along its long axis, of 10
    inside = soft_ellipse(x, np.zeros_like(x), centre=(0, 0), radii=(10, 4), angle=0, edge=0.2)
    np.testing.assert_allclose(inside, [[1, 1, 0.5, 0, 0]], atol=1e-6)
    upright = soft_ellipse(x, np.zeros_like(x), centre=(0, 0), radii=(10, 4), angle=np.pi / 2, edge=0.2)
    np.testing.assert_allclose(upright, [[1, 0, 0, 0, 0]], atol=1e-6)


def test_mottle_has_no_mean_and_a_spread_of_about_one() -> None:
    noise = mottle(np.random.default_rng(0), 400, grain_px=4)
    assert noise.shape == (400, 400)
    assert noise.mean() == pytest.approx(0, abs=0.05)
    assert noise.std() == pytest.approx(1, abs=0.25)


def test_mottle_is_as_coarse_as_its_grain() -> None:
    fine, coarse = (mottle(np.random.default_rng(0), 400, grain_px=grain_px) for grain_px in (4, 40))
    steps = [np.abs(np.diff(noise, axis=1)).mean() for noise in (fine, coarse)]
    assert steps[0] > 5 * steps[1]
