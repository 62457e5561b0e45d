"""Convolutions that took in their normalisation: fewer layers, the same outputs."""

from copy import deepcopy

import pytest
import torch
from torch import nn

from core.cells.crops import CROP_SIZE_PX, SURROUNDED_SIZE_PX
from models.classifier import ClassifierNetwork
from models.detector_network import DetectorNetwork
from models.fusion import fuse
from models.second_look import SecondLookNetwork
from models.slide_norm import SlideNorm, hold, measured
from tests.models.made_networks import trained_looking


def normalisations(network: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def test_fusing_leaves_the_classifier_s_outputs_as_they_are() -> None:
    network = trained_looking(ClassifierNetwork(8))
    images = torch.randn(4, 3, CROP_SIZE_PX, CROP_SIZE_PX)
    with torch.inference_mode():
        before = network(images)
        fuse(network)
        torch.testing.assert_close(network(images), before, rtol=0, atol=1e-4)
    assert normalisations(network) == 0


def test_fusing_leaves_the_detector_s_outputs_as_they_are() -> None:
    network = trained_looking(DetectorNetwork())
    images = torch.randn(2, 3, 64, 96)
    with torch.inference_mode():
        before = network(images)
        fuse(network)
        for fused, plain in zip(network(images), before, strict=True):
            torch.testing.assert_close(fused, plain, rtol=0, atol=1e-4)
    assert normalisations(network) == 0


def test_fusing_leaves_the_second_look_s_outputs_as_they_are() -> None:
    network = trained_looking(SecondLookNetwork())
    images = torch.randn(4, 3, SURROUNDED_SIZE_PX, SURROUNDED_SIZE_PX)
    with torch.inference_mode():
        before = network(images)
        fuse(network)
        torch.testing.assert_close(network(images), before, rtol=0, atol=1e-4)
    assert normalisations(network) == 0


def test_a_fused_network_holds_the_statistics_it_had_when_it_was_fused() -> None:
    network = trained_looking(ClassifierNetwork(4))
    images = 4 * torch.randn(60, 3, CROP_SIZE_PX, CROP_SIZE_PX) + 1
    statistics = measured(deepcopy(network), images)
    with torch.inference_mode():
        typical = network(images)
        hold(network, statistics)
        own = network(images)
        fuse(network)
        torch.testing.assert_close(network(images), own, rtol=0, atol=1e-4)
    assert (own - typical).abs().max() > 0.01


@pytest.mark.parametrize("make", [nn.BatchNorm2d, SlideNorm])
def test_one_layer_by_hand(make: type[nn.BatchNorm2d]) -> None:
    normalisation = make(1)
    normalisation.eps = 0.0
    convolution = nn.Conv2d(1, 1, 1, bias=False)
    block = nn.Sequential(convolution, normalisation)
    with torch.no_grad():
        nn.init.constant_(convolution.weight, 3.0)
        normalisation.load_state_dict(
            {
                "weight": torch.tensor([5.0]),
                "bias": torch.tensor([1.0]),
                "running_mean": torch.tensor([2.0]),
                "running_var": torch.tensor([4.0]),
                "num_batches_tracked": torch.tensor(1),
            }
        )
        fuse(nn.Sequential(block))
        # 5 (3 x - 2) / 2 + 1 = 7.5 x - 4.
        assert block(torch.tensor([[[[0.0, 2.0]]]])).flatten().tolist() == pytest.approx([-4.0, 11.0])


def test_a_network_is_fused_for_scoring_only() -> None:
    network = ClassifierNetwork(4).train()
    fuse(network)
    assert not network.training
