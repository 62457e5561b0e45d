"""Detail at the scale of the cells: what enlarging and compression take from a picture shows."""

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.cells.crops import SURROUNDED_CELL_DIAMETER_PX
from core.cells.detail import block_steps, fine_detail
from tests.drawn_cells import boxes_around, disc_picture, grid_centres

CELL_PX = 70


CENTRES = [
    (x + int(across), y + int(down))
    for (x, y), (across, down) in zip(
        grid_centres(640, 800, 100), np.random.default_rng(1).integers(-14, 15, (99, 2)), strict=False
    )
]
"""Not in rows: a lattice of cells has a distance of its own."""


def smear(seed: int = 0) -> NDArray[np.uint8]:
    """Cells with grains in them, as a camera gives them."""
    random = np.random.default_rng(seed)
    image = disc_picture(640, 800, CENTRES, CELL_PX).astype(float)
    image += cv2.GaussianBlur(random.normal(0, 40, image.shape), (0, 0), 1.5)
    return np.clip(image + random.normal(0, 1.5, image.shape), 0, 255).astype(np.uint8)


def boxes() -> NDArray[np.float32]:
    return boxes_around(CENTRES, CELL_PX)


def resized(image: NDArray[np.uint8], by: float) -> NDArray[np.uint8]:
    how = cv2.INTER_AREA if by < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, None, fx=by, fy=by, interpolation=how), np.uint8)


def as_jpeg(image: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)


def test_an_enlarged_picture_has_lost_what_is_fine() -> None:
    small = resized(smear(), 12 / CELL_PX)
    enlarged = cv2.resize(small, (800, 640), interpolation=cv2.INTER_CUBIC)
    assert fine_detail(np.asarray(enlarged, np.uint8), boxes()) < fine_detail(smear(), boxes()) - 1


@pytest.mark.parametrize("by", [0.3, 0.5, 2.0])
def test_detail_is_that_of_the_cells_whatever_their_size_in_pixels(by: float) -> None:
    scaled = fine_detail(resized(smear(), by), boxes() * np.float32(by))
    assert scaled == pytest.approx(fine_detail(smear(), boxes()), abs=0.45)


def test_compression_leaves_steps_between_blocks_the_stronger_the_more() -> None:
    steps = [block_steps(as_jpeg(smear(), quality), CELL_PX) for quality in (10, 30, 95)]
    assert steps == sorted(steps, reverse=True)
    assert steps[0] > 2 * steps[2]
    assert steps[0] > 2 * block_steps(smear(), CELL_PX)


@pytest.mark.parametrize("by", [0.8, 1.5])
def test_neither_saving_anew_nor_another_size_hides_it(by: float) -> None:
    hidden = as_jpeg(resized(as_jpeg(smear(), 10), by), 95)
    assert block_steps(hidden, CELL_PX * by) > 2 * block_steps(smear(), CELL_PX)


def test_of_a_picture_too_small_to_tell_no_steps_are_told() -> None:
    hidden = as_jpeg(smear(), 10)
    scale = SURROUNDED_CELL_DIAMETER_PX / CELL_PX
    for side, told in ((299, False), (301, True)):
        assert math.isfinite(block_steps(hidden[: round(side / scale)], CELL_PX)) is told
        assert math.isfinite(block_steps(hidden[:, : round(side / scale)], CELL_PX)) is told


def test_all_of_a_long_row_is_looked_at() -> None:
    random = np.random.default_rng(0)
    blocks = np.kron(random.integers(190, 210, (40, 2000)), np.ones((8, 8), int))
    blocks[:, :8192] = 200
    level = np.asarray(blocks + random.integers(-2, 3, blocks.shape), np.uint8)
    assert block_steps(np.repeat(level[..., None], 3, axis=2), SURROUNDED_CELL_DIAMETER_PX) > 0.4


@pytest.mark.parametrize("cell_px", [56.0, 70.0, 74.66, 74.67, 84.0, 112.0, 149.33])
def test_steps_of_a_good_picture_stay_small_at_every_width_of_its_cells(cell_px: float) -> None:
    """Also where four of its pixels become exactly three, or two one: blocks must not fall into step."""
    smooth = np.random.default_rng(0).normal(200, 3, (960, 1280, 3)).astype(np.uint8)
    for picture in (smooth, as_jpeg(smooth, 88)):
        assert block_steps(picture, cell_px) < 0.2
