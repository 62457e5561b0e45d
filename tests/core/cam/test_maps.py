"""The maps of a batch: what cannot be mapped, what an empty batch gives, and that images do not mix."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from core.cam import (
    METHODS,
    ActivationMaps,
    CamError,
    Method,
    ScoreCAM,
    activation_maps,
    maps_of,
    normalised,
    recorded,
)
from tests.core.cam.small_networks import (
    IMAGE,
    HandSet,
    OneLogit,
    Pooled,
    TwoLayerHead,
    drawn_images,
    seeded,
)

Maps = Callable[[nn.Module, Tensor, str | Method, Tensor | None], ActivationMaps]


def from_own_pass(
    network: nn.Module, images: Tensor, method: str | Method, classes: Tensor | None
) -> ActivationMaps:
    with recorded(network, "features") as recording:
        logits = network(drawn_images(2))
    return maps_of(recording, logits, images, method, classes)


WAYS: list[Maps] = [activation_maps, from_own_pass]


@pytest.mark.parametrize("way", WAYS)
def test_a_class_out_of_range_is_named_with_the_number_of_classes(way: Maps) -> None:
    for class_ in (3, -1):
        with pytest.raises(CamError, match=f"no class {class_}: the network has 3 classes, 0 to 2"):
            way(seeded(Pooled), drawn_images(), "cam", torch.tensor([0, class_]))


def test_a_single_logit_has_the_class_0_alone() -> None:
    with pytest.raises(CamError, match="no class 1: the network has 1 class, 0"):
        activation_maps(seeded(OneLogit), drawn_images(), "cam", torch.tensor([0, 1]))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("classes", "named"),
    [
        (torch.tensor([1]), r"\(1,\) torch.int64"),
        (torch.tensor([[1, 2]]), r"\(1, 2\) torch.int64"),
        (torch.tensor([1.0, 2.0]), "torch.float32"),
        (torch.tensor([1, 2], dtype=torch.int32), "torch.int32"),
        ([1, 2], "list"),
    ],
    ids=str,
)
def test_classes_of_another_length_or_type_are_an_error(way: Maps, classes: Tensor, named: str) -> None:
    with pytest.raises(CamError, match=rf"classes must be \(2,\) torch.int64.*{named}"):
        way(seeded(Pooled), drawn_images(), "cam", classes)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_an_image_that_is_not_finite_is_named(way: Maps, value: float) -> None:
    images = drawn_images()
    images[1, 0, 2, 2] = value
    with pytest.raises(CamError, match="NaN or infinity: number 1 of 2"):
        way(seeded(Pooled), images, "grad-cam", None)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("images", "named"),
    [
        (torch.rand(2, 6, 6), r"\(2, 6, 6\)"),
        (torch.zeros(2, 2, 6, 6, dtype=torch.uint8), "torch.uint8"),
        ("cell.png", "str"),
    ],
    ids=["three axes", "integers", "a name"],
)
def test_what_is_no_batch_of_images_is_an_error(way: Maps, images: Tensor, named: str) -> None:
    with pytest.raises(CamError, match=f"images must be .*{named}"):
        way(seeded(Pooled), images, "grad-cam", None)


def test_an_unknown_method_is_answered_with_the_nearest_name() -> None:
    with pytest.raises(CamError, match="'gradcam'; the nearest name is 'grad-cam'"):
        activation_maps(seeded(Pooled), drawn_images(), "gradcam")
    with pytest.raises(CamError, match="no method is called"):
        activation_maps(seeded(Pooled), drawn_images(), ScoreCAM)  # type: ignore[arg-type]


def test_another_size_is_an_error() -> None:
    with pytest.raises(CamError, match="'layer', 'input' or 'placed', not 'image'"):
        activation_maps(seeded(Pooled), drawn_images(), size="image")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("kind", [Pooled, OneLogit, TwoLayerHead])
def test_no_images_give_no_maps(name: str, kind: type[nn.Module]) -> None:
    network, images = seeded(kind), drawn_images(1)
    one = activation_maps(network, images, "grad-cam" if name == "cam" else name)
    none = activation_maps(network, images[:0], name)
    assert none.maps.shape == (0, *one.maps.shape[1:])
    assert none.logits.shape == (0, *one.logits.shape[1:])
    assert none.classes.shape == none.empty.shape == (0,)
    assert (none.signed is None) == (one.signed is None)
    assert activation_maps(network, images[:0], name, size="input").maps.shape == (0, 6, 6)
    with recorded(network, "features") as recording:
        logits = network(images[:0])
    assert maps_of(recording, logits, images[:0], name).maps.shape == none.maps.shape


def test_a_map_that_is_zero_everywhere_is_reported_and_has_no_gradient() -> None:
    network = HandSet()
    # Class 1 weighs channel 0 with -1, and the second image has nothing in channel 1.
    images = torch.cat([IMAGE, IMAGE.clamp(min=0)]).requires_grad_()
    made = activation_maps(network, images, "grad-cam", torch.tensor([1, 1]), differentiable=True)
    assert made.empty.tolist() == [False, True]
    assert normalised(made.maps)[1].tolist() == [[0, 0], [0, 0]]
    made.maps.sum().backward()
    assert images.grad is not None
    assert images.grad.flatten(1).any(dim=1).tolist() == [True, False]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("method", METHODS)
def test_a_weight_that_is_no_number_is_named(way: Maps, method: str) -> None:
    for weight in ("features.2.weight", "head.bias"):
        network = seeded(Pooled)
        with torch.no_grad():
            network.get_parameter(weight).view(-1)[0] = torch.nan
        with pytest.raises(CamError, match=f"image 0, 1 of 2, from 0: '{weight}' of the network holds NaN"):
            way(network, drawn_images(), method, torch.tensor([0, 1]))


def test_maps_that_run_over_with_weights_that_are_numbers_say_so() -> None:
    network = seeded(Pooled).half()
    with torch.no_grad():
        network.get_parameter("stem.weight").mul_(3e4)
        network.get_parameter("features.2.weight").mul_(1e4)
    with pytest.raises(CamError, match="all weights are finite, so the pass overflowed"):
        activation_maps(network, drawn_images().half(), "cam")


def test_maps_of_other_images_than_those_of_the_pass_are_an_error() -> None:
    network, images = seeded(Pooled), drawn_images()
    with recorded(network) as recording:
        logits = network(images)
    with pytest.raises(CamError, match="one of 2 images, not of these 1"):
        maps_of(recording, logits[:1], images[:1])


@pytest.mark.parametrize("method", METHODS.values(), ids=str)
@pytest.mark.parametrize("kind", [Pooled, OneLogit])
def test_a_map_does_not_depend_on_its_neighbours_in_the_batch(kind: type[nn.Module], method: Method) -> None:
    network, images = seeded(kind), drawn_images(4)
    together = activation_maps(network, images, method).maps
    for index in range(4):
        alone = activation_maps(network, images[index : index + 1], method).maps[0]
        torch.testing.assert_close(together[index], alone)
