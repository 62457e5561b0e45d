"""What a pass gives, and gradients that do not depend on how a batch is cut up."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.nn import functional

from core.cam import METHODS, CamError, CellCentres, Placing, activation_maps
from core.saliency.localisation import energy, magtr, mangtr
from core.saliency.objectives import OBJECTIVES
from core.saliency.regions import placed_shares
from core.training.guided import accumulate
from core.training.passes import FIGURES, GuidedBatch, upsampled
from tests.core.training.coloured_squares import Pooled, TwoLayerHead, batch, guided_network, one_process


def gradients(
    objective: str, passes: list[GuidedBatch], network: type[nn.Module], method: str = "grad-cam"
) -> dict[str, Tensor]:
    """Of the mean objective, once it was worked through in these passes."""
    guided = guided_network(objective, network, method)
    guided.begin_training(freeze_batch_norm=False)
    accumulate(guided, passes, sum(len(part.classes) for part in passes), one_process(), guides=True)
    named = [*guided.network.named_parameters(), *guided.objective.named_parameters()]
    return {name: parameter.grad.clone() for name, parameter in named if parameter.grad is not None}


def parts(whole: GuidedBatch, *sizes: int) -> list[GuidedBatch]:
    tensors = (whole.images.split(sizes), whole.classes.split(sizes), whole.regions.split(sizes))
    return [GuidedBatch(*part) for part in zip(*tensors, strict=True)]


@pytest.mark.parametrize("network", [Pooled, TwoLayerHead])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_gradients_of_passes_add_up_to_those_of_the_large_batch(
    objective: str, network: type[nn.Module]
) -> None:
    # Of unequal size, one with the only two images without region that it has, one of a single image.
    whole = batch(12)
    at_once = gradients(objective, [whole], network)
    in_passes = gradients(objective, parts(whole, 5, 6, 1), network)
    assert at_once.keys() == in_passes.keys()
    for name, gradient in at_once.items():
        torch.testing.assert_close(in_passes[name], gradient, rtol=1e-5, atol=1e-5)
        assert bool((gradient != 0).any())


def head_gradient_where_every_map_is_out(objective: str) -> Tensor:
    """Of the head's weights, none of which is above 0, on features that are never below."""
    guided = guided_network(objective)
    head = guided.network.get_submodule("head")
    with torch.no_grad():
        head.get_parameter("weight").abs_().neg_()
    whole = batch(12)
    assert bool(guided.figures(whole)[:, FIGURES.index("empty_map")].all())
    guided.losses(whole, guided=True).sum().backward()
    gradient = head.get_parameter("weight").grad
    assert gradient is not None
    return gradient


def test_a_pass_looks_below_the_rectifier_where_the_objective_does() -> None:
    alone = head_gradient_where_every_map_is_out("cross-entropy")
    torch.testing.assert_close(head_gradient_where_every_map_is_out("energy-dice"), alone)
    pulled = head_gradient_where_every_map_is_out("energy-dice-absence") - alone
    assert bool((pulled <= 0).all())  # every weight is pulled up
    assert bool((pulled < 0).any())


@pytest.mark.parametrize("method", METHODS)
def test_gradients_add_up_under_every_map_method(method: str) -> None:
    whole = batch(7)
    at_once = gradients("energy-dice", [whole], Pooled, method)
    in_passes = gradients("energy-dice", parts(whole, 3, 4), Pooled, method)
    for name, gradient in at_once.items():
        torch.testing.assert_close(in_passes[name], gradient, rtol=1e-5, atol=1e-5)


def test_a_pass_that_does_not_guide_is_cross_entropy_and_so_is_the_objective_of_that_name() -> None:
    squares = batch(6)
    guided = guided_network("energy-dice")
    expected = functional.cross_entropy(guided.network(squares.images), squares.classes, reduction="none")
    torch.testing.assert_close(guided.losses(squares, guided=False), expected)
    torch.testing.assert_close(guided_network("cross-entropy").losses(squares, guided=True), expected)


def looked_at(regions: Tensor) -> Tensor:
    """Shares of (N, 12, 12) regions for 6 x 6 cells of a stride of 2, which look at pixels 0, 2, ... 10."""
    weights = torch.zeros(6, 12)
    for cell in range(1, 5):
        weights[cell, 2 * cell - 1 : 2 * cell + 2] = torch.tensor([1, 2, 1]) / 4
    weights[0, :2] = torch.tensor([2, 1]) / 3  # what is not in the image does not count
    weights[5, 9:] = torch.tensor([1, 2, 2]) / 5  # pixel 11 is nearest to this one
    return weights @ regions.float() @ weights.T


def test_a_guiding_pass_is_the_objective_of_the_true_class_s_map_and_of_where_its_cells_looked() -> None:
    squares = batch(6)
    guided = guided_network("energy-dice")
    made = activation_maps(guided.network, squares.images, "grad-cam", squares.classes, "features")
    entropies = functional.cross_entropy(made.logits, squares.classes, reduction="none")
    torch.testing.assert_close(
        guided.losses(squares, guided=True),
        guided.objective(entropies, made.maps, looked_at(squares.regions)),
    )


