"""Networks that save memory by gradient checkpointing, whose parts run again in the backward pass.

This cuts across `core.cam.untouched`, which notices it, and `recording` and `score_cam`, which act on it.
"""

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from core.cam import METHODS, CamError, activation_maps, maps_of, recorded
from tests.core.cam.small_networks import Pooled, TwoLayerHead, drawn_images, seeded


class Checkpointed(nn.Module):
    """`TwoLayerHead` with batch normalisation and its features under checkpointing."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2))
        self.inner = TwoLayerHead()
        self.inner.classifier[2] = nn.Identity()  # no dropout
        self.reentrant = False
        self.only_in_training = False
        self.off = False

    def forward(self, images: Tensor) -> Tensor:
        def features(images: Tensor) -> Tensor:
            made: Tensor = self.inner.features(self.stem(images))
            return made

        if self.off or (self.only_in_training and not self.training):
            made = features(images)
        else:
            made = checkpoint(features, images, use_reentrant=self.reentrant)
        logits: Tensor = self.inner.classifier(made.flatten(1))
        return logits


def checkpointed() -> Checkpointed:
    network = seeded(Checkpointed)
    assert isinstance(network, Checkpointed)
    return network


def trunk_gradient(network: Checkpointed, method: str) -> Tensor:
    images = drawn_images(3).requires_grad_()
    network.zero_grad()
    with recorded(network, "inner.features") as recording:
        logits = network(images)
    maps_of(recording, logits, images, method, torch.tensor([0, 1, 2])).maps.square().sum().backward()
    gradient = network.get_parameter("stem.0.weight").grad
    assert gradient is not None
    return gradient.clone()


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("method", [name for name in METHODS if name != "cam"])
def test_gradients_through_a_checkpointed_part_are_those_without(method: str, *, training: bool) -> None:
    network = checkpointed().train(training)
    network.only_in_training = True
    with_it = trunk_gradient(network, method)
    network = checkpointed().train(training)  # with the batch statistics from before the pass
    network.off = True
    assert with_it.abs().amax() > 0
    torch.testing.assert_close(with_it, trunk_gradient(network, method))


@pytest.mark.parametrize("method", ["grad-cam", "score-cam", "fimf-score-cam"])
def test_checkpointing_in_eval_mode_is_exact_for_a_network_in_eval_mode(method: str) -> None:
    network = checkpointed()
    with_it = trunk_gradient(network, method)
    network.off = True
    torch.testing.assert_close(with_it, trunk_gradient(network, method))


def test_checkpointing_in_eval_mode_and_train_mode_together_are_an_error_in_masked_passes() -> None:
    network = checkpointed().train()
    with pytest.raises(CamError, match=r"checkpoint only while self\.training"):
        trunk_gradient(network, "score-cam")
    network.only_in_training = True
    trunk_gradient(network, "score-cam")


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")
def test_a_layer_under_reentrant_checkpointing_is_an_error_that_says_the_way_out() -> None:
    network, images = checkpointed().train(), drawn_images().requires_grad_()
    network.reentrant = True
    with (
        pytest.raises(CamError, match=r"'inner.features' runs under reentrant .* use_reentrant=False"),
        recorded(network, "inner.features"),
    ):
        network(images)
    # What keeps no graph has nothing against it.
    assert activation_maps(network, images, "score-cam", layer="inner.features").maps.amax() > 0


@pytest.mark.parametrize("method", ["grad-cam", "score-cam", "fimf-score-cam"])
def test_a_backward_pass_within_the_recording_changes_nothing_recorded(method: str) -> None:
    network, images = checkpointed(), drawn_images().requires_grad_()
    with recorded(network, "inner.features") as recording:
        logits = network(images)
        activations = recording.activations
        maps_of(recording, logits, images, method).maps.sum().backward()
        assert recording.activations is activations


def test_after_a_backward_pass_within_the_recording_the_next_pass_is_recorded() -> None:
    network, images = seeded(Pooled), drawn_images()
    with recorded(network) as recording:
        maps_of(recording, network(images), images, "score-cam").maps.sum().backward()
        logits = network(images[:1])
        assert maps_of(recording, logits, images[:1], "cam").maps.shape == (1, 3, 3)
