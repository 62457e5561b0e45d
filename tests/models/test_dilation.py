"""A dilated last stage: the old cells as they were, new ones between them, placed where they look."""

import pytest
import torch
from torch import nn

from core.cam import placing_of
from models.backbones import BACKBONES, BackboneError, random_backbone
from models.dilation import dilate_last_stage

DILATABLE = ("mobilenet_v2", "resnet50", "small")


def features_of(network: nn.Module, layer: str, images: torch.Tensor) -> torch.Tensor:
    """Output of a layer."""
    seen: list[torch.Tensor] = []
    hook = network.get_submodule(layer).register_forward_hook(lambda _, __, output: seen.append(output))
    with torch.no_grad():
        network(images)
    hook.remove()
    return seen[0]


@pytest.mark.parametrize("name", DILATABLE)
def test_every_second_cell_is_what_it_was_and_those_between_are_new(name: str) -> None:
    images = torch.rand(2, 3, 97, 97, generator=torch.Generator().manual_seed(0))
    loaded = random_backbone(name, classes=3, seed=0)
    coarse = features_of(loaded.network, loaded.backbone.feature_layer, images)
    dilate_last_stage(loaded.network, loaded.backbone)
    fine = features_of(loaded.network, loaded.backbone.feature_layer, images)
    assert fine.shape[2] == 2 * coarse.shape[2] - 1
    torch.testing.assert_close(fine[:, :, ::2, ::2], coarse, rtol=1e-4, atol=1e-5 * float(coarse.abs().max()))
    between = fine[:, :, 1::2, 1::2]
    assert (between - coarse[:, :, :-1, :-1]).abs().max() > 1e-3 * coarse.abs().max()


@pytest.mark.parametrize(("name", "pitch_px"), [("mobilenet_v2", 16), ("resnet50", 16), ("small", 4)])
def test_cells_lie_half_as_far_apart_and_begin_at_the_same_place(name: str, pitch_px: float) -> None:
    images = torch.zeros(1, 3, 97, 97)
    as_published, dilated = (random_backbone(name, classes=3) for _ in range(2))
    dilate_last_stage(dilated.network, dilated.backbone)
    layer = dilated.backbone.feature_layer
    before, after = (placing_of(each.network, images, layer) for each in (as_published, dilated))
    assert after.across.pitch_px == pitch_px == before.across.pitch_px / 2
    assert after.across.first_px == before.across.first_px


@pytest.mark.parametrize("name", sorted(set(BACKBONES) - set(DILATABLE)))
def test_other_networks_are_refused_and_left_alone(name: str) -> None:
    backbone = BACKBONES[name]
    with torch.device("meta"):
        network = backbone.make(3)
    before = repr(network)
    with pytest.raises(BackboneError, match=f"{name}: its last stage cannot be dilated"):
        dilate_last_stage(network, backbone)
    assert repr(network) == before
