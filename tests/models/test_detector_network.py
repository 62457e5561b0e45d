"""The detector's network: what its maps are, and how far an output sees."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from core.cells.detection import STRIDE_PX, ObjectKind
from models.detector import GRID_PX, HALO_PX
from models.detector_network import DetectorNetwork, answer_of, as_input


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


def test_the_network_s_maps_have_a_quarter_of_the_resolution() -> None:
    maps = DetectorNetwork().eval()(torch.zeros(2, 3, 64, 96))
    assert maps.heat.shape == (2, len(ObjectKind), 16, 24)
    assert maps.size.shape == maps.offset.shape == (2, 2, 16, 24)


def test_an_untrained_network_expects_few_centres() -> None:
    maps = DetectorNetwork().eval()(as_input(texture(64, 64)[None]))
    assert maps.heat.sigmoid().mean() < 0.05


def test_the_network_is_small() -> None:
    assert sum(parameter.numel() for parameter in DetectorNetwork().parameters()) < 600_000


def test_input_is_channels_first_about_zero() -> None:
    image = np.zeros((1, 2, 3, 3), np.uint8)
    image[0, 1, 2] = (128, 192, 0)
    values = as_input(image)
    assert values.shape == (1, 3, 2, 3)
    assert values[0, :, 1, 2].tolist() == [0.0, 1.0, -2.0]


def test_an_answer_is_of_sure_centres_and_of_sizes_and_offsets_as_the_network_gives_them() -> None:
    network, tile = lively_network(), texture(48, 80)
    with torch.inference_mode():
        heat, size, offset = network(as_input(tile[None]))
    answer = answer_of(network, torch.device("cpu"))(tile)
    np.testing.assert_allclose(answer[: len(ObjectKind)], heat[0].sigmoid(), atol=1e-5)
    np.testing.assert_allclose(answer[len(ObjectKind) :], torch.cat([size[0], offset[0]]), atol=1e-4)
