"""Networks that end in pooling and one linear layer: which do, and when their closed form holds."""

from collections.abc import Callable

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional

from core.cam import activation_maps, maps_of, recorded
from core.cam.layers import last_feature_map
from core.cam.pooled_head import PooledHead, pooled_head
from models.classifier import ClassifierNetwork
from models.slide_norm import expect_batches
from tests.core.cam.small_networks import (
    Branching,
    OneLogit,
    Pooled,
    Shortcut,
    TwoLayerHead,
    drawn_images,
    seeded,
)

End = Callable[["Ending", Tensor], Tensor]


class Ending(nn.Module):
    """Any end behind one convolution; `end` takes the network and its features."""

    def __init__(self, end: End) -> None:
        super().__init__()
        self.features = nn.Conv2d(2, 4, 3, padding=1)
        self.head, self.norm, self.deep = nn.Linear(4, 3), nn.BatchNorm1d(4), nn.Linear(3, 3)
        self.pools = nn.Sequential(nn.AvgPool2d(6), nn.Flatten(), nn.Dropout(), nn.Identity())
        self.end = end

    def forward(self, images: Tensor) -> Tensor:
        return self.end(self, self.features(images))


def head_of(network: nn.Module, layer: str = "features") -> PooledHead | None:
    images = drawn_images().to(next(network.parameters()).dtype)
    with recorded(network, layer) as recording, torch.no_grad():
        logits = network(images)
    return pooled_head(network, layer, images, recording.activations, logits.reshape(2, -1), evaluated=False)


POOLED: dict[str, End] = {
    "mean over both axes": lambda network, x: network.head(x.mean(dim=(2, 3))),
    "mean counted from the end": lambda network, x: network.head(torch.mean(x, [-1, -2])),
    "mean that keeps its axes": lambda network, x: network.head(x.mean((2, 3), keepdim=True).flatten(1)),
    "adaptive pooling": lambda network, x: network.head(
        torch.flatten(functional.adaptive_avg_pool2d(x, (1, 1)), 1)
    ),
    "pooling over the size of the map": lambda network, x: network.head(
        functional.avg_pool2d(x, 6).view(x.size(0), -1)
    ),
    "squeezed": lambda network, x: network.head(functional.adaptive_avg_pool2d(x, 1).squeeze(3).squeeze(2)),
    "a container of modules": lambda network, x: network.head(network.pools(x)),
    "functional dropout": lambda network, x: network.head(
        functional.dropout(x.mean((2, 3)).reshape(x.shape[0], -1), 0.5, network.training)
    ),
}
OTHER: dict[str, End] = {
    "maximum pooling": lambda network, x: network.head(x.amax(dim=(2, 3))),
    "mean over one axis": lambda network, x: network.head(x.mean(dim=2)[:, :, 0]),
    "pooling over part of the map": lambda network, x: network.head(functional.avg_pool2d(x, 5).flatten(1)),
    "a ReLU before the pooling": lambda network, x: network.head(x.relu().mean((2, 3))),
    "a normalisation": lambda network, x: network.head(network.norm(x.mean((2, 3)))),
    "two linear layers": lambda network, x: network.deep(network.head(x.mean((2, 3)))),
    "scaled logits": lambda network, x: 2 * network.head(x.mean((2, 3))),
    "features used twice": lambda network, x: network.head(x.mean((2, 3)) + x.amax((2, 3))),
}


@pytest.mark.parametrize("name", POOLED)
def test_pooling_and_one_linear_layer_are_found_however_they_are_written(name: str) -> None:
    network = Ending(POOLED[name]).double().eval()
    head = head_of(network)
    assert head is not None
    assert head.weight is network.head.weight


@pytest.mark.parametrize("name", OTHER)
def test_any_other_end_has_no_closed_form_and_takes_the_general_way(name: str) -> None:
    network = Ending(OTHER[name]).double().eval()
    assert head_of(network) is None
    made = activation_maps(network, drawn_images(), "grad-cam", torch.tensor([0, 2]))
    with recorded(network, "features") as recording:
        logits = network(drawn_images())
    (gradient,) = torch.autograd.grad(logits[0, 0] + logits[1, 2], recording.activations)
    expected = torch.einsum("nc,nchw->nhw", gradient.mean(dim=(2, 3)), recording.activations).relu()
    torch.testing.assert_close(made.maps, expected.detach())


