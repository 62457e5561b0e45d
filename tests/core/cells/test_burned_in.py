"""Captions: what is dark at one place on every field, and nothing else."""

import time

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.cells.burned_in import (
    DARK_LEVEL,
    FIELDS_NEEDED,
    JOINED_PX,
    LARGEST_SHARE,
    NO_CAPTIONS,
    SMALLEST_PX,
    Box,
    BurnedIn,
    CaptionSearch,
)
from core.cells.located import find_cells
from core.cells.reference import SlideReference
from tests.drawn_cells import BACKGROUND, CELL, ToldDetector, boxes_around, disc_picture, field_of, located


def smear(seed: int, cell: tuple[int, int, int] = CELL) -> NDArray[np.uint8]:
    """Cells at other places for each seed."""
    random = np.random.default_rng(seed)
    centres = [(float(x), float(y)) for x, y in random.uniform(20, 180, (20, 2))]
    return disc_picture(200, 300, centres, 24, cell=cell)


def with_bar(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A scale bar of 60 x 4 pixels, and a letter under its middle."""
    image[150:154, 220:280] = 5
    image[157:165, 248:252] = 5
    return image


def searched(fields: list[NDArray[np.uint8]]) -> BurnedIn:
    search = CaptionSearch()
    for field in fields:
        search.look_at(field)
    return search.result()


def test_a_bar_and_its_caption_are_found_as_one() -> None:
    found = searched([with_bar(smear(seed)) for seed in range(FIELDS_NEEDED)])
    # 4 px of room on each side of columns 220 to 279, rows 150 to 164.
    assert found == BurnedIn(300, 200, ((216, 146, 68, 23),))


def test_on_too_few_fields_nothing_is_called_a_caption() -> None:
    assert searched([with_bar(smear(seed)) for seed in range(FIELDS_NEEDED - 1)]) == NO_CAPTIONS
    assert searched([]) == NO_CAPTIONS


def test_a_bar_on_all_fields_but_one_is_not_the_camera_s() -> None:
    fields = [with_bar(smear(seed)) for seed in range(5)]
    assert searched([*fields, smear(9)]).boxes == ()


def test_cells_however_dark_are_no_captions() -> None:
    assert searched([smear(seed, (60, 20, 40)) for seed in range(FIELDS_NEEDED)]).boxes == ()


def test_the_dark_rim_of_a_round_view_is_no_caption() -> None:
    fields = [smear(seed) for seed in range(FIELDS_NEEDED)]
    for field in fields:
        field[:, :20] = field[:, -20:] = field[:20] = field[-20:] = 0
    assert searched(fields).boxes == ()


def test_a_field_of_another_size_is_passed_over() -> None:
    fields = [with_bar(smear(seed)) for seed in range(FIELDS_NEEDED)]
    assert searched([*fields, np.full((50, 60, 3), 255, np.uint8)]) == searched(fields)


def boxes_one_by_one(dark: NDArray[np.bool_]) -> list[Box]:
    """Captions of a mask, the dark pixels of each counted with a mask of its own: slow, and the oracle."""
    near = cv2.dilate(dark.astype(np.uint8), np.ones((JOINED_PX, JOINED_PX), np.uint8))
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(near)
    boxes = []
    for label, (x, y, across, down, _) in enumerate(statistics.tolist()):
        enough = int(dark[labels == label].sum()) >= SMALLEST_PX
        if label > 0 and enough and across * down <= LARGEST_SHARE * dark.size:
            boxes.append((x, y, across, down))
    return boxes


def fields_dark_at(dark: NDArray[np.bool_]) -> list[NDArray[np.uint8]]:
    field = np.where(dark, DARK_LEVEL - 1, DARK_LEVEL).astype(np.uint8)
    return [np.repeat(field[..., None], 3, axis=2)] * FIELDS_NEEDED


@given(st.integers(0, 2**32 - 1), st.floats(0.0, 0.08), st.integers(1, 6))
def test_captions_are_those_that_a_mask_for_each_would_give(seed: int, share: float, times: int) -> None:
    blots = np.random.default_rng(seed).random((24, 36)) < share
    dark = np.kron(blots, np.ones((times, times), bool))  # of all sizes, some of them near each other
    assert list(searched(fields_dark_at(dark)).boxes) == boxes_one_by_one(dark)


def test_thousands_of_specks_are_counted_without_a_look_at_the_whole_picture_for_each() -> None:
    dark = np.zeros((1600, 2400), bool)
    for row in range(5):
        for column in range(5):
            dark[row::20, column::20] = True  # 9 600 of 5 x 5 pixels, 20 apart
    begun = time.process_time()
    found = searched(fields_dark_at(dark))
    assert len(found.boxes) == 9_600
    assert time.process_time() - begun < 5  # .3 s; with a mask for each 10 s


@pytest.mark.parametrize(
    ("box", "covered"),
    [
        ((10, 10, 20, 20), False),
        ((90, 40, 20, 20), True),
        ((80, 30, 20, 20), False),  # touches the corner and shares nothing
        ((81, 31, 20, 20), True),
        ((150, 50, 20, 20), False),
    ],
)
def test_a_cell_that_reaches_into_a_caption_is_covered(box: tuple[int, int, int, int], covered: bool) -> None:
    burned_in = BurnedIn(300, 200, ((100, 50, 50, 10),))
    assert burned_in.covers(np.array([box], np.float32), 300, 200).tolist() == [covered]
    assert burned_in.covers(np.array([box], np.float32), 640, 480).tolist() == [False]


def test_a_covered_cell_is_located_and_does_not_count() -> None:
    image = with_bar(disc_picture(200, 300, [(60, 60), (250, 150)], 24))
    reference = SlideReference(28.0, CELL, burned_in=BurnedIn(300, 200, ((216, 146, 68, 23),)))
    detector = ToldDetector(located(boxes_around([(60, 60), (250, 150)], 28)))
    assert find_cells(field_of(image), detector, reference).why_not.tolist() == ["", "covered"]


def test_what_a_caption_covers_is_painted_in_the_colour_of_the_background_and_nothing_else_is() -> None:
    image = with_bar(disc_picture(200, 300, [(60, 60), (250, 150)], 24))
    before = image.copy()
    painted = BurnedIn(300, 200, ((216, 146, 68, 23),)).painted_over(image)
    assert (painted[146:169, 216:284] == BACKGROUND).all()
    rest = np.ones((200, 300), bool)
    rest[146:169, 216:284] = False
    np.testing.assert_array_equal(painted[rest], image[rest])
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("burned_in", [NO_CAPTIONS, BurnedIn(640, 480, ((10, 10, 20, 20),))])
def test_a_field_without_captions_or_of_another_size_is_shown_as_it_is(burned_in: BurnedIn) -> None:
    image = smear(0)
    np.testing.assert_array_equal(burned_in.painted_over(image), smear(0))
