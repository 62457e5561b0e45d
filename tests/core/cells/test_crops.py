"""Crops: one cell width, one colour, one background, whatever the field looked like."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.cells.crops import (
    CELLS_FOR_A_COLOUR,
    CROP_CELL_DIAMETER_PX,
    CROP_SIZE_PX,
    GREY,
    SURROUNDED_CELL_DIAMETER_PX,
    SURROUNDED_SIZE_PX,
    background_colour,
    cell_colour,
    cut_crops,
    densities,
    disk_masks,
    field_colour,
    green_crops,
    normalise,
    raw_crops,
    surrounded_crops,
)
from tests.drawn_cells import BACKGROUND, CELL, boxes_around, disc_picture, grid_centres

levels = st.integers(0, 255)


def dark_extent(crop: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """Centre x, y, width and height of the dark region, from its moments as an ellipse's."""
    weight = (BACKGROUND[1] - crop[..., 1].astype(float)) / (BACKGROUND[1] - CELL[1])
    rows, columns = np.mgrid[: len(crop), : len(crop)] + 0.5
    x, y = (weight * columns).sum() / weight.sum(), (weight * rows).sum() / weight.sum()
    width = 4 * np.sqrt((weight * (columns - x) ** 2).sum() / weight.sum())
    height = 4 * np.sqrt((weight * (rows - y) ** 2).sum() / weight.sum())
    return x, y, width, height


@pytest.mark.parametrize("diameter_px", [18, 40, 90, 150])
@pytest.mark.parametrize("centre", [(150.0, 130.0), (151.3, 128.6)])
def test_a_cell_comes_out_at_one_width_in_the_middle(diameter_px: float, centre: tuple[float, float]) -> None:
    side = diameter_px / 0.86
    image = disc_picture(260, 300, [centre], diameter_px)
    (crop,) = raw_crops(image, boxes_around([centre], side))
    x, y, width, height = dark_extent(crop)
    assert width == pytest.approx(0.86 * CROP_CELL_DIAMETER_PX, abs=1.5)
    assert height == pytest.approx(0.86 * CROP_CELL_DIAMETER_PX, abs=1.5)
    # Windows start on whole pixels of the field: half of one may be lost, which is more on small cells.
    pixel = CROP_CELL_DIAMETER_PX / side
    assert (x, y) == pytest.approx((CROP_SIZE_PX / 2, CROP_SIZE_PX / 2), abs=0.3 + pixel)


def test_an_oval_cell_keeps_its_proportions() -> None:
    image = disc_picture(200, 200, [(100, 100)], (60, 45))
    (crop,) = raw_crops(image, boxes_around([(100, 100)], (72, 54)))
    _, _, width, height = dark_extent(crop)
    assert width / height == pytest.approx(60 / 45, rel=0.03)
    assert np.sqrt(width * height) == pytest.approx(CROP_CELL_DIAMETER_PX * 60 / 72, rel=0.03)


def test_a_larger_crop_shows_the_same_cell_with_more_around_it() -> None:
    image = disc_picture(300, 300, [(150, 150)], 84)
    boxes = boxes_around([(150, 150)], 84)
    small, large = raw_crops(image, boxes)[0], raw_crops(image, boxes, 60)[0]
    assert dark_extent(large)[2] == pytest.approx(dark_extent(small)[2], abs=0.2)
    assert np.abs(large[6:54, 6:54].astype(int) - small).max() <= 3


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        # Of 16 pixels, one in each square of eight, the brightest fifth by green are the last four.
        (np.arange(32, dtype=np.uint8)[None, :, None] * np.ones((32, 1, 3), np.uint8), (24, 24, 24)),
        (disc_picture(200, 300, grid_centres(200, 300, 40), 30), BACKGROUND),
    ],
)
def test_the_background_is_the_middle_of_the_brightest_fifth(
    image: NDArray[np.uint8], expected: tuple[int, int, int]
) -> None:
    assert background_colour(image) == expected


def test_the_background_is_seen_between_crowded_cells_whatever_a_bright_speck_shows() -> None:
    image = disc_picture(400, 400, grid_centres(400, 400, 40), 38)  # seven tenths are cell
    image[:40, :40] = 255
    assert background_colour(image) == BACKGROUND


