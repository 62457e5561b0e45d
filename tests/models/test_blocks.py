"""The building blocks: what they pass on, by hand."""

import pytest
import torch
from torch import nn

from models.blocks import ConvolutionBlock, ResidualBlock


@pytest.mark.parametrize(("stride", "side"), [(1, 9), (2, 5)])
def test_a_convolution_keeps_the_size_or_halves_it_and_gives_nothing_below_zero(
    stride: int, side: int
) -> None:
    block = ConvolutionBlock(3, 8, stride).eval()
    features = block(torch.randn(2, 3, 9, 9, generator=torch.Generator().manual_seed(0)))
    assert features.shape == (2, 8, side, side)
    assert features.min() == 0


def test_where_the_residual_is_zero_the_shortcut_goes_through_the_rectifier() -> None:
    block = ResidualBlock(4).eval()
    last = block.second[0]
    assert isinstance(last, nn.Conv2d)
    nn.init.zeros_(last.weight)
    features = torch.randn(1, 4, 5, 5, generator=torch.Generator().manual_seed(1))
    assert torch.equal(block(features), features.clamp(min=0))


def test_the_normalisation_is_the_one_that_is_asked_for() -> None:
    block = ResidualBlock(4, lambda channels: nn.GroupNorm(2, channels))
    kinds = [type(module) for module in block.modules()]
    assert kinds.count(nn.GroupNorm) == 2
    assert nn.BatchNorm2d not in kinds
