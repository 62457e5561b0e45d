"""Maps in a loss: gradients with respect to parameters and images agree with finite differences.

This cuts across the modules of `core.cam`: every method, on every kind of network.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from core.cam import (
    CAM,
    FIMFScoreCAM,
    GradCAM,
    GuidedGradCAM,
    Method,
    ScoreCAM,
    activation_maps,
    maps_of,
    recorded,
    score_cam,
)
from tests.core.cam.small_networks import (
    Branching,
    OneLogit,
    Pooled,
    Shortcut,
    TwoLayerHead,
    drawn_images,
    seeded,
)

METHODS = [
    GradCAM(),
    GuidedGradCAM(),
    ScoreCAM(),
    ScoreCAM(reading="paper"),
    ScoreCAM(max_channels=2),
    FIMFScoreCAM(),
    FIMFScoreCAM(template="minmax"),
    FIMFScoreCAM(max_channels=2),
]
PLACES: list[tuple[type[nn.Module], str | None]] = [
    (Pooled, None),
    (Pooled, "stem"),
    (OneLogit, None),
    (TwoLayerHead, None),
    (Shortcut, None),
    (Shortcut, "inner"),
    (Branching, None),
]
STEP = 1e-6


@pytest.fixture(autouse=True)
def _several_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the masked passes of these small images run three at a time, and so in more than one chunk."""
    monkeypatch.setattr(score_cam, "PIXELS_AT_A_TIME", 3 * 36)
    monkeypatch.setattr(score_cam, "FEATURES_AT_A_TIME", 3)


def require_exact_gradient(network: nn.Module, maps: Callable[[], Tensor], *images: Tensor) -> None:
    """Compare the derivative of a weighed sum of the maps along a random direction with a difference.

    All variables move at once, each so far that its part of the derivative is about 1 at most: what is wrong
    with one of them is not lost among the others.
    """
    generator = torch.Generator().manual_seed(1)
    made = maps()
    assert made.detach().amax() > 0
    weights = torch.rand(made.shape, generator=generator, dtype=made.dtype)
    variables = [*images, *network.parameters()]
    gradients = torch.autograd.grad((made * weights).sum(), variables, allow_unused=True)
    assert gradients[0] is not None
    expected, directions = 0.0, []
    for variable, gradient in zip(variables, gradients, strict=True):
        direction = torch.randn(variable.shape, generator=generator, dtype=variable.dtype)
        if gradient is not None:
            direction /= max(1.0, float(gradient.norm()))
            expected += float((gradient * direction).sum())
        directions.append(direction)

    def moved(step: float) -> float:
        with torch.no_grad():
            for variable, direction in zip(variables, directions, strict=True):
                variable += step * direction
        return float((maps().detach() * weights).sum())

    assert (moved(STEP) - moved(-2 * STEP)) / (2 * STEP) == pytest.approx(expected, rel=0, abs=1e-8)


@pytest.mark.parametrize("method", METHODS, ids=str)
@pytest.mark.parametrize(("kind", "layer"), PLACES)
def test_gradients_are_exact(kind: type[nn.Module], layer: str | None, method: Method) -> None:
    network, images = seeded(kind), drawn_images().requires_grad_()

    def maps() -> Tensor:
        return activation_maps(network, images, method, layer=layer, differentiable=True).maps

    require_exact_gradient(network, maps, images)


@pytest.mark.parametrize("kind", [Pooled, OneLogit])
def test_gradients_of_cam_are_exact(kind: type[nn.Module]) -> None:
    network, images = seeded(kind), drawn_images(4).requires_grad_()
    require_exact_gradient(
        network, lambda: activation_maps(network, images, CAM(), differentiable=True).maps, images
    )


@pytest.mark.parametrize("method", METHODS, ids=str)
@pytest.mark.parametrize(("kind", "layer"), [(Pooled, None), (Pooled, "stem"), (TwoLayerHead, None)])
def test_gradients_are_exact_in_train_mode(kind: type[nn.Module], layer: str | None, method: Method) -> None:
    """Batch statistics and dropout are part of the pass; `activation_maps` draws the same noise each time."""
    network, images = seeded(kind).train(), drawn_images(3).requires_grad_()
    classes = torch.tensor([0, 1, 2])
    torch.manual_seed(0)  # a few noises silence a whole map, whose gradient says nothing

    def maps() -> Tensor:
        return activation_maps(network, images, method, classes, layer, differentiable=True).maps

    require_exact_gradient(network, maps, images)


@pytest.mark.parametrize("method", METHODS, ids=str)
@pytest.mark.parametrize(("kind", "layer"), PLACES)
def test_a_map_of_the_users_own_pass_is_the_same_map(
    kind: type[nn.Module], layer: str | None, method: Method
) -> None:
    network, images = seeded(kind), drawn_images(3)
    with recorded(network, layer) as recording:
        logits = network(images)
    own = maps_of(recording, logits, images, method)
    looked_at = activation_maps(network, images, method, layer=layer)
    in_loss = activation_maps(network, images, method, layer=layer, differentiable=True)
    assert looked_at.maps.amax() > 0
    assert not looked_at.maps.requires_grad
    assert not looked_at.logits.requires_grad
    for made in (own, in_loss):
        assert made.maps.requires_grad
        torch.testing.assert_close(made.maps.detach(), looked_at.maps, rtol=1e-6, atol=1e-12)
        assert torch.equal(made.classes, looked_at.classes)


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_above_a_frozen_layer_the_gradient_of_the_head_is_exact(method: Method) -> None:
    network, images = seeded(TwoLayerHead), drawn_images()
    network.get_submodule("features").requires_grad_(requires_grad=False)

    def maps() -> Tensor:
        return activation_maps(network, images, method, layer="features", differentiable=True).maps

    require_exact_gradient(network.get_submodule("classifier"), maps)


@pytest.mark.parametrize("method", ["score-cam", "fimf-score-cam"])
def test_the_backward_pass_sees_the_buffers_of_the_forward_pass(method: str) -> None:
    """Chunks are run again in the backward pass, when the running statistics may have moved on."""
    network, images = seeded(Pooled), drawn_images()

    def gradient(*, moved: bool) -> Tensor:
        made = activation_maps(network, images, method, layer="stem", differentiable=True).maps
        if moved:
            network.get_buffer("features.3.running_mean").add_(5)
        network.zero_grad()
        made.sum().backward()
        found = network.get_parameter("features.2.weight").grad
        assert found is not None
        return found.clone()

    torch.testing.assert_close(gradient(moved=True), _after_undoing(network, lambda: gradient(moved=False)))


def _after_undoing(network: nn.Module, made: Callable[[], Tensor]) -> Tensor:
    network.get_buffer("features.3.running_mean").sub_(5)
    return made()


def test_a_loss_on_the_map_trains_the_network() -> None:
    network, images = seeded(Pooled).train(), drawn_images(4)
    network.get_submodule("dropout").eval()
    optimizer = torch.optim.SGD(network.parameters(), 0.05)
    classes, wanted = torch.tensor([0, 1, 2, 0]), torch.zeros(4, 3, 3, dtype=torch.float64)
    wanted[:, 0, 0] = 1
    shares = []
    for _ in range(30):
        with recorded(network) as recording:
            logits = network(images)
        maps = maps_of(recording, logits, images, "cam", classes).maps
        share = (maps * wanted).sum() / maps.sum()
        shares.append(share.item())
        optimizer.zero_grad()
        (nn.functional.cross_entropy(logits, classes) - share).backward()
        optimizer.step()
    assert shares[-1] > shares[0] + 0.2