def test_beyond_the_border_lies_background_and_what_is_inside_stays() -> None:
    image = disc_picture(160, 200, [(0, 80)], 42)
    boxes = boxes_around([(0, 80)], 42)
    (crop,) = raw_crops(image, boxes)
    # A box as wide as cells are in crops is cut pixel by pixel, 24 to each side of its middle.
    assert (crop[:, :24] == BACKGROUND).all()
    np.testing.assert_array_equal(crop[:, 24:], image[56:104, :24])
    (paper,) = raw_crops(image, boxes, beyond=(1, 2, 3))
    assert (paper[:, :24] == (1, 2, 3)).all()
    np.testing.assert_array_equal(paper[:, 24:], crop[:, 24:])


@pytest.mark.parametrize(
    ("centre", "beyond", "inside"),
    [
        ((0, 90), np.s_[:, :23], (24, 26)),
        ((90, 0), np.s_[:23], (26, 24)),
        ((180, 90), np.s_[:, 25:], (24, 21)),
        ((90, 180), np.s_[25:], (21, 24)),
    ],
)
def test_a_cell_that_any_border_cuts_makes_no_streaks_beyond_it(
    centre: tuple[int, int], beyond: tuple[slice, ...], inside: tuple[int, int]
) -> None:
    (crop,) = raw_crops(disc_picture(180, 180, [centre], 60), boxes_around([centre], 60))
    assert (crop[beyond] == BACKGROUND).all()
    assert (crop[inside] == CELL).all()


def test_of_a_cell_beyond_the_picture_there_is_background_alone() -> None:
    image = disc_picture(100, 100, [(50, 50)], 42)
    crops = raw_crops(image, boxes_around([(-80, 50), (50, 300)], 42))
    assert (crops == BACKGROUND).all()


@pytest.mark.parametrize("diameter_px", [20, 42, 75])
def test_green_crops_are_the_green_of_crops_also_beyond_the_border(diameter_px: int) -> None:
    centres = [(50, 50), (0, 50), (99, 99)]
    image = disc_picture(100, 100, centres, diameter_px)
    image[::3] //= 2
    boxes = boxes_around(centres, diameter_px)
    np.testing.assert_array_equal(green_crops(image, boxes), raw_crops(image, boxes)[..., 1])


@given(st.floats(-60, 110), st.floats(-60, 90), st.floats(1, 150))
def test_boxes_anywhere_and_of_any_size_give_crops_of_one_colour_pictures(
    x: float, y: float, side: float
) -> None:
    image = np.full((60, 90, 3), (10, 20, 30), np.uint8)
    crops = raw_crops(image, np.array([[x, y, side, side]], np.float32))
    assert crops.shape == (1, CROP_SIZE_PX, CROP_SIZE_PX, 3)
    assert (crops == (10, 20, 30)).all()


def test_each_crop_depends_on_its_own_box_only() -> None:
    image = disc_picture(200, 300, [(60, 60), (180, 120)], 50)
    boxes = np.concatenate([boxes_around([(60, 60)], 56), boxes_around([(290, 190)], 80)])
    together = raw_crops(image, boxes)
    for box, crop in zip(boxes, together, strict=True):
        np.testing.assert_array_equal(raw_crops(image, box[None])[0], crop)


def test_no_boxes_give_no_crops() -> None:
    assert raw_crops(np.zeros((9, 9, 3), np.uint8), np.empty((0, 4), np.float32)).shape == (0, 48, 48, 3)


def test_the_mask_is_the_ellipse_that_the_box_inscribes() -> None:
    round_mask, oval_mask = disk_masks(np.array([[5, 5, 30, 30], [0, 0, 50, 40]], np.float32))
    assert round_mask.sum() == pytest.approx(np.pi / 4 * 42**2, rel=0.01)
    assert round_mask[24].sum() == 42
    # Sides 50 and 40 have the geometric mean 44.7, which becomes 42: 46.96 across and 37.57 down.
    assert oval_mask[24].sum() == 46
    assert oval_mask[:, 24].sum() == 38
    assert oval_mask.sum() == pytest.approx(np.pi / 4 * 46.96 * 37.57, rel=0.01)
    wide = disk_masks(np.array([[5, 5, 30, 30]], np.float32), 60, margin=1.2)[0]
    assert wide.sum() == pytest.approx(np.pi / 4 * (1.2 * 42) ** 2, rel=0.01)


