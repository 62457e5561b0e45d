"""Which layer a map is made of: by name, or the last feature map, and what is no layer."""

import pytest
import torch
from torch import Tensor, nn

from core.cam import CamError, activation_maps, recorded
from core.cam.layers import last_feature_map
from tests.core.cam.small_networks import Branching, Pooled, TwoLayerHead, drawn_images, seeded


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


def test_an_unknown_layer_is_answered_with_the_nearest_names() -> None:
    with pytest.raises(CamError, match=r"no layer is called 'feature.2'; the nearest names are features.2, "):
        activation_maps(seeded(Pooled), drawn_images(), layer="feature.2")
    with pytest.raises(CamError, match="Conv2d is not a module inside this Pooled"):
        activation_maps(seeded(Pooled), drawn_images(), layer=nn.Conv2d(2, 2, 1))
    network = seeded(Pooled)
    with pytest.raises(CamError, match="not a module inside"):
        activation_maps(network, drawn_images(), layer=network)


@pytest.mark.parametrize("layer", ["head", "dropout"])
def test_a_layer_without_spatial_features_is_named_with_what_it_yields(layer: str) -> None:
    with pytest.raises(CamError, match=rf"'{layer}' is without spatial features: it yields \(2, [35]\)"):
        activation_maps(seeded(Pooled), drawn_images(), layer=layer)
    network = nn.Sequential(nn.Conv2d(2, 3, 6), nn.Flatten()).double()
    with pytest.raises(CamError, match=r"it yields \(2, 3, 1, 1\)"):
        activation_maps(network, drawn_images(), layer="0")


def test_a_network_without_spatial_features_is_an_error() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(72, 3)).double()
    with pytest.raises(CamError, match="Sequential is a network without spatial features"):
        activation_maps(network, drawn_images())
    with pytest.raises(CamError, match="without spatial features"), recorded(network):
        network(drawn_images())
