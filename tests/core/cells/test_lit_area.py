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
from tests.drawn_cells import (
    BACKGROUND,
    CELL,
    NarrowDetector,
    ToldDetector,
    boxes_around,
    disc_picture,
    field_of,
    located,
)

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


def noisy(picture: NDArray[np.uint8], levels: float = 3) -> NDArray[np.uint8]:
    noise = np.random.default_rng(0).normal(0, levels, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def with_pointer() -> NDArray[np.uint8]:
    picture = field()
    cv2.line(picture, (WIDTH, HEIGHT), (520, 330), (5, 5, 5), 12)
    return picture


ISOLATED = [(x, y) for y in range(100, 960, 160) for x in range(760, 1280, 110)]
"""30 cells."""


def half_empty(
    isolated: list[tuple[int, int]], level: int = 255, noise: float = 1, diameter: int = 44
) -> NDArray[np.uint8]:
    """A thick part on the left, in which all cells touch, and isolated cells on flat ground on the right."""
    thick = [(x, y) for y in range(0, 990, 34) for x in range(0, 640, 34)]
    picture = disc_picture(960, 1280, [*thick, *isolated], diameter, background=(level,) * 3)
    grain = cv2.GaussianBlur(np.random.default_rng(1).normal(0, 60, (960, 640)), (0, 0), 3)
    picture[:, :640] = np.clip(picture[:, :640] + grain[..., None], 0, 255)
    return noisy(picture, noise)


@pytest.mark.parametrize(
    "picture",
    [
        field(),
        *(half_empty(ISOLATED, level, noise) for level in (255, 240) for noise in (1, 4)),
        half_empty(ISOLATED[:1]),
        half_empty([(1275, 955)]),
        half_empty(ISOLATED, diameter=40)[::-1, ::-1],
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


def test_on_flat_bright_ground_cells_are_found_beside_a_thick_part() -> None:
    reference = SlideReference(44.0, CELL)
    cells = find_cells(field_of(half_empty(ISOLATED)), NarrowDetector(), reference)
    assert (cells.why_not == WhyNot.EVALUABLE).sum() == len(ISOLATED)


def test_in_a_bright_surround_nothing_is_painted_over_or_dropped_but_taken_for_cut() -> None:
    image = half_empty([])
    area = lit_area(image)
    assert share(area) == pytest.approx(0.5, abs=0.02)
    assert area.painted_over(image) is image
    boxes = boxes_around([(1000, 500), (300, 500)], 44)
    cells = find_cells(
        field_of(image), ToldDetector(located(boxes, score=0.9), 44.0), SlideReference(44.0, CELL)
    )
    assert [str(why) == WhyNot.EDGE for why in cells.why_not] == [True, False]


def test_small_letters_in_a_bar_are_no_cells() -> None:
    picture = np.full((960, 1280, 3), 255, np.uint8)
    picture[200:] = np.tile(field(), (2, 2, 1))[200:]
    cv2.putText(picture, "12:34", (900, 120), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (60, 60, 60), 1)
    assert share(lit_area(picture)) == pytest.approx(760 / 960, abs=0.01)


def test_the_dark_is_painted_in_the_colour_of_the_background() -> None:
    painted = NO_CAPTIONS.painted_over(shown(disc((240, 320), 200)))
    assert tuple(painted[5, 5]) == tuple(BACKGROUND)
    np.testing.assert_array_equal(painted[200:280, 280:360], field()[200:280, 280:360])
    assert lit_area(field()).painted_over(painted) is painted


def test_the_lit_part_is_cut_out() -> None:
    light = rectangle(60, 90)
    height, width = lit_area(shown(light)).cropped(shown(light)).shape[:2]
    assert (height, width) == (pytest.approx(360, abs=6), pytest.approx(460, abs=6))