def test_a_mask_holds_the_cell_and_little_else() -> None:
    image = disc_picture(200, 200, [(100, 100)], (60, 45))
    boxes = boxes_around([(100, 100)], (60, 45))
    dark = raw_crops(image, boxes)[0, :, :, 1] < (BACKGROUND[1] + CELL[1]) / 2
    assert (dark != disk_masks(boxes)[0]).mean() < 0.03


def test_a_parasite_does_not_move_the_colour_of_the_cells() -> None:
    crops = np.full((4, 48, 48, 3), CELL, np.uint8)
    crops[:, 20:28, 20:28] = (60, 20, 90)
    crops[:, :2] = BACKGROUND
    masks = disk_masks(boxes_around([(0, 0)] * 4, 30))
    assert cell_colour(crops, masks) == CELL


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_the_colour_is_the_median_of_each_channel(seed: int, pixels: int) -> None:
    draw = np.random.default_rng(seed)
    crops = draw.integers(0, 256, (1, 1, pixels, 3), np.uint8)
    masks = np.ones((1, 1, pixels), bool)
    assert cell_colour(crops, masks) == tuple(np.median(crops.reshape(-1, 3), axis=0))


def test_a_colour_cannot_be_taken_from_nothing() -> None:
    with pytest.raises(ValueError, match="no cell pixel"):
        cell_colour(np.zeros((2, 48, 48, 3), np.uint8), np.zeros((2, 48, 48), bool))


def test_a_field_of_few_cells_takes_the_colour_of_its_slide() -> None:
    crops = np.full((CELLS_FOR_A_COLOUR, 48, 48, 3), CELL, np.uint8)
    masks = disk_masks(boxes_around([(0, 0)] * CELLS_FOR_A_COLOUR, 30))
    assert field_colour(crops[1:], masks[1:], (1.0, 2.0, 3.0)) == (1.0, 2.0, 3.0)
    assert field_colour(crops, masks, (1.0, 2.0, 3.0)) == CELL


def test_the_colour_of_a_field_of_many_cells_is_that_of_all_of_them() -> None:
    shade = np.linspace(-30, 30, 500).astype(int)
    crops = np.broadcast_to((np.array(CELL) + shade[:, None])[:, None, None], (500, 48, 48, 3))
    masks = disk_masks(boxes_around([(0, 0)] * 500, 30))
    assert field_colour(crops.astype(np.uint8), masks, (1.0, 2.0, 3.0)) == pytest.approx(CELL, abs=1)


def levels_of(values: list[int] | range, reference: float) -> list[int]:
    """What single levels become where the typical cell has the level `reference`."""
    crops = np.array(values, np.uint8).reshape(1, 1, -1, 1).repeat(3, axis=3)
    result = normalise(crops, np.ones(crops.shape[:3], bool), np.full(3, reference, np.float32))
    return [int(level) for level in result[0, 0, :, 0]]


@given(st.tuples(levels, levels, levels))
def test_the_reference_colour_becomes_grey_exactly(colour: tuple[int, int, int]) -> None:
    crops = np.full((2, 8, 8, 3), colour, np.uint8)
    result = normalise(crops, np.ones((2, 8, 8), bool), np.array(colour, np.float32))
    assert (result == GREY).all()


@given(st.tuples(levels, levels, levels), st.tuples(levels, levels, levels))
def test_outside_the_mask_everything_is_grey(colour: tuple[int, ...], reference: tuple[int, ...]) -> None:
    crops = np.full((1, 8, 8, 3), colour, np.uint8)
    mask = np.zeros((1, 8, 8), bool)
    mask[0, 2, 3] = True
    result = normalise(crops, mask, np.array(reference, np.float32))
    assert (result[~mask] == GREY).all()


def test_levels_by_hand() -> None:
    # 6 is added: a half, all and twice of 100 are 56 ln 2 = 38.8 levels apart; 261 is 53.7 above 100.
    assert levels_of([44, 94, 194, 255], reference=94) == [89, GREY, 167, 182]


def test_each_channel_has_its_own_reference() -> None:
    crops = np.full((1, 1, 1, 3), 94, np.uint8)
    result = normalise(crops, np.ones((1, 1, 1), bool), np.array([44, 94, 194], np.float32))
    assert result.ravel().tolist() == [167, GREY, 89]


