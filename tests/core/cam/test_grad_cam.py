"""CAM and Grad-CAM: that they are the gradient, and passes that have none."""

import pytest
import torch
from torch import Tensor, nn

from core.cam import CAM, CamError, GradCAM, activation_maps, maps_of, recorded
from tests.core.cam.small_networks import OneLogit, Pooled, TwoLayerHead, drawn_images, seeded


@pytest.mark.parametrize("kind", [Pooled, OneLogit])
def test_grad_cam_is_cam_by_the_number_of_cells_and_both_are_the_gradient(kind: type[nn.Module]) -> None:
    network, images = seeded(kind), drawn_images(4)
    with recorded(network) as recording:
        logits = network(images)
    classes = logits.reshape(4, -1).argmax(dim=1)
    chosen = logits.reshape(4, -1).gather(1, classes[:, None]).sum()
    (gradient,) = torch.autograd.grad(chosen, recording.activations)
    expected = torch.einsum("nc,nchw->nhw", gradient.mean(dim=(2, 3)), recording.activations).relu().detach()
    assert expected.amax() > 0
    torch.testing.assert_close(activation_maps(network, images, GradCAM()).maps, expected)
    torch.testing.assert_close(activation_maps(network, images, CAM()).maps, 9 * expected)


def test_cam_of_a_network_without_closed_form_is_an_error_that_says_what_it_needs() -> None:
    with pytest.raises(CamError, match="'features' of this TwoLayerHead: it needs global average pooling"):
        activation_maps(seeded(TwoLayerHead), drawn_images(), "cam")


def test_without_closed_form_the_gradient_in_train_mode_is_that_of_the_dropped_logit() -> None:
    network, images = seeded(TwoLayerHead), drawn_images()
    network.get_submodule("classifier.2").train()
    with recorded(network) as recording:
        logits = network(images)
    (gradient,) = torch.autograd.grad(logits[:, 1].sum(), recording.activations, retain_graph=True)
    expected = torch.einsum("nc,nchw->nhw", gradient.mean(dim=(2, 3)), recording.activations).relu()
    made = maps_of(recording, logits, images, "grad-cam", torch.tensor([1, 1]))
    torch.testing.assert_close(made.maps, expected)


def test_a_layer_on_which_the_logits_do_not_depend_is_an_error() -> None:
    class Aside(Pooled):
        def forward(self, images: Tensor) -> Tensor:
            self.features[0](self.stem(images))
            logits: Tensor = self.head(images.mean(dim=(2, 3)).repeat(1, 3)[:, :5])
            return logits

    with pytest.raises(CamError, match=r"logits do not depend on layer 'stem'|no graph there"):
        activation_maps(seeded(Aside), drawn_images(), layer="stem")
    with pytest.raises(CamError, match="logits do not depend on layer 'stem'"):
        activation_maps(seeded(Aside), drawn_images(), layer="stem", differentiable=True)


def test_a_pass_without_graph_has_no_gradient_to_follow() -> None:
    network, images = seeded(TwoLayerHead), drawn_images()
    with recorded(network) as recording, torch.no_grad():
        logits = network(images)
    with pytest.raises(CamError, match="kept no graph there"):
        maps_of(recording, logits, images, GradCAM())


class FrozenTrunk(TwoLayerHead):
    """Turns gradients off around its features."""

    def forward(self, images: Tensor) -> Tensor:
        with torch.no_grad():
            features = self.features(images)
        logits: Tensor = self.classifier(features.flatten(1))
        return logits


@pytest.mark.parametrize("differentiable", [False, True])
def test_a_forward_method_that_turns_gradients_off_is_named_as_the_cause(*, differentiable: bool) -> None:
    with pytest.raises(CamError, match="the forward method of FrozenTrunk turns gradients off"):
        activation_maps(seeded(FrozenTrunk), drawn_images(), layer="features", differentiable=differentiable)