@pytest.mark.parametrize(("layer", "side"), [("features.1", 12), ("features.2", 6)])
def test_any_layer_is_guided_on_its_own_grid(layer: str, side: int) -> None:
    squares = batch(6)
    guided = replace(guided_network("dice"), layer=layer)
    made = activation_maps(guided.network, squares.images, "grad-cam", squares.classes, layer)
    assert made.maps.shape[1:] == (side, side)
    entropies = functional.cross_entropy(made.logits, squares.classes, reduction="none")
    same_place = CellCentres(0, 12 / side)
    shares = placed_shares(squares.regions, Placing(same_place, same_place), side, side)
    expected = guided.objective(entropies, made.maps, shares)
    losses = guided.losses(squares, guided=True)
    torch.testing.assert_close(losses, expected)
    losses.sum().backward()
    assert guided.network.get_parameter("features.0.weight").grad is not None


class Unplaced(Pooled):
    """Coarser cells upsampled again, whose place is not worked out."""

    def __init__(self) -> None:
        super().__init__()
        self.features.append(nn.Upsample(scale_factor=2)).append(nn.AvgPool2d(2, 1))


@pytest.mark.parametrize(
    ("method", "size"),
    [
        ("grad-cam", "placed"),
        ("guided-grad-cam", "input"),
    ],
)
def test_figures_are_at_the_resolution_of_the_image_and_cells_where_they_looked(
    method: str, size: Literal["placed", "input"]
) -> None:
    squares = batch(6)
    guided = guided_network("energy-dice", Pooled, method)
    figures = dict(zip(FIGURES, guided.figures(squares).unbind(dim=1), strict=True))
    made = activation_maps(guided.network, squares.images, method, squares.classes, "features", size)
    expected: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
        "magtr": magtr,
        "mangtr": mangtr,
        "epg": energy,
    }
    for name, term in expected.items():
        torch.testing.assert_close(figures[name], term(made.maps, squares.regions).double(), equal_nan=True)
    assert figures["prediction"].tolist() == made.logits.argmax(dim=1).tolist()
    torch.testing.assert_close(figures["loss"].float(), guided.losses(squares, guided=True).detach())
    assert figures["without_region"].tolist() == [1, 0, 0, 0, 0, 1]


def test_a_layer_whose_cells_cannot_be_placed_is_refused_by_name() -> None:
    guided = guided_network("energy-dice", Unplaced)
    for guide in (lambda: guided.losses(batch(6), guided=True), lambda: guided.figures(batch(6))):
        with pytest.raises(CamError, match="where the cells of layer 'features' look cannot be worked out"):
            guide()


def test_of_a_map_at_the_size_of_the_image_a_pixel_s_share_is_the_pixel_s() -> None:
    squares = batch(6)
    method = "guided-grad-cam"
    guided = guided_network("energy-dice", Pooled, method)
    made = activation_maps(guided.network, squares.images, method, squares.classes, "features")
    entropies = functional.cross_entropy(made.logits, squares.classes, reduction="none")
    expected = guided.objective(entropies, made.maps, squares.regions.float())
    torch.testing.assert_close(guided.losses(squares, guided=True), expected)


def test_where_cells_look_is_worked_out_once_for_a_size_of_image() -> None:
    guided = guided_network("energy-dice", Pooled)
    passes: list[int] = []
    guided.network.register_forward_pre_hook(lambda _, given: passes.append(len(given[0])))
    squares = batch(6)
    small = GuidedBatch(squares.images[..., :10, :10], squares.classes, squares.regions[..., :10, :10])
    for part in (squares, small):
        guided.losses(part, guided=True)
        first, passes[:] = passes[:], []
        guided.losses(part, guided=True)
        guided.figures(part)
        assert (sorted(first), passes) == ([1, 6], [6, 6])
        passes.clear()


def test_upsampling_leaves_maps_at_image_size_as_they_are() -> None:
    maps = torch.rand(2, 12, 12)
    assert torch.equal(upsampled(maps, torch.zeros(2, 3, 12, 12)), maps)


def test_measuring_leaves_no_trace() -> None:
    guided = guided_network()
    guided.begin_training(freeze_batch_norm=False)
    before = {name: value.clone() for name, value in guided.network.state_dict().items()}
    guided.figures(batch(4))
    assert guided.network.training
    assert all(parameter.grad is None for parameter in guided.network.parameters())
    assert all(torch.equal(before[name], value) for name, value in guided.network.state_dict().items())


@pytest.mark.parametrize("freeze", [True, False])
def test_frozen_batch_normalisation_keeps_its_statistics_while_its_weights_learn(*, freeze: bool) -> None:
    guided = guided_network()
    normalisation = nn.BatchNorm2d(8)
    guided.network.get_submodule("features").append(normalisation)  # type: ignore[operator]
    guided.begin_training(freeze_batch_norm=freeze)
    accumulate(guided, [batch(4)], 4, one_process(), guides=True)
    assert normalisation.running_mean is not None
    assert bool((normalisation.running_mean == 0).all()) == freeze
    assert normalisation.weight.grad is not None
    assert bool((normalisation.weight.grad != 0).any())


def test_mixed_precision_moves_gradients_by_its_rounding_only() -> None:
    whole = batch(12)
    exact = gradients("energy-dice", [whole], Pooled)
    guided = guided_network("energy-dice")
    guided.begin_training(freeze_batch_norm=False)
    mixed = Fabric(accelerator="cpu", devices=1, precision="bf16-mixed")
    accumulate(guided, [whole], 12, mixed, guides=True)
    for name, parameter in guided.network.named_parameters():
        assert parameter.grad is not None
        assert parameter.grad.dtype == torch.float32
        off = (parameter.grad - exact[name]).norm() / exact[name].norm()
        assert 0 < off < 0.05