@given(st.floats(0, 255))
def test_levels_keep_their_order_and_do_not_wrap_round(reference: float) -> None:
    found = levels_of(range(256), reference)
    assert found == sorted(found)
    assert found[int(reference)] <= GREY <= found[min(255, int(reference) + 1)]


@given(st.integers(45, 127), st.floats(80, 220))
def test_what_takes_half_the_light_takes_the_same_number_of_levels_off_any_cell(
    dark: int, reference: float
) -> None:
    # A parasite on a pale or a dark cell, or a slide stained more strongly: 56 ln 2 = 38.8 levels.
    half, whole = levels_of([dark, 2 * dark], reference)
    assert whole - half == pytest.approx(38.8, abs=4.5)


def test_crops_of_several_slides_each_have_their_own_reference() -> None:
    crops = np.stack([np.full((4, 4, 3), 80, np.uint8), np.full((4, 4, 3), 120, np.uint8)])
    result = normalise(crops, np.ones((2, 4, 4), bool), np.array([[80] * 3, [120] * 3], np.float32))
    assert (result == GREY).all()


@pytest.mark.parametrize("lamp", [(0.8, 0.9, 1.0), (1.05, 1.0, 0.7), (0.6, 0.6, 0.6)])
def test_another_lamp_leaves_the_normalised_crops_as_they_were(lamp: tuple[float, float, float]) -> None:
    centres = [(60.0, 60.0), (150.0, 70.0), (90.0, 150.0)]
    image = disc_picture(200, 200, centres, 50)
    image[55:63, 58:66] = (90, 50, 110)
    other = np.clip(np.rint(image * np.array(lamp)), 0, 255).astype(np.uint8)
    boxes = boxes_around(centres, 56)
    masks = disk_masks(boxes)
    crops = [cut_crops(each, boxes, cell_colour(raw_crops(each, boxes), masks)) for each in (image, other)]
    difference = np.abs(crops[0].astype(int) - crops[1])
    # A level is rounded three times: under the lamp, in the window, and in the reference.
    assert difference.max() <= 4
    assert difference.mean() < 0.6
    assert np.abs(image.astype(int) - other).max() > 10


def test_densities_are_what_normalising_shows_inside_its_masks() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), np.uint8)
    colours, masks = (
        np.array([CELL, BACKGROUND, (5, 90, 250)], np.float32),
        disk_masks(boxes_around([(0, 0)] * 3, 30)),
    )
    shown = densities(crops, colours)
    np.testing.assert_array_equal(normalise(crops, masks, colours)[masks], shown[masks])
    assert (shown[~masks] != GREY).any()


def test_a_surrounded_crop_shows_the_cell_grey_and_what_lies_around_it_as_bright_as_it_is() -> None:
    image = disc_picture(300, 300, [(150, 150), (150, 200)], 40)
    (crop,) = surrounded_crops(image, boxes_around([(150, 150)], 40), CELL)
    assert crop.shape == (SURROUNDED_SIZE_PX, SURROUNDED_SIZE_PX, 3)
    middle, scale = SURROUNDED_SIZE_PX // 2, SURROUNDED_CELL_DIAMETER_PX / 40
    assert (crop[middle, middle] == GREY).all()
    (background,) = densities(np.array(BACKGROUND, np.uint8).reshape(1, 1, 1, 3), np.array(CELL))[0]
    assert (crop[2, 2] == background).all()
    cell_px = (crop[middle] < background - 5).all(axis=1).sum()
    assert cell_px == pytest.approx(40 * scale, abs=2)
    # The neighbour begins 30 px below the middle of the cell: 42 px on the crop, of the 48 that it shows.
    assert (crop[middle + round(30 * scale) + 2, middle] == GREY).all()
    assert (crop[middle + round(25 * scale), middle] == background).all()


def test_what_a_surrounded_crop_shows_of_beyond_the_border_is_background() -> None:
    image = disc_picture(200, 200, [(100, 5)], 40)
    (crop,) = surrounded_crops(image, boxes_around([(100, 5)], 40), CELL)
    (background,) = densities(np.array(BACKGROUND, np.uint8).reshape(1, 1, 1, 3), np.array(CELL))[0]
    # The border lies 5 px above the middle of the cell: 7 px on the crop.
    assert (crop[: SURROUNDED_SIZE_PX // 2 - 9] == background).all()
    assert (crop[SURROUNDED_SIZE_PX // 2, SURROUNDED_SIZE_PX // 2] == GREY).all()
