"""Whether two pictures show one thing, however they were taken."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.overlap import SAME_PICTURE, Placement, correlation
from tests.core.overlap.strewn_cells import strewn

CELL_PX = 30


def smear(seed: int) -> NDArray[np.uint8]:
    """A field of 480 x 360 px of discs."""
    picture = np.full((360, 480, 3), (235, 235, 240), np.uint8)
    for place in (strewn(16, 12, seed) * CELL_PX).tolist():
        cv2.circle(picture, (round(place.real), round(place.imag)), 13, (200, 140, 150), cv2.FILLED)
    return picture


def test_a_picture_and_a_part_of_it_are_one_in_other_light_and_as_jpeg() -> None:
    whole = smear(1)
    part = (255 * (whole[:, 300:] / 255) ** 1.3 * 0.9).astype(np.uint8)
    compressed = cv2.imdecode(cv2.imencode(".jpg", part, [cv2.IMWRITE_JPEG_QUALITY, 70])[1], cv2.IMREAD_COLOR)
    found = correlation(
        whole, np.asarray(compressed, np.uint8), Placement(1, -300 / CELL_PX), (CELL_PX, CELL_PX)
    )
    assert found > 0.9


@pytest.mark.parametrize("quarter_turns", [0, 1, 2])
def test_a_copy_of_half_the_size_and_turned_is_the_same(quarter_turns: int) -> None:
    whole = smear(1)
    half = cv2.resize(whole, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    copy = np.ascontiguousarray(np.rot90(half, quarter_turns), np.uint8)
    # np.rot90 turns against the clock; what was at x = 480, or at both far sides, is at 0 then.
    turn, shift = [(1, 0), (-1j, 16j), (-1, 16 + 12j)][quarter_turns]
    assert correlation(whole, copy, Placement(turn, shift), (CELL_PX, CELL_PX / 2)) > 0.8


def test_a_mirrored_copy_is_the_same_where_it_is_laid_so_alone() -> None:
    whole = smear(1)
    copy = np.ascontiguousarray(whole[::-1])
    upside_down = Placement(1, 12j, is_mirrored=True)  # the picture is 12 cells high
    assert correlation(whole, copy, upside_down, (CELL_PX, CELL_PX)) > 0.9
    assert correlation(whole, copy, Placement(1, 0), (CELL_PX, CELL_PX)) < SAME_PICTURE


def test_other_cells_are_not_the_same_nor_are_the_same_cells_shifted() -> None:
    assert abs(correlation(smear(1), smear(2), Placement(1, 0), (CELL_PX, CELL_PX))) < SAME_PICTURE / 2
    assert correlation(smear(1), smear(1), Placement(1, 0.6), (CELL_PX, CELL_PX)) < SAME_PICTURE


def test_nothing_shared_and_nothing_to_see_is_not_the_same() -> None:
    empty = np.full((360, 480, 3), 230, np.uint8)
    assert correlation(smear(1), smear(1), Placement(1, 16), (CELL_PX, CELL_PX)) == 0
    assert correlation(empty, empty, Placement(1, 0), (CELL_PX, CELL_PX)) == 0
