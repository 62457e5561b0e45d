"""Networks and passes that are written otherwise than most: in place, in mixed precision, in train mode.

This cuts across the modules of `core.cam`: every method must cope with them.
"""

import random

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from core.cam import METHODS, FIMFScoreCAM, Method, activation_maps, maps_of, recorded
from tests.core.cam.small_networks import Pooled, TwoLayerHead, drawn_images, seeded

METHODS_WITHOUT_HEAD = [name for name in METHODS if name != "cam"]


@pytest.mark.parametrize("method", METHODS_WITHOUT_HEAD)
def test_maps_without_gradients_leave_the_graph_of_the_pass_for_the_caller(method: str) -> None:
    network, images = seeded(TwoLayerHead), drawn_images()
    with recorded(network) as recording:
        logits = network(images)
    with torch.no_grad():
        made = maps_of(recording, logits, images, method)
    assert not made.maps.requires_grad
    logits.sum().backward()
    assert network.get_parameter("features.0.weight").grad is not None


class NormalisesInPlace(nn.Module):
    """Writes the normalised image where the image was."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.inner(images.sub_(0.45).div_(0.22))
        return logits


class NormalisesACopy(NormalisesInPlace):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images.clone())


@pytest.mark.parametrize("size", ["layer", "placed"])
@pytest.mark.parametrize("method", METHODS_WITHOUT_HEAD)
def test_a_network_that_writes_into_its_images_gets_copies(method: str, size: str) -> None:
    # 5 channels of 7 images are enough masks for the faster copy of the network.
    for inner, count in ((seeded(TwoLayerHead), 2), (seeded(Pooled), 7)):
        images = drawn_images(count)
        given = images.clone()
        made = activation_maps(NormalisesInPlace(inner), given, method, size=size)  # type: ignore[arg-type]
        expected = activation_maps(NormalisesACopy(inner), images, method, size=size)  # type: ignore[arg-type]
        assert torch.equal(given, images)
        torch.testing.assert_close(made.maps, expected.maps)


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize(
    ("kind", "method"),
    [(Pooled, name) for name in METHODS] + [(TwoLayerHead, name) for name in METHODS_WITHOUT_HEAD],
)
def test_maps_of_a_pass_in_mixed_precision_are_near_those_in_full(
    kind: type[nn.Module], method: str, *, inside: bool
) -> None:
    network, images = seeded(kind).float(), drawn_images().float()
    classes = torch.tensor([0, 2])
    with recorded(network) as recording, torch.autocast("cpu", torch.bfloat16):
        logits = network(images)
    assert logits.dtype == recording.activations.dtype == torch.bfloat16
    with torch.autocast("cpu", torch.bfloat16, enabled=inside):
        made = maps_of(recording, logits, images, method, classes)
    made.maps.sum().backward()
    expected = activation_maps(network, images, method, classes).maps
    assert (made.maps - expected).abs().amax() < 0.05 * expected.amax()


@pytest.mark.parametrize("differentiable", [False, True])
@pytest.mark.parametrize(
    ("kind", "method"),
    [(Pooled, name) for name in METHODS] + [(TwoLayerHead, name) for name in METHODS_WITHOUT_HEAD],
)
def test_maps_may_be_asked_for_in_mixed_precision(
    kind: type[nn.Module], method: str, *, differentiable: bool
) -> None:
    network, images, classes = seeded(kind).float(), drawn_images(7).float(), torch.tensor([0, 2] * 3 + [1])
    expected = activation_maps(network, images, method, classes).maps
    with torch.autocast("cpu", torch.bfloat16):
        made = activation_maps(network, images, method, classes, differentiable=differentiable)
    assert (made.maps - expected).abs().amax() < 0.05 * expected.amax()


def test_logits_that_the_caller_brings_to_full_precision_keep_the_closed_form() -> None:
    network, images = seeded(Pooled).float(), drawn_images().float()
    with recorded(network) as recording, torch.autocast("cpu", torch.bfloat16):
        logits = network(images)
    assert maps_of(recording, logits.float(), images, "cam").maps.amax() > 0


class SquaresInTrainMode(Pooled):
    """Gives other logits in train mode, behind its layer."""

    def forward(self, images: Tensor) -> Tensor:
        logits = super().forward(images)
        return logits.square() if self.training else logits


def expected_grad_cam(network: nn.Module, images: Tensor, classes: Tensor) -> Tensor:
    with recorded(network, "features") as recording:
        logits = network(images)
    (gradient,) = torch.autograd.grad(logits.gather(1, classes[:, None]).sum(), recording.activations)
    return torch.einsum("nc,nchw->nhw", gradient.mean(dim=(2, 3)), recording.activations).relu()


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_a_branch_for_train_mode_behind_the_layer_undoes_the_closed_form_in_it(dropout: float) -> None:
    network, images, classes = seeded(SquaresInTrainMode), drawn_images(), torch.tensor([0, 2])
    activation_maps(network, images, "cam", classes)
    network.train()
    network.get_submodule("dropout").p = dropout  # type: ignore[assignment]
    torch.manual_seed(0)
    expected = expected_grad_cam(network, images, classes)
    for _ in range(2):
        torch.manual_seed(0)
        with recorded(network, "features") as recording:
            logits = network(images)
        made = maps_of(recording, logits, images, classes=classes)
        torch.testing.assert_close(made.maps, expected)


def test_what_a_hook_does_in_eval_mode_alone_undoes_the_closed_form_in_it_alone() -> None:
    network, images, classes = seeded(Pooled), drawn_images(), torch.tensor([0, 2])
    network.get_submodule("head").register_forward_hook(
        lambda head, _input, output: output if head.training else output.square()
    )
    expected = expected_grad_cam(network, images, classes).detach()
    made = activation_maps(network.train(), images, classes=classes, layer="features")
    torch.testing.assert_close(made.maps, expected)
    activation_maps(network, images, "cam", classes, layer="features", differentiable=True)


def test_a_hook_on_the_linear_layer_undoes_the_closed_form_in_train_mode_too() -> None:
    network, images, classes = seeded(Pooled).train(), drawn_images(), torch.tensor([0, 2])
    activation_maps(network, images, "cam", classes, differentiable=True)
    hook = network.get_submodule("head").register_forward_hook(lambda _module, _input, output: 2 * output)
    torch.manual_seed(0)
    expected = expected_grad_cam(network, images, classes)
    torch.manual_seed(0)
    with recorded(network, "features") as recording:
        logits = network(images)
    torch.testing.assert_close(maps_of(recording, logits, images, classes=classes).maps, expected)
    hook.remove()
    activation_maps(network, images, "cam", classes, differentiable=True)


def test_with_dropout_the_closed_form_is_checked_once() -> None:
    network, images = seeded(Pooled).train(), drawn_images()
    passes = []
    network.register_forward_hook(lambda *_: passes.append(1))
    for _ in range(3):
        with recorded(network, "features") as recording:
            logits = network(images)
        maps_of(recording, logits, images, "cam")
    assert len(passes) == 4


@pytest.mark.parametrize("method", ["cam", "grad-cam", "fimf-score-cam"])
def test_a_weight_that_is_computed_when_read_is_that_of_the_pass(method: str) -> None:
    network, images = seeded(Pooled), drawn_images()
    network.get_submodule("dropout").p = 0.0  # type: ignore[assignment]
    spectral_norm(network.get_submodule("head"))
    network.train()
    with recorded(network, "features") as recording:
        logits = network(images)
    before = {name: value.clone() for name, value in network.named_buffers()}
    made = maps_of(recording, logits, images, method, torch.tensor([0, 2]))
    made.maps.sum().backward()
    for name, value in network.named_buffers():
        assert torch.equal(value, before[name]), name
    if method == "cam":
        weight = network.get_submodule("head").eval().weight
        assert isinstance(weight, Tensor)
        expected = torch.einsum("nc,nchw->nhw", weight[[0, 2]], recording.activations).relu()
        torch.testing.assert_close(made.maps, expected)


class DrawsFromEverywhere(Pooled):
    """Jitters its images by every generator there is."""

    def forward(self, images: Tensor) -> Tensor:
        jitter = random.random() + np.random.rand() + torch.rand(()).item()  # noqa: NPY002, S311
        return super().forward(images + 1e-9 * jitter)


@pytest.mark.parametrize("method", [*METHODS.values(), FIMFScoreCAM(template="minmax")])
@pytest.mark.parametrize("differentiable", [False, True])
def test_no_generators_numbers_are_used_up(method: Method, *, differentiable: bool) -> None:
    network = seeded(DrawsFromEverywhere)

    def next_numbers() -> list[float]:
        return [random.random(), float(np.random.rand()), torch.rand(()).item()]  # noqa: NPY002, S311

    def seed() -> None:
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002
        torch.manual_seed(1)

    seed()
    expected = next_numbers()
    seed()
    made = activation_maps(network, drawn_images(), method, size="placed", differentiable=differentiable)
    if differentiable:
        made.maps.sum().backward()
    assert next_numbers() == expected
