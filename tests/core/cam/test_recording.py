"""Recording a layer: what is kept, which layer it is, and that nothing stays behind."""

import gc
import weakref

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.cam import CamError, GradCAM, activation_maps, maps_of, recorded
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


@pytest.mark.parametrize("kind", [Pooled, TwoLayerHead, Branching])
def test_the_last_feature_map_is_the_outermost_container_that_yields_it(kind: type[nn.Module]) -> None:
    assert last_feature_map(seeded(kind), drawn_images()) == "features"


class EndsInPoolings(nn.Module):
    """A convolution, maximum pooling in a container, and average pooling to more than one cell."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(2, 4, 1), nn.MaxPool2d(2))
        self.neck = nn.Sequential(nn.Identity(), nn.AdaptiveAvgPool2d(2), nn.Identity())
        self.head = nn.Linear(16, 3)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.neck(self.features(images)).flatten(1))
        return logits


def test_maximum_pooling_ends_a_feature_map_and_average_pooling_does_not() -> None:
    assert last_feature_map(EndsInPoolings(), torch.rand(1, 2, 8, 8)) == "neck.0"
    network = EndsInPoolings()
    network.neck[0] = nn.AdaptiveAvgPool2d(3)
    assert last_feature_map(network, torch.rand(1, 2, 8, 8)) == "features"


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


def test_the_last_feature_map_is_found_once_and_again_when_a_module_is_replaced() -> None:
    network, images = seeded(Pooled), drawn_images()
    passes = []
    network.register_forward_hook(lambda *_: passes.append(1))
    for _ in range(3):
        with recorded(network):
            network(images)
    assert len(passes) == 4
    features = network.get_submodule("features")
    assert isinstance(features, nn.Sequential)
    features[4] = nn.Sequential(nn.AdaptiveAvgPool2d(2))
    assert last_feature_map(network, images) == "features.3"


def test_another_size_of_image_may_have_another_last_feature_map() -> None:
    network = seeded(Pooled)
    assert last_feature_map(network, drawn_images()) == "features"
    # Three pixels become one cell behind the pooling.
    assert last_feature_map(network, drawn_images()[:, :, :3, :3]) == "features.0"


def test_a_network_is_forgotten_with_its_last_user() -> None:
    network = seeded(TwoLayerHead)
    activation_maps(network, drawn_images(), "fimf-score-cam")
    gone = weakref.ref(network)
    del network
    gc.collect()
    assert gone() is None


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


def test_maps_of_other_images_than_those_of_the_pass_are_an_error() -> None:
    network, images = seeded(Pooled), drawn_images()
    with recorded(network) as recording:
        logits = network(images)
    with pytest.raises(CamError, match="one of 2 images, not of these 1"):
        maps_of(recording, logits[:1], images[:1])


def test_a_pass_without_graph_has_no_gradient_to_follow() -> None:
    network, images = seeded(TwoLayerHead), drawn_images()
    with recorded(network) as recording, torch.no_grad():
        logits = network(images)
    with pytest.raises(CamError, match="kept no graph there"):
        maps_of(recording, logits, images, GradCAM())
