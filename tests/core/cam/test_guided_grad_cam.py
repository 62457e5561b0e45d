"""Guided backpropagation, however a ReLU is written, and rectifiers for which it is not defined."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.cam import CamError, GuidedGradCAM, activation_maps
from tests.core.cam.small_networks import drawn_images

Rectifier = Callable[[Tensor], Tensor]


class Rectified(nn.Module):
    """Two convolutions, each with the rectifier behind it."""

    def __init__(self, rectifier: Rectifier) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.first, self.second = nn.Conv2d(2, 4, 3, padding=1).double(), nn.Conv2d(4, 4, 3).double()
        self.head = nn.Linear(4, 3).double()
        for parameter in self.parameters():
            parameter.data.normal_(generator=generator)
        self.rectifier = rectifier

    def forward(self, images: Tensor) -> Tensor:
        features = self.rectifier(self.second(self.rectifier(self.first(images))))
        logits: Tensor = self.head(features.mean(dim=(2, 3)))
        return logits


def guided_by_hand(network: Rectified, image: Tensor, class_: int) -> Tensor:
    """Guided backpropagation through `Rectified`, one layer at a time."""
    first = network.first(image)
    second = network.second(first.clamp(min=0))
    gradient = network.head.weight[class_].view(1, 4, 1, 1).expand_as(second) / second[0, 0].numel()
    gradient = gradient.clamp(min=0) * (second > 0)
    gradient = functional.conv_transpose2d(gradient, network.second.weight)
    gradient = gradient.clamp(min=0) * (first > 0)
    return functional.conv_transpose2d(gradient, network.first.weight, padding=1).detach()


RELUS: dict[str, Rectifier] = {
    "a module": nn.ReLU(),
    "a module in place": nn.ReLU(inplace=True),
    "a function": functional.relu,
    "a function in place": lambda features: functional.relu(features, inplace=True),
    "a function of torch": torch.relu,
    "one of torch in place": torch.relu_,
    "a method": lambda features: features.relu(),
    "a method in place": lambda features: features.relu_(),
    "in place without using what it returns": lambda features: (features.relu_(), features)[1],
}


@pytest.mark.parametrize("name", RELUS)
def test_every_way_to_write_a_relu_is_guided(name: str) -> None:
    network, images = Rectified(RELUS[name]).eval(), drawn_images()
    made = activation_maps(network, images, "guided-grad-cam", layer="second", classes=torch.tensor([0, 0]))
    coarse = activation_maps(
        network, images, "grad-cam", layer="second", classes=torch.tensor([0, 0]), size="input"
    )
    expected = torch.cat([guided_by_hand(network, image[None], 0) for image in images])
    assert made.signed is not None
    assert made.maps.amax() > 0
    torch.testing.assert_close(made.signed, coarse.maps[:, None] * expected)
    torch.testing.assert_close(made.maps, made.signed.abs().amax(dim=1))


@pytest.mark.parametrize(
    "rectifier",
    [
        nn.ReLU6(),
        nn.Hardswish(),
        nn.GELU(),
        nn.SiLU(),
        nn.LeakyReLU(),
        nn.PReLU().double(),
        nn.ELU(inplace=True),
        nn.Threshold(0.1, 0.0),
        nn.Threshold(0.1, 0.0, inplace=True),
    ],
    ids=str,
)
def test_other_rectifiers_are_an_error_unless_they_may_pass_their_own_gradient(rectifier: Rectifier) -> None:
    network, images = Rectified(rectifier).eval(), drawn_images()
    classes = torch.tensor([1, 2])
    with pytest.raises(CamError, match="defined for ReLU only, and this network uses") as raised:
        activation_maps(network, images, "guided-grad-cam", classes)
    assert "other_rectifiers='plain'" in str(raised.value)
    made = activation_maps(network, images, GuidedGradCAM(other_rectifiers="plain"), classes)
    given = images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network(given)[torch.arange(2), classes].sum(), given)
    coarse = activation_maps(network, images, "grad-cam", classes, size="input").maps
    assert made.signed is not None
    torch.testing.assert_close(made.signed, coarse[:, None] * gradient)


@pytest.mark.parametrize("rectifier", [nn.ReLU6(), nn.ReLU6(inplace=True), functional.relu6])
def test_relu6_is_called_by_its_name(rectifier: Rectifier) -> None:
    with pytest.raises(CamError, match="uses ReLU6:"):
        activation_maps(Rectified(rectifier), drawn_images(), "guided-grad-cam")
    with pytest.raises(CamError, match="uses hardtanh:"):
        activation_maps(Rectified(nn.Hardtanh()), drawn_images(), "guided-grad-cam")


def test_a_third_way_to_treat_other_rectifiers_is_an_error() -> None:
    with pytest.raises(CamError, match="'error' or 'plain', not 'guided'"):
        GuidedGradCAM(other_rectifiers="guided")  # type: ignore[arg-type]


def test_gates_are_no_rectifiers() -> None:
    network = Rectified(lambda features: features.sigmoid() * features.tanh())
    activation_maps(network, drawn_images(), "guided-grad-cam")


def test_the_network_rectifies_as_before_afterwards() -> None:
    network, images = Rectified(nn.ReLU()).eval(), drawn_images().requires_grad_()
    (before,) = torch.autograd.grad(network(images).sum(), images)
    activation_maps(network, images, "guided-grad-cam")
    (after,) = torch.autograd.grad(network(images).sum(), images)
    assert torch.equal(before, after)
