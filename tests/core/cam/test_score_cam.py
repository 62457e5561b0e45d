"""Score-CAM and its relatives: chunks, channels, masks that are nothing, memory."""

import weakref

import pytest
import torch
from torch import Tensor, nn

from core.cam import METHODS, FIMFScoreCAM, Method, ScoreCAM, activation_maps
from core.cam.masked_passes import for_many_passes
from core.cam.tail import tail_of
from core.cam.untouched import untouched
from tests.core.cam.small_networks import (
    Branching,
    HandSet,
    OneLogit,
    Pooled,
    Shortcut,
    TwoLayerHead,
    drawn_images,
    seeded,
)

NETWORKS = [Pooled, OneLogit, TwoLayerHead, Shortcut, Branching]


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("reading", ["code", "paper"])
def test_chunked_equals_unchunked(kind: type[nn.Module], reading: str) -> None:
    network, images = seeded(kind), drawn_images(3)
    whole = activation_maps(network, images, ScoreCAM(reading=reading, chunk=100)).maps  # type: ignore[arg-type]
    for chunk in (1, 2, 4):
        method = ScoreCAM(reading=reading, chunk=chunk)  # type: ignore[arg-type]
        torch.testing.assert_close(activation_maps(network, images, method).maps, whole)


@pytest.mark.parametrize("method", METHODS.values(), ids=str)
@pytest.mark.parametrize("kind", [Pooled, OneLogit])
def test_a_map_does_not_depend_on_its_neighbours_in_the_batch(kind: type[nn.Module], method: Method) -> None:
    network, images = seeded(kind), drawn_images(4)
    together = activation_maps(network, images, method).maps
    for index in range(4):
        alone = activation_maps(network, images[index : index + 1], method).maps[0]
        torch.testing.assert_close(together[index], alone)


@pytest.mark.parametrize("method", [ScoreCAM, FIMFScoreCAM])
def test_channels_are_chosen_for_each_image_by_itself(method: type[ScoreCAM | FIMFScoreCAM]) -> None:
    network = HandSet()
    # Channel 0 is what is positive, channel 1 what is negative: the two images vary in different channels.
    images = torch.tensor([[[[9.0, 0.0], [-1.0, 0.0]]], [[[1.0, 0.0], [-9.0, 0.0]]]])
    made = activation_maps(network, images, method(max_channels=1), torch.tensor([0, 0])).maps
    assert (made > 0).tolist() == [[[True, False], [False, False]], [[False, False], [True, False]]]
    torch.testing.assert_close(
        activation_maps(network, images, method(max_channels=2)).maps,
        activation_maps(network, images, method()).maps,
    )


@pytest.mark.parametrize("reading", ["code", "paper"])
def test_a_constant_channel_masks_the_whole_image_away(reading: str) -> None:
    network = HandSet()
    with torch.no_grad():
        network.get_parameter("convolution.bias")[1] = 4
        network.convolution.weight[1] = 0
    images = torch.tensor([[[[1.0, 0.0], [3.0, 0.0]]]])
    method = ScoreCAM(reading=reading)  # type: ignore[arg-type]
    made = activation_maps(network, images, method, torch.tensor([0]))
    # Under its own mask [[1/3, 0], [1, 0]] channel 0 averages 10/12; the black image leaves channel 1 its 4.
    first, second = torch.tensor([10 / 12 + 8, -10 / 12 + 4]), torch.tensor([8.0, 4.0])
    weights = torch.stack([first, second]).softmax(dim=1)[:, 0]
    if reading == "paper":
        weights = torch.stack([first[0], second[0]]).softmax(dim=0)
    expected = weights[0] * images[0, 0] + weights[1] * 4
    torch.testing.assert_close(made.maps[0], expected)


def test_channels_that_are_nothing_are_run_once_for_all() -> None:
    network = seeded(Pooled)
    with torch.no_grad():
        network.get_parameter("features.3.bias").copy_(torch.tensor([1.0, -100, -100, -100, -100]))
    runs: list[int] = []
    images = drawn_images(3)
    network.get_submodule("stem").register_forward_hook(
        lambda _module, given, _output: runs.append(len(given[0]))
    )
    activation_maps(network, images, ScoreCAM(chunk=2), differentiable=True)
    # To find the layer, the images, and then of each image one for its live channel and one for black.
    assert runs == [1, 3, 2, 2, 2]


class Wide(nn.Module):
    """Sixty-four channels, and before them a sine, whose input a pass has to keep for its gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(2, 8, 3, padding=1)
        self.features = nn.Conv2d(8, 64, 3, stride=2, padding=1)
        self.head = nn.Linear(64, 3)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(self.stem(images).sin()).mean(dim=(2, 3)))
        return logits


class Living:
    """Counts the images whose activations in a layer are in memory, now and at most."""

    def __init__(self, layer: nn.Module) -> None:
        self.now = self.most = self.images = 0
        layer.register_forward_hook(self.count)

    def count(self, _module: nn.Module, _given: tuple[Tensor, ...], output: Tensor) -> Tensor:
        # A copy is what the next layer keeps for its gradient.
        kept = output.clone()
        self.images += len(kept)
        self.now += len(kept)
        self.most = max(self.most, self.now)
        weakref.finalize(kept, self.less, len(kept))
        return kept

    def less(self, images: int) -> None:
        self.now -= images


def most_living(method: Method, *, backward: bool = True) -> tuple[int, int]:
    network, images = seeded(Wide), drawn_images(1)
    living = Living(network.get_submodule("stem"))
    made = activation_maps(network, images, method, differentiable=True)
    if backward:
        made.maps.sum().backward()
    return living.most, living.images


def test_the_memory_of_a_loss_is_bounded_by_the_chunk_and_not_by_the_channels() -> None:
    # One image's own pass beside a chunk of four; found once, and each masked image run twice.
    assert most_living(ScoreCAM(max_channels=8, chunk=4)) == (1 + 4, 2 + 2 * 8)
    assert most_living(ScoreCAM(max_channels=64, chunk=4)) == (1 + 4, 2 + 2 * 64)
    assert most_living(ScoreCAM(max_channels=64, chunk=16))[0] == 1 + 16


def test_the_copy_for_many_passes_gives_the_same_logits_and_leaves_the_network_alone() -> None:
    network, images = seeded(Pooled), drawn_images(3)
    copy = for_many_passes(network, images)
    assert copy is not network
    assert not any(isinstance(module, nn.BatchNorm2d) for module in copy.modules())
    torch.testing.assert_close(copy(images), network(images))
    assert isinstance(network.get_submodule("features.3"), nn.BatchNorm2d)
    assert all(parameter.is_contiguous() and parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize("kind", [Pooled, OneLogit, Shortcut])
def test_many_masks_are_run_on_the_copy_and_give_the_same_map(kind: type[nn.Module]) -> None:
    network, images = seeded(kind), drawn_images(10)
    in_loss = activation_maps(network, images, "score-cam", differentiable=True).maps.detach()
    passes: list[int] = []
    network.register_forward_hook(lambda *_: passes.append(1))
    assert in_loss.amax() > 0
    torch.testing.assert_close(activation_maps(network, images, "score-cam").maps, in_loss)
    # The images, and one image to compare the copy with.
    assert len(passes) == 2


def test_a_network_that_cannot_be_traced_is_run_itself() -> None:
    network = seeded(Branching)
    assert for_many_passes(network, drawn_images()) is network


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
