"""Recording a layer: what is kept, which networks cannot be recorded, and that nothing stays behind."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.cam import CamError, activation_maps, maps_of, recorded
from core.cam.layers import last_feature_map
from tests.core.cam.small_networks import (
    Branching,
    OneLogit,
    Pooled,
    Shortcut,
    TwoLayerHead,
    drawn_images,
    seeded,
)


def hooks_of(network: nn.Module) -> int:
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in network.modules())


def test_what_is_recorded_is_untouched_by_an_in_place_relu_behind_it() -> None:
    network, images = seeded(Pooled), drawn_images()
    stem = network.get_submodule("stem")
    with recorded(network, stem) as recording:
        network(images)
    assert recording.activations.min() < 0
    torch.testing.assert_close(recording.activations, stem(images))


def test_recording_changes_no_logit() -> None:
    for kind in (Pooled, OneLogit, TwoLayerHead, Shortcut, Branching):
        network, images = seeded(kind), drawn_images()
        expected = network(images)
        with recorded(network):
            assert torch.equal(network(images), expected)


def test_a_layer_is_named_or_handed_over() -> None:
    network, images = seeded(Pooled), drawn_images()
    network.again = network.get_submodule("features.2")
    for layer in ("features.2", "again", network.again):
        with recorded(network, layer) as recording:
            network(images)
        assert network.get_submodule(recording.layer) is network.again
        assert recording.activations.shape == (2, 5, 3, 3)


class UsedTwice(nn.Module):
    """One ReLU module that serves two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 4, 3), nn.Conv2d(4, 4, 1)
        self.relu = nn.ReLU()
        self.head = nn.Linear(4, 3)

    def forward(self, images: Tensor) -> Tensor:
        features = self.relu(self.second(self.relu(self.first(images))))
        logits: Tensor = self.head(functional.adaptive_avg_pool2d(features, 1).flatten(1))
        return logits


def test_a_module_that_runs_twice_is_no_layer() -> None:
    network, images = UsedTwice(), torch.rand(1, 2, 6, 6)
    assert last_feature_map(network, images) == "second"
    with pytest.raises(CamError, match="'relu' runs more than once"):
        activation_maps(network, images, layer="relu")
    assert hooks_of(network) == 0


def test_of_several_passes_the_last_one_counts() -> None:
    network, images = seeded(Pooled), drawn_images(3)
    with recorded(network) as recording:
        network(images[:1])
        logits = network(images)
    torch.testing.assert_close(maps_of(recording, logits, images).maps, activation_maps(network, images).maps)


def test_maps_within_the_recording_do_not_record_their_own_passes() -> None:
    network, images = seeded(Pooled), drawn_images()
    with recorded(network) as recording:
        logits = network(images)
        first = maps_of(recording, logits, images, "score-cam")
        assert torch.equal(maps_of(recording, logits, images, "score-cam").maps, first.maps)
    torch.testing.assert_close(first.maps.detach(), activation_maps(network, images, "score-cam").maps)


def test_hooks_are_taken_out_after_an_exception_of_the_caller() -> None:
    network = seeded(Pooled)
    with pytest.raises(ZeroDivisionError), recorded(network, "stem"):  # noqa: PT012
        network(drawn_images())
        _ = 1 / 0
    assert hooks_of(network) == 0


def test_a_recording_without_a_pass_says_so() -> None:
    network, images = seeded(Pooled), drawn_images()
    with recorded(network) as recording:
        pass
    with pytest.raises(CamError, match="no pass of Pooled was recorded"):
        maps_of(recording, torch.zeros(2, 3), images)
    with recorded(network, "stem") as recording:
        network.get_submodule("features")(drawn_images().repeat(1, 2, 1, 1))
    with pytest.raises(CamError, match="'stem' was not run"):
        maps_of(recording, torch.zeros(2, 3), images)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:FutureWarning")
def test_a_scripted_part_cannot_be_looked_into() -> None:
    scripted = torch.jit.script(nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU()))
    network = nn.Sequential(scripted, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)).double()
    with pytest.raises(CamError, match="'0' is a scripted module, which cannot be looked into"):
        activation_maps(network, drawn_images())


class Uncompiled(nn.Module):
    """What the module of torch.compile looks like from outside, without the seconds it takes to make one."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self._orig_mod = inner


def test_a_compiled_network_is_an_error_that_asks_for_the_network_itself() -> None:
    in_place = Pooled()
    in_place.compile(backend="eager")
    for network in (Uncompiled(Pooled()), in_place):
        with pytest.raises(CamError, match=r"the network is compiled.*before torch\.compile"):
            activation_maps(network, torch.rand(1, 2, 6, 6))
    with pytest.raises(CamError, match="'0' is compiled"):
        activation_maps(nn.Sequential(in_place), torch.rand(1, 2, 6, 6))


def test_a_network_wrapped_for_several_devices_is_an_error_that_asks_for_what_it_wraps() -> None:
    network = nn.DataParallel(Pooled())
    with pytest.raises(CamError, match="the network is wrapped in DataParallel: give what it wraps"):
        activation_maps(network, torch.rand(1, 2, 6, 6))
    # On a machine with graphics cards it has moved what it wraps there.
    images = torch.rand(1, 2, 6, 6, device=network.module.head.weight.device)
    with recorded(network.module) as recording:
        logits = network(images)
    assert maps_of(recording, logits, images, "score-cam").maps.shape == (1, 3, 3)
