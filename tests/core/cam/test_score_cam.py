"""Score-CAM and FIMF Score-CAM: chunks, channels, masks that are nothing, memory, the closed form."""

import weakref
from collections.abc import Callable
from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from core.cam import CamError, FIMFScoreCAM, Method, ScoreCAM, activation_maps, recorded, score_cam
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


@pytest.fixture
def masks_at_a_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets how many masks of images of 6 x 6, or of their features, are run at a time."""

    def set_to(masks: int) -> None:
        monkeypatch.setattr(score_cam, "PIXELS_AT_A_TIME", masks * 36)
        monkeypatch.setattr(score_cam, "FEATURES_AT_A_TIME", masks)

    return set_to


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("method", [ScoreCAM("code"), ScoreCAM("paper"), FIMFScoreCAM()], ids=str)
def test_chunked_equals_unchunked(
    kind: type[nn.Module], method: Method, masks_at_a_time: Callable[[int], None]
) -> None:
    network, images = seeded(kind), drawn_images(3)
    masks_at_a_time(100)
    whole = activation_maps(network, images, method).maps
    for masks in (1, 2, 4):
        masks_at_a_time(masks)
        torch.testing.assert_close(activation_maps(network, images, method).maps, whole)


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


def test_channels_that_are_nothing_are_run_once_for_all(masks_at_a_time: Callable[[int], None]) -> None:
    network = seeded(Pooled)
    with torch.no_grad():
        network.get_parameter("features.3.bias").copy_(torch.tensor([1.0, -100, -100, -100, -100]))
    runs: list[int] = []
    images = drawn_images(3)
    network.get_submodule("stem").register_forward_hook(
        lambda _module, given, _output: runs.append(len(given[0]))
    )
    masks_at_a_time(2)
    activation_maps(network, images, ScoreCAM(), differentiable=True)
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


def test_the_memory_of_a_loss_is_bounded_by_the_chunk_and_not_by_the_channels(
    masks_at_a_time: Callable[[int], None],
) -> None:
    # One image's own pass beside a chunk of four; found once, and each masked image run twice.
    masks_at_a_time(4)
    assert most_living(ScoreCAM(max_channels=8)) == (1 + 4, 2 + 2 * 8)
    assert most_living(ScoreCAM(max_channels=64)) == (1 + 4, 2 + 2 * 64)
    masks_at_a_time(16)
    assert most_living(ScoreCAM(max_channels=64))[0] == 1 + 16


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


@pytest.mark.parametrize(
    "made",
    [
        lambda: ScoreCAM(max_channels=0),
        lambda: ScoreCAM(max_channels=2.5),  # type: ignore[arg-type]
        lambda: ScoreCAM(max_channels=True),
        lambda: ScoreCAM(max_channels="3"),  # type: ignore[arg-type]
        lambda: FIMFScoreCAM(max_channels=-1),
        lambda: ScoreCAM(reading="softmax"),  # type: ignore[arg-type]
        lambda: FIMFScoreCAM(template="sigmoid"),  # type: ignore[arg-type]
    ],
)
def test_settings_out_of_range_are_an_error(made: Callable[[], Method]) -> None:
    with pytest.raises(CamError, match=r"-1|0|2\.5|True|'3'|softmax|sigmoid"):
        made()


def test_more_channels_than_there_are_means_all() -> None:
    network, images = seeded(Pooled), drawn_images()
    for method in (ScoreCAM, FIMFScoreCAM):
        torch.testing.assert_close(
            activation_maps(network, images, method(max_channels=999)).maps,
            activation_maps(network, images, method()).maps,
        )


@pytest.mark.parametrize("template", ["positive", "minmax"])
def test_fimf_score_cam_in_closed_form_is_the_head_run_on_every_template(
    template: Literal["positive", "minmax"],
) -> None:
    network, images, classes = seeded(Pooled), drawn_images(2), torch.tensor([1, 2])
    made = activation_maps(network, images, FIMFScoreCAM(template=template), classes)
    with recorded(network) as recording:
        network(images)
    for features, class_, made_map in zip(recording.activations, classes, made.maps, strict=True):
        expected = torch.zeros(3, 3, dtype=torch.float64)
        for channel in features:
            extent = (channel.max() - channel.min()).clamp(min=1e-12)  # one channel is zero
            mask = (channel - channel.min()) / extent if template == "minmax" else (channel > 0).double()
            logits = network.get_submodule("head")((features * mask).mean(dim=(1, 2)))
            expected += logits.softmax(dim=0)[class_] * channel
        torch.testing.assert_close(made_map, expected.relu().detach())
