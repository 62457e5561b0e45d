"""Which pictures show nothing: bare glass in any light, and none on which anything lies."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.cells.blank import is_bare, is_blank
from core.slides import Field, Rectangle
from tests.drawn_cells import BACKGROUND, disc_picture

SIDE = 1280


def glass(noise: float = 0.0, shade: float = 0.0) -> NDArray[np.uint8]:
    """Bare glass whose light falls off towards the corners, with the noise of a camera."""
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / SIDE - 0.5
    light = 1 - shade * 2 * (rows**2 + columns**2)
    levels = np.array(BACKGROUND) * light[..., None]
    levels = levels + np.random.default_rng(0).normal(0, noise, (SIDE, SIDE, 3))
    return np.asarray(np.clip(np.rint(levels), 0, 255), np.uint8)


def test_what_was_not_scanned_is_blank() -> None:
    assert is_blank(np.full((SIDE, SIDE, 3), 255, np.uint8))


@pytest.mark.parametrize(("noise", "shade"), [(0, 0), (3, 0), (5, 0.1), (3, 0.3)])
def test_bare_glass_is_blank_in_noise_and_uneven_light(noise: float, shade: float) -> None:
    assert is_blank(glass(noise, shade))


def test_compression_does_not_make_something_of_nothing() -> None:
    encoded = cv2.imencode(".jpg", glass(4, 0.2), [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
    assert is_blank(np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8))


@pytest.mark.parametrize("diameter_px", [16, 30, 90, 300])
@pytest.mark.parametrize(("paler", "blank"), [(4, True), (30, False)])
def test_one_cell_however_small_is_seen_wherever_it_lies_but_for_less_than_noise(
    diameter_px: int, paler: int, blank: bool
) -> None:
    red, green, blue = BACKGROUND
    pale = (red, green - paler, blue)
    for centre in [(SIDE / 2, SIDE / 2), (3, 3), (SIDE - 2, SIDE / 2)]:
        picture = disc_picture(SIDE, SIDE, [centre], diameter_px, cell=pale)
        assert is_blank(picture) is blank


def test_a_picture_full_of_cells_is_not_blank() -> None:
    centres = [(x, y) for x in range(0, SIDE, 60) for y in range(0, SIDE, 60)]
    assert not is_blank(disc_picture(SIDE, SIDE, centres, 64))


def test_a_small_picture_is_judged_as_it_is() -> None:
    assert is_blank(np.full((40, 30, 3), 200, np.uint8))
    assert not is_blank(disc_picture(40, 30, [(15, 20)], 12))


def test_a_picture_without_light_is_not_called_blank() -> None:
    assert not is_blank(np.zeros((SIDE, SIDE, 3), np.uint8))
    assert not is_blank(np.full((SIDE, SIDE, 3), 60, np.uint8))


@pytest.mark.parametrize(
    ("name", "bare"), [("a.svs#x=0,y=0", True), ("a.jpg", False), ("a.tif#page=2", False)]
)
def test_only_a_region_of_a_scan_is_passed_by_for_showing_nothing(name: str, bare: bool) -> None:
    field = Field(name, np.full((300, 300, 3), 230, np.uint8), None, 0, 0, Rectangle(0, 0, 300, 300))
    assert is_bare(field) is bare
