"""The networks that the study of activation maps compares, with or without weights learned on ImageNet.

What lies between the feature layer, whose output the maps are taken of, and the logits:

| name | feature layer | its output for the stated input | after it |
|---|---|---|---|
| `resnet50v2` | `features` | 2048 x 7 x 7 | mean pooling, one linear |
| `resnet50` | `layer4` | 2048 x 7 x 7 | mean pooling, one linear |
| `vgg16` | `features.29` | 512 x 14 x 14 | maximum pooling, three linear with ReLU, dropout |
| `mobilenet_v2` | `features` | 1280 x 7 x 7 | mean pooling, dropout, one linear |
| `mobilenet_v3_small` | `features` | 576 x 7 x 7 | mean pooling, two linear with hard-swish, dropout |
| `small` | `features` | 128 x 8 x 8 | mean pooling, one linear |

The output of `mobilenet_v3_small`'s comes from a hard-swish and is slightly negative in places; that of the
others is nowhere.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision import models

from core.errors import SmearscopeError
from models.pooled_networks import resnet50v2, small

IMAGENET_CATEGORIES: tuple[str, ...] = tuple(models.ResNet50_Weights.IMAGENET1K_V1.meta["categories"])
"""Names of the 1,000 logits of ImageNet weights, in their order, as torchvision spells them."""


class BackboneError(SmearscopeError):
    """A backbone, its weights or its input that cannot be used as given."""


@dataclass(frozen=True)
class InputNormalisation:
    """What weights expect of RGB images in [0, 1]: `(image - mean) / standard_deviation`."""

    mean: tuple[float, float, float]
    standard_deviation: tuple[float, float, float]

    def inputs(self, images: Tensor) -> Tensor:
        """Network input of images.

        Parameters
        ----------
        images
            (N, H, W, 3) uint8 RGB, or (N, 3, H, W) floating point in [0, 1].

        Returns
        -------
        Tensor
            (N, 3, H, W); float32 of uint8 images, else in the precision of the images.

        Raises
        ------
        BackboneError
            For another shape, type or range.
        """
        form = f"{tuple(images.shape)} {str(images.dtype).removeprefix('torch.')}"
        if images.ndim == 4 and images.dtype == torch.uint8 and images.shape[3] == 3:
            images = images.permute(0, 3, 1, 2).float() / 255
        elif not (images.ndim == 4 and images.is_floating_point() and images.shape[1] == 3):
            raise BackboneError(f"images: {form}; give (N, H, W, 3) uint8 or (N, 3, H, W) in floating point")
        if bool((images < 0).any()) or bool((images > 1).any()):
            raise BackboneError(
                f"images: values from {images.min().item():.3g} to {images.max().item():.3g}; "
                "give floating-point images in [0, 1]"
            )
        return (images - _per_colour(self.mean, images)) / _per_colour(self.standard_deviation, images)

    def images(self, inputs: Tensor) -> Tensor:
        """Images (N, 3, H, W) in [0, 1] of network input; the inverse of `inputs`."""
        return inputs * _per_colour(self.standard_deviation, inputs) + _per_colour(self.mean, inputs)


def _per_colour(values: tuple[float, float, float], like: Tensor) -> Tensor:
    return like.new_tensor(values)[:, None, None]


MEAN_AND_DEVIATION = InputNormalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and standard deviation of ImageNet's pixels, which torchvision's weights take."""