@pytest.mark.parametrize(
    ("kind", "layer", "closed"),
    [
        (Pooled, "features", True),
        (Pooled, "stem", False),
        (OneLogit, "features", True),
        (TwoLayerHead, "features", False),
        (Shortcut, "inner", False),
        (Branching, "features", False),
    ],
)
def test_the_small_networks_go_the_way_they_should(
    kind: type[nn.Module], layer: str, *, closed: bool
) -> None:
    assert (head_of(seeded(kind), layer) is not None) == closed


@pytest.mark.parametrize(
    ("name", "layer", "head"),
    [
        ("resnet18", "layer4", "fc"),
        ("mobilenet_v2", "features", "classifier.1"),
        ("densenet121", "features", None),
    ],
)
def test_torchvisions_networks_go_the_way_they_should(name: str, layer: str, head: str | None) -> None:
    network = torchvision.models.get_model(name, num_classes=3).eval()
    images = torch.rand(1, 3, 64, 64)
    assert last_feature_map(network, images) == layer
    with recorded(network) as recording, torch.no_grad():
        logits = network(images)
    found = pooled_head(network, layer, images, recording.activations, logits, evaluated=False)
    expected = None if head is None else network.get_parameter(f"{head}.weight")
    assert (found.weight if found else None) is expected


def test_the_classifier_of_cells_has_a_closed_form() -> None:
    network, cells = ClassifierNetwork(width=4).eval(), torch.rand(2, 3, 48, 48)
    made = activation_maps(network, cells, "cam", size="layer")
    expected = torch.einsum("nchw,c->nhw", network.features(cells), network.head.weight[0]).relu()
    torch.testing.assert_close(made.maps, expected.detach())


def test_in_train_mode_the_closed_form_is_that_of_the_network_without_dropout() -> None:
    network, images = seeded(Pooled), drawn_images()
    network.get_submodule("dropout").train()
    network.training = True
    classes = torch.tensor([1, 2])
    with recorded(network) as recording:
        logits = network(images)
    noisy = maps_of(recording, logits, images, "grad-cam", classes)
    torch.testing.assert_close(noisy.maps.detach(), activation_maps(network, images, classes=classes).maps)
    assert not torch.allclose(noisy.logits, activation_maps(network, images).logits)


def test_a_network_that_in_train_mode_takes_whole_batches_alone_has_its_closed_form_too() -> None:
    # The classifier of cells measures its slides on the healthy cells of a batch that is laid out for it.
    network = seeded(ClassifierNetwork).float().train()
    expect_batches(network, healthy_a_slide=2, infected_a_slide=1)
    images = torch.randn(6, 3, 24, 24)
    with recorded(network, "features") as recording:
        made = maps_of(recording, network(images), images, "cam")
    assert made.maps.shape == (6, 6, 6)
    assert made.maps.requires_grad


def test_a_hook_that_changes_what_the_linear_layer_gives_undoes_the_closed_form() -> None:
    network = seeded(Pooled)
    assert head_of(network) is not None
    hook = network.get_submodule("head").register_forward_hook(
        lambda _module, _input, output: output.square()
    )
    assert head_of(network) is None
    hook.remove()
    assert head_of(network) is not None


def test_a_replaced_head_is_looked_at_anew() -> None:
    network = seeded(Pooled)
    assert head_of(network) is not None
    network.head = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3)).double()
    assert head_of(network) is None
    network.head = nn.Sequential(nn.Linear(5, 3)).double()
    found = head_of(network)
    assert found is not None
    assert found.weight is network.get_parameter("head.0.weight")


def test_changed_weights_are_seen() -> None:
    network, images = seeded(Pooled), drawn_images()
    before = activation_maps(network, images, "cam", torch.tensor([0, 0])).maps
    with torch.no_grad():
        network.get_parameter("head.weight").mul_(3)
    torch.testing.assert_close(activation_maps(network, images, "cam", torch.tensor([0, 0])).maps, 3 * before)
