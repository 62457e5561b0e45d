"""Networks whose CAM is exact: what their blocks pass on, and that a logit is the mean of its map."""

import pytest
import torch
from torch import Tensor, nn

from models.backbones import BACKBONES
from models.pooled_networks import PooledLinear, PreactivationBlock


def feature_map(network: nn.Module, layer: str, images: Tensor) -> tuple[Tensor, Tensor]:
    """Output of the layer, and the logits."""
    seen: list[Tensor] = []
    hook = network.get_submodule(layer).register_forward_hook(lambda _, __, output: seen.append(output))
    with torch.no_grad():
        logits = network(images)
    hook.remove()
    return seen[0].clone(), logits


def test_resnet50v2_has_the_parameters_that_keras_states() -> None:
    with torch.device("meta"):
        network = BACKBONES["resnet50v2"].make(1000)
    trained = sum(parameter.numel() for parameter in network.parameters())
    statistics = sum(buffer.numel() for buffer in network.buffers() if buffer.ndim == 1)
    assert (trained, trained + statistics) == (25_568_360, 25_613_800)


def test_a_preactivation_block_adds_to_an_input_that_no_activation_has_touched() -> None:
    block = PreactivationBlock(8, 2, 2).eval()
    last = block.residual[-1]
    assert isinstance(last, nn.Conv2d)
    assert last.bias is not None
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    features = torch.randn(1, 8, 5, 5, generator=torch.Generator().manual_seed(1))
    # The residual is zero: what is left is every second pixel, its negative values too.
    assert torch.equal(block(features), features[:, :, ::2, ::2])


def test_a_projection_is_of_the_activated_input() -> None:
    block = PreactivationBlock(4, 2, 1).eval()
    last, projection = block.residual[-1], block.projection
    for module in (last, projection):
        assert isinstance(module, nn.Conv2d)
        assert module.bias is not None
        nn.init.zeros_(module.bias)
    assert isinstance(last, nn.Conv2d)
    nn.init.zeros_(last.weight)
    # ReLU leaves nothing of negative features: nothing comes through the projection.
    assert bool((block(-torch.ones(1, 4, 3, 3)) == 0).all())


@pytest.mark.parametrize("name", ["resnet50v2", "small"])
def test_a_logit_of_the_projects_own_networks_is_the_mean_of_its_class_map_plus_the_bias(name: str) -> None:
    backbone = BACKBONES[name]
    network = backbone.build(3)
    assert isinstance(network, PooledLinear)
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    features, logits = feature_map(network, backbone.feature_layer, images)
    assert features.min() >= 0
    maps = torch.einsum("nchw,kc->nkhw", features, network.fc.weight)
    torch.testing.assert_close(maps.mean(dim=(2, 3)) + network.fc.bias, logits, atol=1e-4, rtol=1e-4)
