"""Which part of a picture is lit: discs and bars are told, and an ordinary field is the whole picture."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.cells.burned_in import NO_CAPTIONS
from core.cells.detection import ObjectKind
from core.cells.lit_area import LitArea, lit_area
from core.cells.located import WhyNot, find_cells
from core.cells.reference import SlideReference
from tests.drawn_cells import BACKGROUND, CELL, ToldDetector, boxes_around, disc_picture, field_of, located

HEIGHT, WIDTH = 480, 640
Mask = NDArray[np.float32]


def field(colour: tuple[int, int, int] = CELL) -> NDArray[np.uint8]:
    centres = [(x, y) for y in range(30, HEIGHT, 64) for x in range(30, WIDTH, 60)]
    return disc_picture(HEIGHT, WIDTH, centres, 40, colour)


def disc(centre: tuple[int, int], radius: int, *, soft: int = 1) -> Mask:
    """Light in [0, 1] that falls to nothing over `soft` pixels round the rim."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.hypot(rows - centre[0], columns - centre[1])
    return np.asarray(np.clip((radius - distance) / soft + 0.5, 0, 1), np.float32)


def rectangle(top: int, left: int, *, corner: int = 0) -> Mask:
    mask = np.zeros((HEIGHT, WIDTH), np.float32)
    mask[top : HEIGHT - top, left : WIDTH - left] = 1
    size = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * corner + 1, 2 * corner + 1))
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, size), np.float32)


def shown(light: Mask, around: int = 3) -> NDArray[np.uint8]:
    return (field() * light[..., None] + around * (1 - light[..., None])).astype(np.uint8)


def share(area: LitArea) -> float:
    return 1.0 if area.depth_px is None else float((area.depth_px > 0).mean())


@pytest.mark.parametrize(
    "light",
    [
        disc((240, 320), 200),
        disc((240, 320), 150, soft=60),
        disc((180, 250), 300),
        disc((240, 320), 380),
        rectangle(60, 0),
        rectangle(0, 90),
        rectangle(30, 40, corner=80),
    ],
)
@pytest.mark.parametrize("around", [0, 12, 30])
def test_a_disc_or_a_rectangle_on_black_is_the_field(light: Mask, around: int) -> None:
    assert share(lit_area(shown(light, around))) == pytest.approx(float((light > 0.5).mean()), abs=0.06)


def test_bars_of_a_screen_may_lie_round_the_black_round_a_disc() -> None:
    picture = shown(disc((240, 320), 150))
    picture[:60] = picture[-60:] = 255
    assert share(lit_area(picture)) == pytest.approx(np.pi * 150**2 / HEIGHT / WIDTH, abs=0.03)


def noisy(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    noise = np.random.default_rng(0).normal(0, 3, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def with_pointer() -> NDArray[np.uint8]:
    picture = field()
    cv2.line(picture, (WIDTH, HEIGHT), (520, 330), (5, 5, 5), 12)
    return picture


@pytest.mark.parametrize(
    "picture",
    [
        field(),
        field((90, 20, 60)),
        noisy(field()),
        (field() * 0.2).astype(np.uint8),
        disc_picture(HEIGHT, WIDTH, [(0, 0), (320, 240)], 200, (40, 10, 60)),
        disc_picture(HEIGHT, WIDTH, [], 40),
        np.zeros((HEIGHT, WIDTH, 3), np.uint8),
        255 - field(),
        with_pointer(),
    ],
)
def test_an_ordinary_field_is_the_whole_picture(picture: NDArray[np.uint8]) -> None:
    assert lit_area(picture).depth_px is None


def test_cells_at_the_rim_are_cut_and_outside_there_are_none() -> None:
    image = shown(disc((240, 320), 200))
    # In the middle; 18 px inside the rim, which a cell of 40 px reaches over; and in the dark.
    boxes = boxes_around([(320, 240), (502, 240), (20, 20)], 40)
    cells = find_cells(field_of(image), ToldDetector(located(boxes)), SlideReference(28.0, CELL))
    assert cells.why_not.tolist()[1] == WhyNot.EDGE
    assert len(cells.boxes) == 2
    assert set(cells.kind) == {ObjectKind.RED_CELL}


def test_what_is_not_lit_is_painted_in_the_colour_of_the_background() -> None:
    painted = NO_CAPTIONS.painted_over(shown(disc((240, 320), 200)))
    assert tuple(painted[5, 5]) == tuple(BACKGROUND)
    np.testing.assert_array_equal(painted[200:280, 280:360], field()[200:280, 280:360])
    assert lit_area(field()).painted_over(painted) is painted


def test_the_lit_part_is_cut_out() -> None:
    light = rectangle(60, 90)
    height, width = lit_area(shown(light)).cropped(shown(light)).shape[:2]
    assert (height, width) == (pytest.approx(360, abs=6), pytest.approx(460, abs=6))
