"""Where the cell is in a picture of one cell, with black around it or with its surroundings."""

import numpy as np
import pytest

from core.cells.crops import CROP_CELL_DIAMETER_PX
from datasets.single_cells import single_cell
from tests.drawn_cells import CELL, disc_picture

BLACK = (0, 0, 0)


def test_a_cell_painted_black_around_is_all_that_its_mask_keeps() -> None:
    cell = single_cell(disc_picture(84, 88, [(44, 42)], 80, CELL, BLACK))
    assert cell is not None
    assert cell.shown is not None
    crop, mask = cell.crop(48)[0], cell.mask(48)[0]
    assert (crop[mask] > np.array(CELL) // 2).all()
    # The cell is narrower in its crop than its box, which leaves room around it.
    assert mask.sum() == pytest.approx(np.pi / 4 * (CROP_CELL_DIAMETER_PX / 1.15) ** 2, rel=0.1)


def test_a_cell_among_its_surroundings_is_the_dark_region_in_the_middle() -> None:
    cell = single_cell(disc_picture(100, 80, [(42, 52), (4, 4)], 50))
    assert cell is not None
    assert cell.shown is None
    assert cell.box[0] == pytest.approx([42 - 28.75, 52 - 28.75, 57.5, 57.5], abs=1.5)
    assert cell.mask(48).sum() == pytest.approx(np.pi / 4 * CROP_CELL_DIAMETER_PX**2, rel=0.02)


@pytest.mark.parametrize(("height", "width"), [(80, 80), (80, 56), (200, 300)])
def test_where_nothing_stands_out_the_middle_of_the_picture_is_taken(height: int, width: int) -> None:
    cell = single_cell(np.full((height, width, 3), 200, np.uint8))
    assert cell is not None
    x, y, across, down = cell.box[0]
    assert (x + across / 2, y + down / 2) == pytest.approx((width / 2, height / 2))
    assert across == down == pytest.approx(0.7 * min(height, width) * 1.15, abs=1)


def test_a_cell_that_fills_a_corner_is_still_seen_to_be_painted_around() -> None:
    image = disc_picture(80, 80, [(40, 40)], 76, CELL, BLACK)
    image[:6, :6] = CELL
    cell = single_cell(image)
    assert cell is not None
    assert cell.shown is not None


def test_a_black_picture_holds_no_cell() -> None:
    assert single_cell(np.zeros((60, 60, 3), np.uint8)) is None
    assert single_cell(disc_picture(60, 60, [(30, 30)], 6, CELL, BLACK)) is None
