"""The detector: what maps mean, what a tile must see, and that tiles put together are the whole."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn
from torchvision.ops import nms

from core.cells.detection import DETECTOR_CELL_DIAMETER_PX, STRIDE_PX, Cells, ObjectKind
from datasets.detection import target_maps
from models.detector import (
    GRID_PX,
    HALO_PX,
    SCORE_FLOOR,
    Detector,
    DetectorNetwork,
    as_input,
    decode,
    white_balanced,
    without_doubles,
)

CPU = torch.device("cpu")


def lively_network() -> DetectorNetwork:
    """Random weights whose maps have peaks and dips everywhere, and boxes about as large as cells."""
    torch.manual_seed(0)
    network = DetectorNetwork().eval()
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
    with torch.no_grad():
        out = torch.cat(network(as_input(texture(128, 128, seed=9)[None])), dim=1)
        wanted = torch.tensor([2.0] * len(ObjectKind) + [0.2] * 2 + [0.5] * 2)
        scale = wanted / out.std(dim=(0, 2, 3))
        network.head.get_parameter("1.weight").mul_(scale[:, None, None, None])
        network.head.get_parameter("1.bias").zero_()
    return network


def everywhere_open_network() -> DetectorNetwork:
    """Positive weights: every pixel within reach of an output moves it, as no ReLU is shut."""
    network = DetectorNetwork().eval()
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.constant_(module.weight, 1 / module.weight[0].numel())
    return network


def texture(height_px: int, width_px: int, seed: int = 0) -> NDArray[np.uint8]:
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (-(-height_px // 6), -(-width_px // 6), 3))
    return np.asarray(coarse.repeat(6, axis=0).repeat(6, axis=1)[:height_px, :width_px], np.uint8)


def empty_maps(rows: int = 8, columns: int = 10) -> tuple[Tensor, Tensor, Tensor]:
    return torch.zeros(3, rows, columns), torch.zeros(2, rows, columns), torch.zeros(2, rows, columns)


@pytest.mark.parametrize("tile_px", [64, 160, 256, 304])
def test_a_tiled_field_gives_the_objects_of_the_whole(tile_px: int) -> None:
    image = texture(330, 478)
    whole = Detector(lively_network(), CPU, tile_px=2048).locate(image)
    tiled = Detector(lively_network(), CPU, tile_px=tile_px).locate(image)
    assert len(whole) > 100
    assert len(np.unique(whole.kind)) == 3
    assert len(tiled) == len(whole)
    np.testing.assert_array_equal(tiled.kind, whole.kind)
    np.testing.assert_allclose(tiled.boxes, whole.boxes, atol=1e-2)
    np.testing.assert_allclose(tiled.detection_score, whole.detection_score, atol=1e-4)


@pytest.mark.parametrize("row", range(4))
@pytest.mark.parametrize("column", [0, 3])
def test_the_halo_covers_all_that_an_output_depends_on(row: int, column: int) -> None:
    """Of a block of the coarsest grid, the outermost outputs see furthest: all must stay within the halo."""
    network = everywhere_open_network()
    image = torch.ones(1, 3, 400, 400, requires_grad=True)
    block = 192
    out = network(image).heat[0, 0, block // STRIDE_PX + row, block // STRIDE_PX + column]
    out.backward()
    assert image.grad is not None
    rows, columns = np.nonzero(image.grad[0].abs().sum(dim=0).numpy())
    for seen in (rows, columns):
        assert block - HALO_PX <= seen.min() < block
        assert block + GRID_PX <= seen.max() < block + GRID_PX + HALO_PX


def test_a_pixel_beyond_the_halo_changes_nothing_and_one_within_reach_does() -> None:
    network = everywhere_open_network().double()
    image = torch.ones(1, 3, 256, 512, dtype=torch.float64)
    with torch.inference_mode():
        before = network(image).heat
        image[0, :, 100, 300] += 1e6
        change = (network(image).heat - before).abs()[0, 0].amax(dim=0)
    reached = np.nonzero(change.numpy())[0] * STRIDE_PX
    assert reached.min() >= 300 - HALO_PX - GRID_PX
    assert reached.max() <= 300 + HALO_PX
    # The reach is not far below the halo either: a much smaller halo would be wrong.
    assert reached.min() < 300 - 0.8 * HALO_PX


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (16, 16), (100, 3), (129, 250)])
def test_images_of_any_size_are_taken(shape: tuple[int, int]) -> None:
    cells = Detector(lively_network(), CPU).locate(texture(*shape))
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
    padded, whole = (Detector(lively_network(), CPU).locate(each) for each in (image, repeated))
    assert len(padded) > 10
    np.testing.assert_allclose(padded.boxes, whole.boxes, atol=1e-2)


def test_the_network_s_maps_have_a_quarter_of_the_resolution() -> None:
    maps = DetectorNetwork().eval()(torch.zeros(2, 3, 64, 96))
    assert maps.heat.shape == (2, len(ObjectKind), 16, 24)
    assert maps.size.shape == maps.offset.shape == (2, 2, 16, 24)


def test_an_untrained_network_expects_few_centres() -> None:
    maps = DetectorNetwork().eval()(as_input(texture(64, 64)[None]))
    assert maps.heat.sigmoid().mean() < 0.05


def test_the_network_is_small() -> None:
    assert sum(parameter.numel() for parameter in DetectorNetwork().parameters()) < 600_000


def test_a_peak_by_hand() -> None:
    heat, size, offset = empty_maps()
    heat[ObjectKind.WHITE_CELL, 3, 5] = 0.8
    size[:, 3, 5] = torch.tensor([2.0, 0.5]).log()
    offset[:, 3, 5] = torch.tensor([0.25, 0.75])
    cells = decode(heat, size, offset)
    # Centre x 4 (5 + 0.25) = 21, y 4 (3 + 0.75) = 15; sides 56 and 14.
    np.testing.assert_allclose(cells.boxes, [[21 - 28, 15 - 7, 56, 14]], rtol=1e-5)
    assert cells.kind.tolist() == [ObjectKind.WHITE_CELL]
    assert cells.detection_score.tolist() == [pytest.approx(0.8)]


def test_only_the_top_of_a_hill_is_an_object() -> None:
    heat, size, offset = empty_maps()
    heat[0, 2:5, 2:5] = 0.5
    heat[0, 3, 3] = 0.6
    assert decode(heat, size, offset).detection_score.tolist() == [pytest.approx(0.6)]


def test_nothing_below_the_floor_is_an_object() -> None:
    heat, size, offset = empty_maps()
    heat[0, 3, 3] = SCORE_FLOOR - 1e-3
    heat[1, 6, 8] = SCORE_FLOOR + 1e-3
    assert decode(heat, size, offset).kind.tolist() == [ObjectKind.WHITE_CELL]


def test_one_place_holds_one_object_of_the_surer_kind() -> None:
    heat, size, offset = empty_maps()
    heat[ObjectKind.RED_CELL, 3, 3] = 0.6
    heat[ObjectKind.WHITE_CELL, 3, 4] = 0.9
    cells = decode(heat, size, offset)
    assert cells.kind.tolist() == [ObjectKind.WHITE_CELL]


def test_neighbours_that_share_less_than_half_are_two() -> None:
    heat, size, offset = empty_maps()
    # 28 px wide and 12 px apart: 16 / (2 * 28 - 16) = 0.4 of their union is shared; 8 px apart, 0.56.
    heat[0, 3, 2], heat[0, 3, 5] = 0.9, 0.8
    assert len(decode(heat, size, offset)) == 2
    heat[0, 3, 5], heat[0, 3, 4] = 0.0, 0.8
    assert len(decode(heat, size, offset)) == 1


def test_a_platelet_on_a_red_cell_stays() -> None:
    heat, size, offset = empty_maps()
    heat[ObjectKind.RED_CELL, 3, 3], heat[ObjectKind.PLATELET, 3, 4] = 0.9, 0.7
    size[:, 3, 4] = np.log(0.3)
    assert sorted(decode(heat, size, offset).kind.tolist()) == [ObjectKind.RED_CELL, ObjectKind.PLATELET]


def test_objects_come_in_reading_order() -> None:
    heat, size, offset = empty_maps(40, 40)
    for row, column, score in [(30, 5, 0.9), (5, 30, 0.5), (5, 5, 0.7), (30, 30, 0.6)]:
        heat[0, row, column] = score
    assert decode(heat, size, offset).detection_score.tolist() == pytest.approx([0.7, 0.5, 0.9, 0.6])


def test_a_wild_size_is_held_within_reason() -> None:
    heat, size, offset = empty_maps()
    heat[0, 3, 3] = 0.9
    size[:, 3, 3] = torch.tensor([50.0, -50.0])
    np.testing.assert_allclose(
        decode(heat, size, offset).boxes[0, 2:], DETECTOR_CELL_DIAMETER_PX * np.exp([2, -2]), rtol=1e-5
    )


def test_maps_without_peaks_give_no_objects() -> None:
    cells = decode(*empty_maps())
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
    cells = decode(torch.from_numpy(heat), torch.from_numpy(size), torch.from_numpy(offset))
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


def test_input_is_channels_first_about_zero() -> None:
    image = np.zeros((1, 2, 3, 3), np.uint8)
    image[0, 1, 2] = (128, 192, 0)
    values = as_input(image)
    assert values.shape == (1, 3, 2, 3)
    assert values[0, :, 1, 2].tolist() == [0.0, 1.0, -2.0]


def test_doubles_are_suppressed_as_torchvision_does_it() -> None:
    random = np.random.default_rng(5)
    corner = random.uniform(0, 200, (300, 2))
    corners = np.concatenate([corner, corner + random.uniform(15, 40, (300, 2))], axis=1).astype(np.float32)
    score = random.uniform(0.3, 1, 300).astype(np.float32)
    expected = nms(torch.from_numpy(corners), torch.from_numpy(score), 0.5)
    assert sorted(without_doubles(corners, score)) == sorted(expected.tolist())
    assert len(without_doubles(corners[:0], score[:0])) == 0
