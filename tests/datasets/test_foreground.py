"""What stands out from the background, on pictures drawn by hand."""

import numpy as np
import pytest
from numpy.typing import NDArray

from datasets.foreground import (
    BOX_OVER_CELL,
    NoCellsError,
    compact_components,
    foreground_diameter_px,
    foreground_mask,
)


def field_of(*discs: tuple[int, int, int], hole_px: int = 0) -> NDArray[np.uint8]:
    """A pale field of 120 x 90 pixels with dark discs: x and y of the middle, radius; with a pale middle."""
    rows, columns = np.mgrid[:90, :120]
    image = np.full((90, 120, 3), 210, np.uint8)
    for x, y, radius in discs:
        distance = np.hypot(columns - x, rows - y)
        image[(distance <= radius) & (distance >= hole_px)] = (180, 120, 160)
    return image


def test_the_pale_middle_of_a_dark_ring_belongs_to_it() -> None:
    mask = foreground_mask(field_of((40, 40, 12), hole_px=5))
    assert np.array_equal(mask, foreground_mask(field_of((40, 40, 12))))
    assert mask.sum() == 441  # whole pixels within 12 of the middle one


def test_a_cell_has_the_box_of_its_pixels() -> None:
    assert compact_components(field_of((40, 50, 12))).tolist() == [[28, 38, 25, 25]]


@pytest.mark.parametrize(
    "discs",
    [
        [(5, 40, 12)],
        [(40, 89, 12)],
        [(40, 40, 3)],
        [(40, 40, 12), (60, 40, 12)],
    ],
    ids=["cut at the left", "cut at the foot", "a speck", "two that touch"],
)
def test_what_is_cut_or_small_or_long_is_no_cell(discs: list[tuple[int, int, int]]) -> None:
    assert compact_components(field_of(*discs)).shape == (0, 4)


def test_the_width_is_that_of_the_cells_not_of_specks() -> None:
    image = field_of((30, 30, 12), (80, 30, 12), (30, 70, 5), (60, 70, 5), (90, 70, 5))
    assert foreground_diameter_px(image) == pytest.approx(25 * BOX_OVER_CELL)


def test_nothing_stands_out_from_an_even_picture() -> None:
    image = field_of()
    assert not foreground_mask(image).any()
    with pytest.raises(NoCellsError):
        foreground_diameter_px(image)
