"""Networks rebuilt to run many passes: they give what the network gives, and leave it alone."""

import pytest
import torch
from torch import nn

from core.cam.rebuilt import for_many_passes, tail_of
from core.cam.untouched import untouched
from tests.core.cam.small_networks import Branching, Pooled, Shortcut, TwoLayerHead, drawn_images, seeded


@pytest.mark.parametrize(
    ("kind", "layer", "alone"),
    [
        (TwoLayerHead, "features", True),
        (Pooled, "stem", True),
        (Pooled, "features", True),
        (Shortcut, "inner", False),
        (Shortcut, "stem", True),
        (Branching, "features", False),
    ],
)
def test_the_tail_behind_a_layer_is_the_rest_of_the_network(
    kind: type[nn.Module], layer: str, *, alone: bool
) -> None:
    network, images = seeded(kind), drawn_images(3)
    features = []
    hook = network.get_submodule(layer).register_forward_hook(
        lambda *given: features.append(given[2].clone())
    )
    expected = network(images)
    hook.remove()
    with untouched(network, evaluating=True):
        tail = tail_of(network, layer, features[0], images)
        runs = []
        network.register_forward_hook(lambda *_: runs.append(1))
        torch.testing.assert_close(tail(features[0], images), expected)
        before = features[0].clone()
        tail(features[0] * 0.5, images)
    assert torch.equal(features[0], before)
    assert bool(runs) != alone


def test_the_copy_for_many_passes_gives_the_same_logits_and_leaves_the_network_alone() -> None:
    network, images = seeded(Pooled), drawn_images(3)
    copy = for_many_passes(network, images)
    assert copy is not network
    assert not any(isinstance(module, nn.BatchNorm2d) for module in copy.modules())
    torch.testing.assert_close(copy(images), network(images))
    assert isinstance(network.get_submodule("features.3"), nn.BatchNorm2d)
    assert all(parameter.is_contiguous() and parameter.requires_grad for parameter in network.parameters())


def test_a_network_that_cannot_be_traced_is_run_itself() -> None:
    network = seeded(Branching)
    assert for_many_passes(network, drawn_images()) is network
