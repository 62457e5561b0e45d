"""The maps against published libraries, on the backbones of the field with random weights.

Equal to 1e-4 of the map's maximum. Where a library follows another convention, the test says which and
switches it on one side. This cuts across the modules of `core.cam`: all published methods.
"""

import numpy as np
import pytest
import torch
import torchvision
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core.cam import GuidedGradCAM, activation_maps
from core.cam.normalisation import minmax

pytestmark = [pytest.mark.peers, pytest.mark.slow, pytest.mark.usefixtures("peers")]

LAST = {"resnet50": "layer4", "vgg16": "features", "mobilenet_v2": "features"}
OF_64_CHANNELS = {"resnet50": "maxpool", "vgg16": "features.4", "mobilenet_v2": "features.8"}
SIZE_PX = 96


def images() -> Tensor:
    return torch.randn(2, 3, SIZE_PX, SIZE_PX, generator=torch.Generator().manual_seed(5))


@pytest.fixture(scope="module", params=LAST)
def backbone(request: pytest.FixtureRequest) -> nn.Module:
    """Random weights, batch statistics as the images have them, and logits of order 1."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network: nn.Module = torchvision.models.get_model(request.param, num_classes=10)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1.0
            if isinstance(module, nn.Dropout):
                module.p = 0.0
            # A library that hooks a layer sees what an in-place ReLU behind it has made of it.
            if isinstance(module, nn.ReLU | nn.ReLU6):
                module.inplace = False
        network.train()
        with torch.no_grad():
            network(images())
        *_, last = (module for module in network.modules() if isinstance(module, nn.Linear))
        network.eval()
        with torch.no_grad():
            last.weight /= network(images()).std()
    network.architecture = request.param
    return network


def last(backbone: nn.Module) -> str:
    return LAST[str(backbone.architecture)]


def of_64_channels(backbone: nn.Module) -> str:
    return OF_64_CHANNELS[str(backbone.architecture)]


def require_equal(own: Tensor, peer: Tensor | NDArray[np.floating]) -> None:
    other = torch.as_tensor(peer)
    highest = own.flatten(1).abs().amax(dim=1)
    assert own.shape == other.shape
    assert bool((highest > 0).all()), "a map that is zero shows no agreement"
    difference = (own - other).flatten(1).abs().amax(dim=1) / highest
    assert float(difference.max()) < 1e-4


def classes_of(backbone: nn.Module) -> Tensor:
    """Those of the highest logits, whose maps are not zero."""
    with torch.no_grad():
        return torch.as_tensor(backbone(images()).argmax(dim=1))


def scaled_as_grad_cam_does(maps: Tensor) -> Tensor:
    """grad-cam gives maps by min-max, at input size, and by min-max again; it adds 1e-7 to each divisor."""

    def scaled(maps: Tensor) -> Tensor:
        maps = maps - maps.amin(dim=(1, 2), keepdim=True)
        return maps / (maps.amax(dim=(1, 2), keepdim=True) + 1e-7)

    upsampled = functional.interpolate(scaled(maps)[:, None], (SIZE_PX, SIZE_PX), mode="bilinear")
    return scaled(upsampled[:, 0])


def test_grad_cam_is_that_of_captum(backbone: nn.Module) -> None:
    from captum.attr import LayerGradCam

    layer, classes = last(backbone), classes_of(backbone)
    own = activation_maps(backbone, images(), "grad-cam", classes, layer).maps
    peer = LayerGradCam(backbone, backbone.get_submodule(layer))
    # captum leaves the ReLU out unless told.
    maps = peer.attribute(images(), classes, relu_attributions=True)
    require_equal(own, maps[:, 0].detach())


def test_grad_cam_is_that_of_torchcam(backbone: nn.Module) -> None:
    from torchcam.methods import GradCAM

    layer, classes = last(backbone), classes_of(backbone)
    own = activation_maps(backbone, images(), "grad-cam", classes, layer).maps
    with GradCAM(backbone, layer) as peer:
        logits = backbone(images().requires_grad_())
        (maps,) = peer(classes.tolist(), logits, normalized=False)
    require_equal(own, maps)


def test_grad_cam_is_that_of_grad_cam(backbone: nn.Module) -> None:
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    layer, classes = last(backbone), classes_of(backbone)
    own = activation_maps(backbone, images(), "grad-cam", classes, layer).maps
    with GradCAM(backbone, [backbone.get_submodule(layer)]) as peer:
        maps = peer(images(), [ClassifierOutputTarget(class_) for class_ in classes.tolist()])
    require_equal(scaled_as_grad_cam_does(own), maps)


def test_grad_cam_at_an_inner_layer_is_that_of_captum(backbone: nn.Module) -> None:
    from captum.attr import LayerGradCam

    layer, classes = of_64_channels(backbone), classes_of(backbone)
    own = activation_maps(backbone, images(), "grad-cam", classes, layer).maps
    peer = LayerGradCam(backbone, backbone.get_submodule(layer))
    require_equal(own, peer.attribute(images(), classes, relu_attributions=True)[:, 0].detach())


def test_the_gradient_of_grad_cam_in_a_loss_is_that_of_captum_when_it_keeps_the_graph(
    backbone: nn.Module,
) -> None:
    from captum.attr import LayerGradCam

    layer, classes = last(backbone), classes_of(backbone)
    *_, parameter = backbone.get_submodule(layer).parameters()
    own = activation_maps(backbone, images(), "grad-cam", classes, layer, differentiable=True).maps
    peer = LayerGradCam(backbone, backbone.get_submodule(layer))
    # captum takes the channel weights for constants unless told to keep their graph.
    kept = peer.attribute(images(), classes, relu_attributions=True, grad_kwargs={"create_graph": True})
    gradients = [torch.autograd.grad(maps.square().sum(), parameter)[0][None] for maps in (own, kept)]
    require_equal(*gradients)


def test_cam_is_that_of_torchcam(backbone: nn.Module) -> None:
    from torchcam.methods import CAM

    if backbone.architecture == "vgg16":
        pytest.skip("VGG16 does not end in pooling and one linear layer: it has no CAM")
    layer, classes = last(backbone), classes_of(backbone)
    own = activation_maps(backbone, images(), "cam", classes, layer).maps
    with CAM(backbone, layer) as peer:
        backbone(images())
        (maps,) = peer(classes.tolist(), normalized=False)
    # torchcam leaves the ReLU out of CAM.
    require_equal(own, maps.relu())


def test_guided_grad_cam_is_that_of_captum(backbone: nn.Module) -> None:
    from captum.attr import GuidedGradCam

    layer, classes = last(backbone), classes_of(backbone)
    # captum guides ReLU alone and lets ReLU6 pass its own gradient without a word.
    method = GuidedGradCAM(other_rectifiers="plain")
    own = activation_maps(backbone, images(), method, classes, layer)
    peer = GuidedGradCam(backbone, backbone.get_submodule(layer))
    # captum upsamples by the nearest neighbour unless told.
    with pytest.warns(UserWarning, match="backward hooks on ReLU"):
        signed = peer.attribute(images(), classes, interpolate_mode="bilinear")
    assert own.signed is not None
    require_equal(own.signed, signed.detach())


def test_guided_backpropagation_is_that_of_grad_cam(backbone: nn.Module) -> None:
    from pytorch_grad_cam import GuidedBackpropReLUModel

    layer, classes = last(backbone), classes_of(backbone)
    coarse = activation_maps(backbone, images(), "grad-cam", classes, layer, "input").maps
    method = GuidedGradCAM(other_rectifiers="plain")
    own = activation_maps(backbone, images(), method, classes, layer)
    peer = GuidedBackpropReLUModel(backbone)
    # grad-cam takes one image, and gives guided backpropagation without Grad-CAM.
    guided = [
        peer(image[None], class_).transpose(2, 0, 1)
        for image, class_ in zip(images(), classes.tolist(), strict=True)
    ]
    assert own.signed is not None
    require_equal(own.signed, coarse[:, None] * torch.from_numpy(np.stack(guided)))


def test_score_cam_of_the_paper_is_that_of_torchcam(
    backbone: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchcam.methods import ScoreCAM

    layer, classes = of_64_channels(backbone), classes_of(backbone)
    own = activation_maps(backbone, images(), "score-cam-paper", classes, layer).maps
    with ScoreCAM(backbone, layer) as peer, torch.no_grad():
        # torchcam brings the channels to [0, 1] before they are upsampled, the paper afterwards.
        upsample = peer._upsample
        monkeypatch.setattr(peer, "_upsample", lambda activation: minmax(upsample(activation)))
        backbone(images())
        (maps,) = peer(classes.tolist(), normalized=False)
    require_equal(own, maps)


def upsampling_between_centres(size: tuple[int, int]) -> nn.Upsample:
    return nn.Upsample(size=size, mode="bilinear", align_corners=False)


def test_score_cam_of_the_paper_is_that_of_grad_cam(
    backbone: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pytorch_grad_cam import ScoreCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    layer, classes = of_64_channels(backbone), classes_of(backbone)
    own = activation_maps(backbone, images(), "score-cam-paper", classes, layer).maps
    # grad-cam upsamples the masks with their corners aligned.
    monkeypatch.setattr(nn, "UpsamplingBilinear2d", upsampling_between_centres)
    with ScoreCAM(backbone, [backbone.get_submodule(layer)]) as peer:
        maps = peer(images(), [ClassifierOutputTarget(class_) for class_ in classes.tolist()])
    require_equal(scaled_as_grad_cam_does(own), maps)


def test_score_cam_of_the_authors_code_is_that_of_grad_cam_on_probabilities_without_softmax(
    backbone: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pytorch_grad_cam import ScoreCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget

    layer, classes = of_64_channels(backbone), classes_of(backbone)
    own = activation_maps(backbone, images(), "score-cam", classes, layer).maps
    monkeypatch.setattr(nn, "UpsamplingBilinear2d", upsampling_between_centres)
    # grad-cam weighs by the softmax over the channels, the authors' code by the class probability itself.
    monkeypatch.setattr(nn, "Softmax", lambda **_: nn.Identity())
    with ScoreCAM(backbone, [backbone.get_submodule(layer)]) as peer:
        maps = peer(images(), [ClassifierOutputSoftmaxTarget(class_) for class_ in classes.tolist()])
    require_equal(scaled_as_grad_cam_does(own), maps)
