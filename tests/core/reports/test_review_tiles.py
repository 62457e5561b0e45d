"""Cut-outs, maps and bars that a reader judges cells by: each pixel comes from where it is said to."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.reports.drawing import INK, PAPER
from core.reports.overlays import overlaid
from core.reports.review_tiles import (
    Window,
    cut_out,
    jpeg,
    map_layer,
    mosaic,
    nearest_boxes,
    png,
    scale_bar,
    window_around,
    with_corners,
)


def decoded(file: bytes, flag: int) -> NDArray[np.uint8]:
    """Pixels of an image file, as OpenCV orders their colours."""
    return np.asarray(cv2.imdecode(np.frombuffer(file, np.uint8), flag), np.uint8)


def test_a_window_is_as_many_cell_widths_wide_as_asked_and_has_the_cell_in_its_middle() -> None:
    assert window_around((100.0, 50.0, 20.0, 20.0), 3.0) == Window(80.0, 30.0, 60.0)


def test_the_width_of_an_oblong_cell_is_the_mean_of_its_sides() -> None:
    window = window_around((0.0, 0.0, 40.0, 10.0), 2.0)
    assert window.side == 40.0
    assert (window.left, window.top) == (0.0, -15.0)


def test_a_cut_out_at_full_scale_is_the_field_itself() -> None:
    image = np.random.default_rng(1).integers(0, 256, (40, 50, 3), np.uint8)
    assert np.array_equal(cut_out(image, Window(10, 5, 20), 20), image[5:25, 10:30])


@pytest.mark.parametrize("side_px", [10, 40, 80])
def test_an_edge_in_the_field_lies_at_its_place_in_the_cut_out(side_px: int) -> None:
    image = np.zeros((60, 60, 3), np.uint8)
    image[:, 30:] = 255
    row = cut_out(image, Window(20, 20, 20), side_px)[side_px // 2, :, 0].astype(float)
    # Half of the window is dark and half is light, so the light's share tells where the edge is.
    assert row.mean() / 255 == pytest.approx(0.5, abs=0.5 / side_px)


def test_a_parasite_of_two_pixels_is_still_seen_in_a_cut_out_at_a_tenth() -> None:
    image = np.full((400, 400, 3), 255, np.uint8)
    image[203:205, 203:205] = 0
    assert cut_out(image, Window(0, 0, 400), 40).min() < 250


def test_a_reduced_cut_out_averages_over_what_falls_into_each_of_its_pixels() -> None:
    image = np.random.default_rng(2).integers(0, 256, (400, 400, 3), np.uint8)
    averages = image.reshape(100, 4, 100, 4, 3).mean(axis=(1, 3))
    cut = cut_out(image, Window(80, 120, 200), 50)
    assert np.abs(cut - averages[30:80, 20:70]).max() <= 1


def test_a_reduced_cut_out_is_at_its_place_also_far_from_the_fields_origin() -> None:
    """1 007 pixels reduced tenfold are no whole number: what lies far out must not be shifted by that."""
    image = np.zeros((60, 1007, 3), np.uint8)
    image[:, 950:] = 255
    row = cut_out(image, Window(900, 0, 100), 10)[3, :, 0].astype(float)
    assert row[:5].mean() < 3
    assert row[5:].mean() > 252


def test_only_what_a_window_shows_is_reduced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reducing the whole of a large field took thirty times as long as the cut-out itself."""
    given: list[tuple[int, ...]] = []
    resize = cv2.resize

    def watched(image: NDArray[np.uint8], *more: Any, **named: Any) -> Any:  # noqa: ANN401 - as OpenCV has it
        given.append(image.shape)
        return resize(image, *more, **named)

    monkeypatch.setattr(cv2, "resize", watched)
    cut_out(np.zeros((2000, 3000, 3), np.uint8), Window(1500, 900, 200), 100)
    assert given == [(208, 208, 3)]


@pytest.mark.parametrize("left", [-300.0, 100.0])
def test_a_reduced_window_beside_the_field_is_all_paper(left: float) -> None:
    assert (cut_out(np.zeros((50, 60, 3), np.uint8), Window(left, 0, 200), 40) == PAPER).all()


def test_a_reduced_window_over_the_border_shows_field_and_paper() -> None:
    cut = cut_out(np.zeros((100, 100, 3), np.uint8), Window(-50, -50, 100), 20)
    assert (cut[:9] == PAPER).all()
    assert (cut[:, :9] == PAPER).all()
    assert (cut[11:, 11:] == 0).all()


