"""The blur of a cell's edge is the standard deviation of the Gaussian that blurred it."""

import numpy as np
import pytest

from core.cells.focus import edge_blur
from tests.drawn_cells import boxes_around, disc_picture

CENTRE = [(100.0, 100.0)]
BOX = boxes_around(CENTRE, 92)


@pytest.mark.parametrize("sigma_px", [1.5, 2.0, 3.0, 4.0, 6.0])
def test_the_blur_of_a_step_is_recovered(sigma_px: float) -> None:
    image = disc_picture(200, 200, CENTRE, 80, blur_px=sigma_px)
    assert edge_blur(image, BOX)[0] * 92 == pytest.approx(sigma_px, rel=0.15)


def test_a_straight_step_is_recovered_too() -> None:
    columns = np.arange(120)
    profile = np.cumsum(np.exp(-((columns - 60) ** 2) / (2 * 2.5**2)))
    image = np.rint(60 + 140 * profile / profile[-1]).astype(np.uint8)[None, :, None]
    image = np.repeat(np.repeat(image, 120, axis=0), 3, axis=2)
    assert edge_blur(image, np.array([[30, 30, 60, 60]], np.float32))[0] * 60 == pytest.approx(2.5, rel=0.15)


def test_a_pale_cell_is_as_sharp_as_a_dark_one() -> None:
    dark = disc_picture(200, 200, CENTRE, 80, cell=(40, 40, 40), blur_px=2)
    pale = disc_picture(200, 200, CENTRE, 80, cell=(170, 170, 170), blur_px=2)
    assert edge_blur(pale, BOX)[0] == pytest.approx(edge_blur(dark, BOX)[0], rel=0.1)


def test_more_blur_reads_as_more_blur() -> None:
    readings = [edge_blur(disc_picture(200, 200, CENTRE, 80, blur_px=s), BOX)[0] for s in (0, 1, 2, 4, 8)]
    assert readings == sorted(readings)
    assert readings[0] < readings[-1] / 4


def test_the_measure_is_over_the_cell_s_width() -> None:
    small = disc_picture(100, 100, [(50, 50)], 40, blur_px=2)
    large = disc_picture(200, 200, [(100, 100)], 80, blur_px=4)
    blur = [edge_blur(small, boxes_around([(50, 50)], 46))[0], edge_blur(large, BOX)[0]]
    assert blur[0] == pytest.approx(blur[1], rel=0.1)


def test_without_an_edge_the_blur_is_infinite() -> None:
    empty = np.full((50, 50, 3), 200, np.uint8)
    boxes = np.array([[10, 10, 20, 20], [400, 10, 20, 20], [-90, -90, 20, 20]], np.float32)
    assert np.isposinf(edge_blur(empty, boxes)).all()


def test_a_box_over_the_border_is_judged_by_what_is_inside() -> None:
    image = disc_picture(200, 200, [(20, 100)], 80, blur_px=2)
    blur = edge_blur(image, boxes_around([(20, 100)], 92))[0]
    assert blur * 92 == pytest.approx(2, rel=0.15)


def test_no_boxes_give_no_readings() -> None:
    assert edge_blur(np.zeros((9, 9, 3), np.uint8), np.empty((0, 4), np.float32)).shape == (0,)