MINUS_ONE_TO_ONE = InputNormalisation((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
"""Scaling to [-1, 1], which Keras's ResNet50V2 and MobileNet weights take."""


@dataclass(frozen=True)
class Backbone:
    """A network by name, before it has weights.

    Attributes
    ----------
    name
        Key in `BACKBONES`.
    make
        The network for a number of classes, (N, 3, H, W) to (N, K) logits, randomly initialised.
    feature_layer
        Module name of the last feature map; what follows it is in the table at the top of this file.
    head
        Module name of the last linear layer, the only one that depends on the number of classes.
    input_size_px
        Side of the square images it is meant for; it takes other sizes too.
    normalisation
        Of torchvision's weights where there are any, and of training from the start.
    url
        Of torchvision's weights, learned on ImageNet (their first version, on which published figures of
        activation maps rest); empty where there are none.
    last_stage
        Module name of the stage that halves the resolution for the last time, where that can be undone
        (`models.dilation`); empty where it cannot.
    """

    name: str
    make: Callable[[int], nn.Module]
    feature_layer: str
    head: str
    input_size_px: int
    normalisation: InputNormalisation
    url: str
    last_stage: str = ""

    def build(self, classes: int, seed: int = 0) -> nn.Module:
        """The network in evaluation mode, its weights drawn from the seed; no other random state moves."""
        if classes < 1:
            raise BackboneError(f"{self.name}: {classes} classes; give 1 or more")
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            return self.make(classes).eval()


@dataclass(frozen=True)
class WeightsFile:
    """A safetensors file with the key names of the network, and what its weights expect of images.

    Numbers may be in half precision. The file does not say which input it was trained with: the caller must.
    """

    path: Path
    normalisation: InputNormalisation


@dataclass(frozen=True)
class LoadedBackbone:
    """A backbone with weights.

    Attributes
    ----------
    backbone
        What it is.
    network
        In evaluation mode, on the CPU, in float32. Batch-norm stays in evaluation mode while maps are drawn;
        fine-tuning decides for itself.
    normalisation
        What these weights expect of images.
    """

    backbone: Backbone
    network: nn.Module
    normalisation: InputNormalisation


BACKBONES: Mapping[str, Backbone] = {
    backbone.name: backbone
    for backbone in (
        Backbone("resnet50v2", resnet50v2, "features", "fc", 224, MINUS_ONE_TO_ONE, ""),
        Backbone(
            name="resnet50",
            make=lambda classes: models.resnet50(num_classes=classes),
            feature_layer="layer4",
            head="fc",
            input_size_px=224,
            normalisation=MEAN_AND_DEVIATION,
            url=models.ResNet50_Weights.IMAGENET1K_V1.url,
            last_stage="layer4",
        ),
        Backbone(
            name="vgg16",
            make=lambda classes: models.vgg16(num_classes=classes),
            feature_layer="features.29",
            head="classifier.6",
            input_size_px=224,
            normalisation=MEAN_AND_DEVIATION,
            url=models.VGG16_Weights.IMAGENET1K_V1.url,
        ),
        Backbone(
            name="mobilenet_v2",
            make=lambda classes: models.mobilenet_v2(num_classes=classes),
            feature_layer="features",
            head="classifier.1",
            input_size_px=224,
            normalisation=MEAN_AND_DEVIATION,
            url=models.MobileNet_V2_Weights.IMAGENET1K_V1.url,
            last_stage="features.14",
        ),
        Backbone(
            name="mobilenet_v3_small",
            make=lambda classes: models.mobilenet_v3_small(num_classes=classes),
            feature_layer="features",
            head="classifier.3",
            input_size_px=224,
            normalisation=MEAN_AND_DEVIATION,
            url=models.MobileNet_V3_Small_Weights.IMAGENET1K_V1.url,
        ),
        Backbone("small", small, "features", "fc", 64, MEAN_AND_DEVIATION, "", "features.third"),
    )
}


def backbone_named(name: str) -> Backbone:
    """The backbone of a name; `BackboneError` with the names there are for another."""
    if name not in BACKBONES:
        raise BackboneError(f"no backbone {name!r}; choose one of {', '.join(BACKBONES)}")
    return BACKBONES[name]


def random_backbone(name: str, classes: int, seed: int = 0) -> LoadedBackbone:
    """A backbone without training, its weights drawn from the seed; raises `BackboneError`."""
    backbone = backbone_named(name)
    return LoadedBackbone(backbone, backbone.build(classes, seed), backbone.normalisation)


def load_backbone(
    name: str, classes: int, weights: WeightsFile | None = None, *, download: bool = False, seed: int = 0
) -> LoadedBackbone:
    """A backbone with learned weights, from a file or from torchvision's own cache.

    Where the weights are of another number of classes, the last linear layer is drawn from the seed instead.

    Parameters
    ----------
    name
        Key in `BACKBONES`.
    classes
        K, one logit each; 1,000 for ImageNet weights as they are (`IMAGENET_CATEGORIES`).
    weights
        The file to read; None for torchvision's ImageNet weights.
    download
        Whether torchvision may fetch its weights into its cache where they are not there yet.
    seed
        Of a fresh last layer.

    Raises
    ------
    BackboneError
        Naming the file to put where, or the file and key that do not fit.
    """
    backbone = backbone_named(name)
    if weights is None:
        path = _torchvision_file(backbone, download=download)
        state = torch.hub.load_state_dict_from_url(backbone.url, map_location="cpu", weights_only=True)
        normalisation = backbone.normalisation
    else:
        path, normalisation = weights.path, weights.normalisation
        state = _safetensors(path)
    network = backbone.build(classes, seed)
    _fill(network, state, backbone, path)
    return LoadedBackbone(backbone, network, normalisation)


def _safetensors(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise BackboneError(f"{path}: no such file; give the path of a safetensors file")
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise BackboneError(f"{path}: not a safetensors file ({error}); copy it anew") from error


def _torchvision_file(backbone: Backbone, *, download: bool) -> Path:
    """Path of torchvision's weights in its cache, whole and as published."""
    if not backbone.url:
        raise BackboneError(
            f"{backbone.name}: torchvision has no weights of it; give a safetensors file or train it yourself"
        )
    path = Path(torch.hub.get_dir()) / "checkpoints" / backbone.url.rsplit("/", 1)[-1]
    if not path.is_file():
        if not download:
            raise BackboneError(
                f"{path}: missing; put torchvision's file {path.name} there, give a safetensors file, "
                "or allow the download (--download)"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(backbone.url, str(path))
        except OSError as error:
            raise BackboneError(
                f"{path}: could not be downloaded ({error}); put the file there yourself"
            ) from error
    # The name carries the start of the file's SHA-256: it is checked before anything is unpacked.
    (published,) = re.findall(r"-([0-9a-f]{8})\.pth$", path.name)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(published):
        raise BackboneError(f"{path}: damaged, its SHA-256 begins {found[:8]}; delete it and fetch it anew")
    return path


def _fill(network: nn.Module, state: Mapping[str, Tensor], backbone: Backbone, path: Path) -> None:
    """Copy the state into the network, but for the head where that is of another number of classes."""
    own = network.state_dict()
    wrong = f"{path}: not weights of {backbone.name}"
    for key in state:
        if key not in own:
            raise BackboneError(f"{wrong}: it has no place for {key}")
    for key in own:
        # Published files of older versions of torch lack this counter, which evaluation does not read.
        if key not in state and not key.endswith("num_batches_tracked"):
            raise BackboneError(f"{wrong}: {key} is missing")
    head = {f"{backbone.head}.weight", f"{backbone.head}.bias"}
    fresh = len(state[f"{backbone.head}.weight"]) != len(own[f"{backbone.head}.weight"])
    taken = {}
    for key, value in state.items():
        of_other_classes = fresh and key in head
        found, expected = (tensor.shape[of_other_classes:] for tensor in (value, own[key]))
        if found != expected:
            raise BackboneError(f"{wrong}: {key} is {tuple(value.shape)}, not {tuple(own[key].shape)}")
        if not of_other_classes:
            taken[key] = value
    network.load_state_dict({**own, **taken})  # copies in the network's own precision
