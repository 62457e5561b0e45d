"""Two photographs that share a strip, laid on each other by what they show."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.overlap import Placement, in_grey, on_each_other
from core.overlap.registration import CORRELATES, MOST_COARSE, MOST_FINE, SAME_STRIP, registered, sketches
from tests.core.overlap.strewn_cells import strewn

CELL_PX = 30
BACKGROUND = (235, 235, 240)


def smear(seed: int, width: int = 780, height: int = 480) -> NDArray[np.uint8]:
    """A place of the slide: ovals, no two of one size, each with a paler middle."""
    picture = np.full((height, width, 3), BACKGROUND, np.uint8)
    draw = np.random.default_rng(seed)
    for place in (strewn(width / CELL_PX, height / CELL_PX, seed) * CELL_PX).tolist():
        axes = tuple(draw.integers(10, 15, 2).tolist())
        middle = round(place.real), round(place.imag)
        cv2.ellipse(picture, middle, axes, float(draw.uniform(0, 180)), 0, 360, (200, 140, 150), cv2.FILLED)
        cv2.circle(picture, middle, int(draw.integers(2, 6)), (220, 180, 190), cv2.FILLED)
    noisy = picture + draw.normal(0, 2, picture.shape)
    return np.asarray(noisy.clip(0, 255), np.uint8)


def photograph(place: NDArray[np.uint8], left: float, degrees: float = 0.0) -> NDArray[np.uint8]:
    """400 x 400 px of the place, from `left` on, by a camera turned so about the photograph's middle."""
    turn = cv2.getRotationMatrix2D((200, 200), degrees, 1.0)
    turn[:, 2] += np.array([left, 40.0])
    inverse = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(place, turn, (400, 400), flags=inverse), np.uint8)


def in_other_light(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    darker = (255 * (picture / 255) ** 1.3 * np.array([0.9, 0.85, 0.95])).astype(np.uint8)
    blurred = cv2.GaussianBlur(darker, (0, 0), 1.0)
    encoded = cv2.imencode(".jpg", blurred, [cv2.IMWRITE_JPEG_QUALITY, 70])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


def laid(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> Placement | None:
    return on_each_other(in_grey(first), in_grey(second), (CELL_PX, CELL_PX))


@pytest.mark.parametrize("share", [0.08, 0.15, 0.3])
@pytest.mark.parametrize("degrees", [0.0, -4.6, 3.4])
def test_a_strip_is_found_turned_and_in_other_light(share: float, degrees: float) -> None:
    place = smear(1)
    left = 400 - 400 * share
    found = laid(photograph(place, 0), in_other_light(photograph(place, left, degrees)))
    assert found is not None
    # The middle of the second lies at (left + 200, 200) on the first.
    middle = found.of(np.array([complex(left + 200, 200) / CELL_PX]))
    assert np.abs(middle - (200 + 200j) / CELL_PX) < 0.1
    assert np.degrees(np.angle(found.turn)) == pytest.approx(degrees, abs=0.5)
    assert abs(found.turn) == pytest.approx(1)


def test_a_strip_below_is_found_as_one_beside() -> None:
    place = smear(2)
    first, second = photograph(place, 0), photograph(place, 350)
    assert laid(first.transpose(1, 0, 2).copy(), second.transpose(1, 0, 2).copy()) is not None


def test_the_widths_of_the_cells_may_differ_where_the_pixels_do_not() -> None:
    place = smear(1)
    first, second = (in_grey(photograph(place, left)) for left in (0, 340))
    found = on_each_other(first, second, (30.0, 33.0))
    assert found is not None
    assert found.of(np.array([(370 + 200j) / 30])) == pytest.approx([(30 + 200j) / 33], abs=0.05)


@pytest.mark.parametrize("seed", range(3, 9))
def test_other_places_are_not_taken_for_one(seed: int) -> None:
    assert laid(photograph(smear(seed), 0), photograph(smear(seed + 10), 0)) is None


def test_a_line_across_all_pictures_makes_no_strip() -> None:
    # The rim of a caption goes along with any shift along it.
    pictures = []
    for seed in (3, 4):
        picture = np.random.default_rng(seed).normal(BACKGROUND, 2, photograph(smear(3), 0).shape)
        picture[300:] -= 150
        picture[:40] -= 150
        pictures.append(np.asarray(picture.clip(0, 255), np.uint8))
    found = registered(*sketches(in_grey(pictures[0]), in_grey(pictures[1]), CELL_PX))
    assert found is not None
    assert found.evidence >= SAME_STRIP
    assert found.correlation >= CORRELATES
    assert not found.holds


def test_empty_pictures_and_what_is_smaller_than_a_cell_are_no_strip() -> None:
    empty = np.full((300, 400, 3), 230, np.uint8)
    assert laid(empty, empty) is None
    assert laid(empty[:12, :12].copy(), photograph(smear(1), 0)) is None


def test_the_same_picture_is_no_strip() -> None:
    # More than half is found by the cells; specks on the camera lie at one place of all its pictures.
    first = photograph(smear(1), 0)
    assert laid(first, first) is None


@pytest.mark.parametrize("cells", [3, 6, 12])
@pytest.mark.parametrize("seed", range(3))
def test_a_few_cells_on_empty_glass_are_no_strip_however_alike_they_are(cells: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    pictures = []
    for _ in range(2):
        picture = np.full((480, 640, 3), BACKGROUND, np.uint8)
        for middle in draw.integers(0, (640, 480), (cells, 2)).tolist():
            cv2.circle(picture, middle, 15, (200, 140, 150), cv2.FILLED)
        noisy = picture + draw.normal(0, 1 + seed, picture.shape)
        pictures.append(np.asarray(noisy.clip(0, 255), np.uint8))
    assert laid(pictures[0], pictures[1]) is None


def test_a_strip_is_found_though_both_pictures_have_a_caption_on_it() -> None:
    place, captions = smear(1), [(20, 330, 120, 20), (290, 330, 100, 20)]
    first, second = photograph(place, 0), photograph(place, 300)
    for picture in (first, second):
        for x, y, across, down in captions:
            picture[y : y + down, x : x + across] = 0
    one, other = in_grey(first, captions), in_grey(second, captions)
    assert on_each_other(one, other, (CELL_PX, CELL_PX)) is not None


def test_crosses_of_an_eyepiece_grid_are_no_strip() -> None:
    captions = [(x, y, 21, 21) for x in range(30, 400, 80) for y in range(30, 400, 80)]
    pictures = []
    for seed in (3, 4):
        picture = photograph(smear(seed), 0)
        for x, y, across, down in captions:
            picture[y + 9 : y + 12, x : x + across] = 0
            picture[y : y + down, x + 9 : x + 12] = 0
        pictures.append(in_grey(picture, captions))
    assert on_each_other(pictures[0], pictures[1], (CELL_PX, CELL_PX)) is None


def test_large_photographs_are_made_small_whatever_the_width_of_a_cell() -> None:
    large = in_grey(np.full((2000, 3000, 3), 200, np.uint8))
    assert large.grey.size <= 1.01 * MOST_FINE
    for one in sketches(large, large, 15.0):
        assert one.fine.size <= 1.01 * MOST_FINE
        assert one.coarse.size <= 1.01 * MOST_COARSE