@pytest.mark.parametrize("side_px", [10, 40])
def test_beyond_the_border_there_is_the_colour_that_was_asked_for(side_px: int) -> None:
    cut = cut_out(np.zeros((30, 30, 3), np.uint8), Window(-10, -10, 20), side_px, (230, 210, 220))
    assert (cut[: side_px // 4] == (230, 210, 220)).all()
    assert (cut[3 * side_px // 4 :, 3 * side_px // 4 :] == 0).all()


def test_beyond_the_border_of_the_field_there_is_paper() -> None:
    image = np.zeros((30, 30, 3), np.uint8)
    cut = cut_out(image, Window(-10, -10, 20), 40)
    assert (cut[:15, :15] == PAPER).all()
    assert (cut[25:, 25:] == 0).all()


def test_the_corners_stand_about_the_cell_and_leave_it_and_the_picture_given_untouched() -> None:
    picture = np.full((240, 240, 3), 128, np.uint8)
    window, box = Window(0, 0, 120), (40.0, 40.0, 40.0, 40.0)
    marked = with_corners(picture, window, box)
    assert (picture == 128).all()
    assert (marked[82:158, 82:158] == 128).all()
    touched = np.argwhere((marked == INK).all(axis=2))
    assert touched.min() == pytest.approx(76, abs=1)
    assert touched.max() == pytest.approx(164, abs=1)


@given(opacity=st.floats(0, 1))
def test_a_layer_laid_over_a_picture_gives_what_the_reports_draw(opacity: float) -> None:
    noise = np.random.default_rng(3).random((48, 48), np.float32)
    values = np.asarray(cv2.GaussianBlur(noise, (0, 0), 4), np.float32)
    picture = np.random.default_rng(4).integers(0, 256, (48, 48, 3), np.uint8)
    layer = map_layer(values, 2.0, 2.0, 48).astype(np.float32)
    alpha = opacity * layer[..., 3:] / 255
    seen = picture * (1 - alpha) + layer[..., :3] * alpha
    assert np.abs(seen - overlaid(picture, values, opacity=opacity)).max() < 2


def test_a_map_narrower_than_the_cut_out_is_transparent_around_and_whole_within() -> None:
    layer = map_layer(np.ones((8, 8), np.float32), 1.0, 2.0, 80)
    assert (layer[20:60, 20:60, 3] == 255).all()
    assert layer[..., 3].sum() == 255 * 40 * 40


@pytest.mark.parametrize(
    "wrong", [np.ones((4, 5), np.float32), np.full((4, 4), 1.2, np.float32), np.full((4, 4), np.nan)]
)
def test_a_map_that_is_none_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="activation_map must"):
        map_layer(wrong, 1.0, 1.0, 10)


@pytest.mark.parametrize(
    ("side", "um_per_pixel", "um"), [(100, 0.1, 2), (100, 0.125, 5), (100, 0.25, 10), (150, 0.05, 2)]
)
def test_the_bar_has_a_round_length_that_takes_at_most_two_fifths(
    side: float, um_per_pixel: float, um: float
) -> None:
    bar = scale_bar(Window(0, 0, side), um_per_pixel)
    assert bar.um == pytest.approx(um)
    assert bar.share == pytest.approx(um / (side * um_per_pixel))


@given(side=st.floats(10, 5000), um_per_pixel=st.floats(0.01, 2))
def test_no_bar_is_longer_than_two_fifths_or_shorter_than_a_fifth_of_that(
    side: float, um_per_pixel: float
) -> None:
    assert 0.4 / 2.5 - 1e-6 <= scale_bar(Window(0, 0, side), um_per_pixel).share <= 0.4 + 1e-6


def test_the_nearest_cells_come_nearest_first_and_no_more_than_asked() -> None:
    boxes = np.array([[90, 0, 10, 10], [20, 0, 10, 10], [50, 0, 10, 10]], np.float32)
    assert nearest_boxes(boxes, (0, 0, 10, 10), 2).tolist() == [1, 2]
    assert nearest_boxes(boxes[:0], (0, 0, 10, 10), 2).tolist() == []


def test_a_mosaic_has_its_pictures_in_rows_and_paper_where_there_is_none() -> None:
    pictures = [np.full((10, 10, 3), level, np.uint8) for level in (10, 20, 30)]
    drawn = mosaic(pictures, columns=2, rows=2, side_px=10, gap_px=2)
    assert drawn.shape == (22, 22, 3)
    assert drawn[0, 0, 0] == 10
    assert drawn[0, 12, 0] == 20
    assert drawn[12, 0, 0] == 30
    assert tuple(drawn[12, 12]) == PAPER
    assert tuple(drawn[11, 11]) == PAPER


@pytest.mark.parametrize(("encode", "channels"), [(jpeg, 3), (png, 4)])
def test_a_picture_that_opencv_cannot_encode_is_an_error_and_no_empty_file(
    monkeypatch: pytest.MonkeyPatch, encode: Callable[[NDArray[np.uint8]], bytes], channels: int
) -> None:
    monkeypatch.setattr(cv2, "imencode", lambda *_: (False, np.zeros(0, np.uint8)))
    with pytest.raises(ValueError, match="cannot encode a picture of shape"):
        encode(np.zeros((4, 4, channels), np.uint8))


def test_grey_levels_are_a_png_of_one_channel() -> None:
    levels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert np.array_equal(decoded(png(levels), cv2.IMREAD_UNCHANGED), levels)


def test_pictures_are_files_with_their_colours_in_the_right_order() -> None:
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 200
    blue, _, seen = decoded(jpeg(red), cv2.IMREAD_COLOR)[8, 8]
    assert seen > 190
    assert blue < 10
    layer = np.dstack([red, np.full((16, 16), 77, np.uint8)])
    assert decoded(png(layer), cv2.IMREAD_UNCHANGED)[0, 0].tolist() == [
        0,
        0,
        200,
        77,
    ]
