"""The detector: what an answer means, and that tiles put together are the whole."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torchvision.ops import nms

from core.cells.detection import DETECTOR_CELL_DIAMETER_PX, Cells, ObjectKind
from datasets.detection import target_maps
from models.detector import (
    GRID_PX,
    PLANES,
    SCORE_FLOOR,
    Detector,
    decode,
    white_balanced,
    without_doubles,
)
from models.detector_network import answer_of
from tests.models.test_detector_network import lively_network, texture

CPU = torch.device("cpu")
Planes = NDArray[np.float32]


def empty_answer(rows: int = 8, columns: int = 10) -> tuple[Planes, Planes, Planes, Planes]:
    """An answer, and its planes of centres, sizes and offsets, to write into."""
    answer = np.zeros((PLANES, rows, columns), np.float32)
    return answer, answer[:3], answer[3:5], answer[5:]


@pytest.mark.parametrize("tile_px", [64, 160, 256, 304])
def test_a_tiled_field_gives_the_objects_of_the_whole(tile_px: int) -> None:
    image = texture(330, 478)
    whole = Detector(answer_of(lively_network(), CPU), tile_px=2048).locate(image)
    tiled = Detector(answer_of(lively_network(), CPU), tile_px=tile_px).locate(image)
    assert len(whole) > 100
    assert len(np.unique(whole.kind)) == 3
    assert len(tiled) == len(whole)
    np.testing.assert_array_equal(tiled.kind, whole.kind)
    np.testing.assert_allclose(tiled.boxes, whole.boxes, atol=1e-2)
    np.testing.assert_allclose(tiled.detection_score, whole.detection_score, atol=1e-4)


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (16, 16), (100, 3), (129, 250)])
def test_images_of_any_size_are_taken(shape: tuple[int, int]) -> None:
    cells = Detector(answer_of(lively_network(), CPU)).locate(texture(*shape))
    middles = cells.boxes[:, :2] + cells.boxes[:, 2:] / 2
    assert np.isfinite(cells.boxes).all()
    # Outputs lie on the grid, which may reach over the picture, and point a little beside themselves.
    assert (middles > -GRID_PX).all()
    assert (middles < np.array(shape[::-1]) + 2 * GRID_PX).all()


def test_padding_to_the_grid_repeats_the_border() -> None:
    """A picture whose last row and column are repeated already is seen the same."""
    image = texture(82, 100)
    repeated = np.pad(image, ((0, 14), (0, 12), (0, 0)), mode="edge")
    # White balance goes by the brightest twentieth, which is white in both.
    image[:24, :40] = repeated[:24, :40] = 255
    padded, whole = (Detector(answer_of(lively_network(), CPU)).locate(each) for each in (image, repeated))
    assert len(padded) > 10
    np.testing.assert_allclose(padded.boxes, whole.boxes, atol=1e-2)


def test_a_peak_by_hand() -> None:
    answer, heat, size, offset = empty_answer()
    heat[ObjectKind.WHITE_CELL, 3, 5] = 0.8
    size[:, 3, 5] = np.log([2.0, 0.5])
    offset[:, 3, 5] = 0.25, 0.75
    cells = decode(answer)
    # Centre x 4 (5 + 0.25) = 21, y 4 (3 + 0.75) = 15; sides 56 and 14.
    np.testing.assert_allclose(cells.boxes, [[21 - 28, 15 - 7, 56, 14]], rtol=1e-5)
    assert cells.kind.tolist() == [ObjectKind.WHITE_CELL]
    assert cells.detection_score.tolist() == [pytest.approx(0.8)]


def test_only_the_top_of_a_hill_is_an_object() -> None:
    answer, heat, _size, _offset = empty_answer()
    heat[0, 2:5, 2:5] = 0.5
    heat[0, 3, 3] = 0.6
    assert decode(answer).detection_score.tolist() == [pytest.approx(0.6)]


def test_nothing_below_the_floor_is_an_object() -> None:
    answer, heat, _size, _offset = empty_answer()
    heat[0, 3, 3] = SCORE_FLOOR - 1e-3
    heat[1, 6, 8] = SCORE_FLOOR + 1e-3
    assert decode(answer).kind.tolist() == [ObjectKind.WHITE_CELL]


def test_one_place_holds_one_object_of_the_surer_kind() -> None:
    answer, heat, _size, _offset = empty_answer()
    heat[ObjectKind.RED_CELL, 3, 3] = 0.6
    heat[ObjectKind.WHITE_CELL, 3, 4] = 0.9
    cells = decode(answer)
    assert cells.kind.tolist() == [ObjectKind.WHITE_CELL]


def test_neighbours_that_share_less_than_half_are_two() -> None:
    answer, heat, _size, _offset = empty_answer()
    # 28 px wide and 12 px apart: 16 / (2 * 28 - 16) = 0.4 of their union is shared; 8 px apart, 0.56.
    heat[0, 3, 2], heat[0, 3, 5] = 0.9, 0.8
    assert len(decode(answer)) == 2
    heat[0, 3, 5], heat[0, 3, 4] = 0.0, 0.8
    assert len(decode(answer)) == 1


def test_a_platelet_on_a_red_cell_stays() -> None:
    answer, heat, size, _offset = empty_answer()
    heat[ObjectKind.RED_CELL, 3, 3], heat[ObjectKind.PLATELET, 3, 4] = 0.9, 0.7
    size[:, 3, 4] = np.log(0.3)
    assert sorted(decode(answer).kind.tolist()) == [ObjectKind.RED_CELL, ObjectKind.PLATELET]


def test_objects_come_in_reading_order() -> None:
    answer, heat, _size, _offset = empty_answer(40, 40)
    for row, column, score in [(30, 5, 0.9), (5, 30, 0.5), (5, 5, 0.7), (30, 30, 0.6)]:
        heat[0, row, column] = score
    assert decode(answer).detection_score.tolist() == pytest.approx([0.7, 0.5, 0.9, 0.6])


def test_a_wild_size_is_held_within_reason() -> None:
    answer, heat, size, _offset = empty_answer()
    heat[0, 3, 3] = 0.9
    size[:, 3, 3] = 50.0, -50.0
    np.testing.assert_allclose(
        decode(answer).boxes[0, 2:], DETECTOR_CELL_DIAMETER_PX * np.exp([2, -2]), rtol=1e-5
    )


def test_maps_without_peaks_give_no_objects() -> None:
    cells = decode(empty_answer()[0])
    assert isinstance(cells, Cells)
    assert cells.boxes.shape == (0, 4)


@given(st.data())
def test_targets_decode_to_the_boxes_they_were_made_of(data: st.DataObject) -> None:
    """What training asks for is what scoring reads."""
    places = data.draw(st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=8))
    near = st.floats(-8, 8, width=32)
    side = st.floats(16, 40, width=32)
    boxes = np.array(
        [
            (
                50 * column + 28 + data.draw(near),
                50 * row + 28 + data.draw(near),
                data.draw(side),
                data.draw(side),
            )
            for row, column in sorted(places)
        ],
        np.float32,
    )
    kind = np.array([data.draw(st.sampled_from(ObjectKind)) for _ in boxes], np.uint8)
    heat, size, offset, _, _ = target_maps(boxes, kind)
    cells = decode(np.concatenate([heat, size, offset]))
    assert len(cells) == len(boxes)
    middles = cells.boxes[:, :2] + cells.boxes[:, 2:] / 2
    nearest = np.linalg.norm(middles[:, None] - boxes[None, :, :2], axis=2).argmin(axis=0)
    np.testing.assert_allclose(middles[nearest], boxes[:, :2], atol=1e-3)
    np.testing.assert_allclose(cells.boxes[nearest, 2:], boxes[:, 2:], rtol=1e-4)
    assert cells.kind[nearest].tolist() == kind.tolist()
    assert cells.detection_score.tolist() == [1.0] * len(boxes)


def test_the_lamp_s_tint_is_taken_away() -> None:
    field = np.full((80, 80, 3), 200, np.uint8)
    field[20:40, 20:40] = (150, 90, 120)
    tinted = np.rint(field * np.array([0.95, 0.8, 0.7])).astype(np.uint8)
    plain, balanced = white_balanced(field), white_balanced(tinted)
    assert np.abs(plain[0, 0].astype(int) - 230).max() <= 1
    assert np.abs(plain.astype(int) - balanced).max() <= 2


def test_balancing_brightens_within_limits_and_never_wraps_round() -> None:
    dark = np.full((40, 40, 3), 8, np.uint8)
    dark[0, 1] = 255
    balanced = white_balanced(dark)
    # The gain is held at 230 / 32, also where nothing is bright.
    assert balanced[5, 5].tolist() == [round(8 * 230 / 32)] * 3
    assert balanced[0, 1].tolist() == [255] * 3


def test_doubles_are_suppressed_as_torchvision_does_it() -> None:
    random = np.random.default_rng(5)
    corner = random.uniform(0, 200, (300, 2))
    corners = np.concatenate([corner, corner + random.uniform(15, 40, (300, 2))], axis=1).astype(np.float32)
    score = random.uniform(0.3, 1, 300).astype(np.float32)
    expected = nms(torch.from_numpy(corners), torch.from_numpy(score), 0.5)
    assert sorted(without_doubles(corners, score)) == sorted(expected.tolist())
    assert len(without_doubles(corners[:0], score[:0])) == 0
