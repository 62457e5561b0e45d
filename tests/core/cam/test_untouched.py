"""The network comes back as it was, whatever the method, and after an exception too."""

import gc
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor, nn

from core.cam import METHODS, Method, activation_maps, maps_of, recorded
from tests.core.cam.small_networks import OneLogit, Pooled, Shortcut, TwoLayerHead, drawn_images, seeded

KINDS = [Pooled, OneLogit, TwoLayerHead, Shortcut]


def in_use(kind: type[nn.Module]) -> nn.Module:
    """A network in training: one part frozen, gradients there, a hook of the user's own."""
    network = seeded(kind).train()
    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    first.eval().requires_grad_(requires_grad=False)
    network(drawn_images(3)).sum().backward()
    network.register_forward_hook(lambda *_: None)
    return network


@contextmanager
def unchanged(network: nn.Module) -> Iterator[None]:
    """Fails where anything about the network or the random state is another afterwards."""
    flags = [module.training for module in network.modules()]
    hooks = [
        [list(value) for name, value in vars(module).items() if name.endswith("_hooks")]
        for module in network.modules()
    ]
    parameters = [(p, p.detach().clone(), p.requires_grad, p.grad, p._version) for p in network.parameters()]
    gradients = [None if p.grad is None else p.grad.clone() for p in network.parameters()]
    buffers = [(buffer, buffer.clone(), buffer._version) for buffer in network.buffers()]
    attributes = [set(vars(module)) for module in network.modules()]
    random_state = torch.get_rng_state()
    mode = (torch.is_grad_enabled(), torch.is_inference_mode_enabled())
    yield
    assert [module.training for module in network.modules()] == flags
    assert [
        [list(value) for name, value in vars(module).items() if name.endswith("_hooks")]
        for module in network.modules()
    ] == hooks
    for now, (parameter, value, requires_grad, gradient, version) in zip(
        network.parameters(), parameters, strict=True
    ):
        assert now is parameter
        assert torch.equal(now, value)
        assert (now.requires_grad, now._version) == (requires_grad, version)
        assert now.grad is gradient
    for parameter_now, before in zip(network.parameters(), gradients, strict=True):
        assert before is None or (parameter_now.grad is not None and torch.equal(parameter_now.grad, before))
    for buffer_now, (buffer, value, version) in zip(network.buffers(), buffers, strict=True):
        assert buffer_now is buffer
        assert torch.equal(buffer_now, value)
        assert buffer_now._version == version
    assert [set(vars(module)) for module in network.modules()] == attributes
    assert torch.equal(torch.get_rng_state(), random_state)
    assert (torch.is_grad_enabled(), torch.is_inference_mode_enabled()) == mode


# CAM needs the closed form.
SUITED = [(kind, name) for kind in KINDS for name in METHODS if name != "cam" or kind in (Pooled, OneLogit)]


@pytest.mark.parametrize(("kind", "method"), SUITED)
@pytest.mark.parametrize("differentiable", [False, True])
def test_a_map_leaves_no_trace(kind: type[nn.Module], method: str, *, differentiable: bool) -> None:
    network, images = in_use(kind), drawn_images(3)
    with unchanged(network):
        activation_maps(network, images, method, differentiable=differentiable)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("differentiable", [False, True])
def test_finding_out_where_a_network_looked_leaves_no_trace(
    kind: type[nn.Module], *, differentiable: bool
) -> None:
    network, images = in_use(kind), drawn_images(3)
    with unchanged(network):
        activation_maps(network, images, size="placed", differentiable=differentiable)


@pytest.mark.parametrize(("kind", "method"), SUITED)
def test_a_map_of_the_users_own_pass_leaves_no_trace(kind: type[nn.Module], method: str) -> None:
    network, images = in_use(kind), drawn_images(3)
    hooks = [len(module._forward_hooks) for module in network.modules()]
    with recorded(network) as recording:
        logits = network(images)
    assert [len(module._forward_hooks) for module in network.modules()] == hooks
    with unchanged(network):
        made = maps_of(recording, logits, images, method)
    flags = [module.training for module in network.modules()]
    made.maps.sum().backward()
    assert [module.training for module in network.modules()] == flags


class StopsAtPass(nn.Module):
    """A pooled network that fails at its n-th pass."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Pooled()
        self.left = [0]

    def forward(self, images: Tensor) -> Tensor:
        self.left[0] -= 1
        logits: Tensor = self.inner(images)
        if self.left[0] == 0:
            raise MemoryError("the pass that fails")
        return logits


@pytest.mark.parametrize("failing", [1, 2, 3])
@pytest.mark.parametrize("differentiable", [False, True])
def test_an_exception_on_the_way_leaves_no_trace(failing: int, *, differentiable: bool) -> None:
    network = in_use(StopsAtPass)
    assert isinstance(network, StopsAtPass)
    network.left[0] = failing
    with unchanged(network), pytest.raises(MemoryError):
        activation_maps(network, drawn_images(3), "score-cam", differentiable=differentiable)


def test_a_maps_noise_is_not_taken_from_the_users_random_numbers() -> None:
    network = in_use(Pooled)
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    activation_maps(network, drawn_images(), differentiable=True)
    assert torch.equal(torch.rand(2), expected)


@pytest.mark.parametrize("around", [torch.no_grad, torch.inference_mode, torch.enable_grad])
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_maps_are_the_same_whether_the_caller_has_gradients_on_or_not(
    around: Callable[[], torch.no_grad], method: Method
) -> None:
    network = seeded(Pooled)
    expected = activation_maps(network, drawn_images(), method)
    with around(), unchanged(network):
        made = activation_maps(network, drawn_images(), method)
    torch.testing.assert_close(made.maps, expected.maps)


def test_a_pass_that_keeps_something_in_the_network_keeps_no_stand_in() -> None:
    """Tracing runs the forward method on stand-ins for tensors; they must not end in the user's network."""

    class Remembering(Pooled):
        def forward(self, images: Tensor) -> Tensor:
            self.seen = self.features(self.stem(images))
            logits: Tensor = self.head(self.seen.mean(dim=(2, 3)))
            return logits

    network = seeded(Remembering)
    activation_maps(network, drawn_images(), "cam", layer="features")
    assert type(network.seen) is Tensor


def test_a_network_is_forgotten_with_its_last_user() -> None:
    network = seeded(TwoLayerHead)
    activation_maps(network, drawn_images(), "fimf-score-cam")
    gone = weakref.ref(network)
    del network
    gc.collect()
    assert gone() is None
