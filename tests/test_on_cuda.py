"""What a graphics card makes is what the processor makes; skipped where torch finds no CUDA device."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from core.cam import METHODS, activation_maps
from core.training.exactness import exact_on_cuda
from core.training.guided import train_guided
from core.training.processes import launched
from tests.core.cam.small_networks import Pooled, seeded
from tests.core.training.coloured_squares import Pooled as Linear
from tests.core.training.coloured_squares import (
    TwoLayerHead,
    batch,
    guided_network,
    image_sets,
    training_plan,
)

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device here")


def trained(folder: Path, method: str) -> dict[str, torch.Tensor]:
    """The weights of the squares' last epoch."""
    guided = guided_network("energy-dice", TwoLayerHead, method)
    train_guided(guided, image_sets(), training_plan(), launched("cuda", "32-true"), folder)
    return load_file(folder / "epochs" / "003" / "weights.safetensors")


@pytest.mark.parametrize("method", METHODS)
def test_maps_are_those_of_the_processor(method: str) -> None:
    network = seeded(Pooled)
    images = torch.randn((3, 2, 12, 12), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    here = activation_maps(network, images, method)
    there = activation_maps(network.cuda(), images.cuda(), method)
    assert there.maps.is_cuda
    torch.testing.assert_close(there.maps.cpu(), here.maps)
    torch.testing.assert_close(there.logits.cpu(), here.logits)


def test_thirty_two_bits_are_thirty_two_on_the_card() -> None:
    # Rounded to the ten bits of TF32, which torch allows convolutions by default, the sums err by about 1e-3.
    launched("cuda", "32-true")
    drawn = torch.Generator().manual_seed(2)
    images = torch.randn((4, 64, 32, 32), generator=drawn)
    weights = torch.randn((64, 64, 3, 3), generator=drawn)
    exact = torch.nn.functional.conv2d(images.double(), weights.double())
    found = torch.nn.functional.conv2d(images.cuda(), weights.cuda()).cpu().double()
    assert (found - exact).norm() < 1e-5 * exact.norm()


@pytest.mark.parametrize("method", ["grad-cam", "faster-score-cam", "fimf-score-cam"])
def test_a_training_gives_the_same_weights_twice_bit_for_bit(method: str, tmp_path: Path) -> None:
    once, again = (trained(tmp_path / name, method) for name in ("once", "again"))
    assert all(torch.equal(once[name], again[name]) for name in once)


@pytest.mark.parametrize("network", [Linear, TwoLayerHead], ids=["closed form", "by gradient"])
@pytest.mark.parametrize("method", ["grad-cam", "faster-score-cam", "fimf-score-cam"])
def test_a_guided_step_has_the_gradients_of_the_processor(method: str, network: type[nn.Module]) -> None:
    here, there = (gradients_on(device, method, network) for device in ("cpu", "cuda"))
    for name, gradient in here.items():
        assert (there[name] - gradient).norm() <= 1e-4 * gradient.norm(), name


def gradients_on(device: str, method: str, network: type[nn.Module]) -> dict[str, torch.Tensor]:
    """Of the objective of one batch of squares."""
    exact_on_cuda()
    guided = guided_network("energy-dice", network, method)
    guided.network.to(device)
    guided.losses(batch().to(torch.device(device)), guided=True).mean().backward()
    return {
        name: weights.grad.cpu()
        for name, weights in guided.network.named_parameters()
        if weights.grad is not None
    }
