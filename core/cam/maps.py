"""Activation maps of a batch of images, by any method, from a pass of its own or one that was recorded."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import torch
from torch import Tensor, nn

from core.cam.grad_cam import CAM, GradCAM
from core.cam.guided_grad_cam import GuidedGradCAM
from core.cam.method import Method, RecordedPass, upsampled
from core.cam.output import CamError, form_of, logit_table
from core.cam.placing import placed, placing_of
from core.cam.pooled_head import pooled_head
from core.cam.recording import Recording, recorded
from core.cam.score_cam import FIMFScoreCAM, ScoreCAM
from core.cam.untouched import untouched

METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "cam": CAM(),
        "grad-cam": GradCAM(),
        "guided-grad-cam": GuidedGradCAM(),
        "score-cam": ScoreCAM(),
        "score-cam-paper": ScoreCAM(reading="paper"),
        "faster-score-cam": ScoreCAM(max_channels=10),
        "fimf-score-cam": FIMFScoreCAM(),
    }
)
"""The methods by name, each with its usual settings."""


@dataclass(frozen=True, eq=False)
class ActivationMaps:
    """Maps of a batch of images.

    Attributes
    ----------
    maps
        (N, h, w), non-negative, not normalised (`normalised` does that).
    classes
        (N,) int64: the class that each map is of.
    logits
        (N, K) of the pass that the maps are made from; K is 1 for a network of one logit.
    sums
        (N, h, w) on the layer's grid: the maps before they are rectified, so that there is something to see
        and to differentiate even of a map that is zero everywhere. Of Guided Grad-CAM the map itself.
    signed
        (N, C, H, W) product of Guided Grad-CAM before its absolute value; None for the other methods.
    """

    maps: Tensor
    classes: Tensor
    logits: Tensor
    sums: Tensor
    signed: Tensor | None = None

    @property
    def empty(self) -> Tensor:
        """(N,) bool: maps that are zero everywhere, which show nothing and have no gradient."""
        return (self.maps.detach() == 0).flatten(1).all(dim=1)


def activation_maps(
    network: nn.Module,
    images: Tensor,
    method: str | Method = "grad-cam",
    classes: Tensor | None = None,
    layer: str | nn.Module | None = None,
    size: Literal["layer", "input", "placed"] = "layer",
    *,
    differentiable: bool = False,
) -> ActivationMaps:
    """Make the activation maps of images.

    The network comes back as it was: mode of each submodule, gradients, hooks, `requires_grad`, buffers and
    random state, also after an exception.

    Parameters
    ----------
    network
        Any network from images to logits (N, K), or (N,) for one logit, whose class is 0 and whose
        probability is the sigmoid.
    images
        (N, C, H, W), as the network takes them. N may be 0, which gives 0 maps.
    method
        A name in `METHODS`, or an instance with settings of its own.
    classes
        (N,) int64; None for the class that the network predicts.
    layer
        Name or module; None for the last feature map (`core.cam.layers.last_feature_map`).
    size
        "layer": on the layer's grid. "input": upsampled to (H, W), bilinear, `align_corners=False`, as
        published libraries do, which takes the cells for equal parts of the image. "placed": upsampled
        with each cell at the place where the network looked (`core.cam.placing`). Guided Grad-CAM's maps are
        (H, W) whatever the size.
    differentiable
        False: eval mode, nothing keeps a graph. True: the mode the network is in, and maps and logits keep
        the graph, with exact gradients with respect to parameters and images.

    Raises
    ------
    CamError
        If there is no such method, layer or class, an image or what comes of it holds NaN or infinity, or the
        network is not of the kind the method or size needs; the message says what to give instead.
    """
    chosen = method_named(method)
    _require_images(images)
    if size not in ("layer", "input", "placed"):
        raise CamError(f"size is 'layer', 'input' or 'placed', not {size!r}")
    with torch.inference_mode(mode=False), torch.set_grad_enabled(differentiable):
        images = images.clone() if images.is_inference() else images
        given = images if len(images) else images.new_zeros((1, *images.shape[1:]))
        with (
            untouched(network, evaluating=not differentiable),
            recorded(
                network, layer, graph_from_layer=chosen.follows_gradient and not differentiable
            ) as recording,
            torch.set_grad_enabled(differentiable),
        ):
            # A copy: the network may normalise in place, and the masked passes need the images as given.
            logits = logit_table(network(given.clone()), len(given))
        activations = recording.activations
        if len(images) == 0:
            activations, logits = activations[:0], logits[:0]
        made = _made(
            chosen,
            network,
            recording.layer,
            images,
            activations,
            logits,
            classes,
            evaluated=not differentiable,
        )
        if not differentiable:
            made = replace(
                made, maps=made.maps.detach(), logits=made.logits.detach(), sums=made.sums.detach()
            )
        if size != "layer" and not chosen.at_input_size:
            if size == "input" or len(images) == 0:
                maps = upsampled(made.maps, images)
            else:
                maps = placed(made.maps, placing_of(network, images, recording.layer), *images.shape[2:])
            made = replace(made, maps=maps)
    return made


def maps_of(
    recording: Recording,
    logits: Tensor,
    images: Tensor,
    method: str | Method = "grad-cam",
    classes: Tensor | None = None,
) -> ActivationMaps:
    """Make the maps of a pass that the caller ran under `recorded`, for a loss.

    The maps are on the layer's grid and keep the graph of the pass, with exact gradients with respect to
    parameters and images. Methods that need passes of their own run them in eval mode and leave the network
    as it was.

    Parameters
    ----------
    recording
        Of the last pass.
    logits, images
        Output and input of that pass: (N, K) or (N,), and (N, C, H, W). If the network writes into its
        images, give a copy made before the pass.
    method, classes
        As for `activation_maps`.

    Raises
    ------
    CamError
        As for `activation_maps`, and if the recorded pass is not one of these images.
    """
    chosen = method_named(method)
    _require_images(images)
    table = logit_table(logits, len(images))
    activations = recording.activations
    if len(activations) != len(images):
        raise CamError(f"the recorded pass was one of {len(activations)} images, not of these {len(images)}")
    with recording.paused():
        return _made(
            chosen, recording.network, recording.layer, images, activations, table, classes, evaluated=False
        )


def method_named(method: str | Method) -> Method:
    """Give the method of a name in `METHODS`; a method itself is returned as it is.

    Raises
    ------
    CamError
        If no method has this name; the nearest one is said.
    """
    if isinstance(method, Method):
        return method
    if method in METHODS:
        return METHODS[method]
    (nearest,) = difflib.get_close_matches(str(method), METHODS, 1, cutoff=0.0)
    raise CamError(f"no method is called {method!r}; the nearest name is {nearest!r} of {', '.join(METHODS)}")


def _made(
    method: Method,
    network: nn.Module,
    layer: str,
    images: Tensor,
    activations: Tensor,
    logits: Tensor,
    classes: Tensor | None,
    *,
    evaluated: bool,
) -> ActivationMaps:
    chosen = logits.detach().argmax(dim=1) if classes is None else _required(classes, logits)
    if len(images) == 0:
        size = images.shape[2:] if method.at_input_size else activations.shape[2:]
        signed = images if method.at_input_size else None
        nothing = activations.new_zeros((0, *size))
        return ActivationMaps(nothing, chosen, logits, nothing, signed)
    _require("activations", activations.isfinite(), network)
    _require("logits", ~logits.isnan(), network)  # minus infinity is a way to rule a class out
    head = pooled_head(network, layer, images, activations, logits, evaluated=evaluated)
    seen = RecordedPass(network, layer, images, activations, logits, chosen, head)
    sums, signed = method.maps(seen)
    _require("maps", sums.isfinite(), network)
    return ActivationMaps(sums.relu(), chosen, logits, sums, signed)


def _require(what: str, sound: Tensor, network: nn.Module) -> None:
    """Check that numbers of a pass, (N, ...), are sound."""
    which = _unsound(sound)
    if not which:
        return
    held = (*network.named_parameters(), *network.named_buffers())
    broken = next((name for name, value in held if not value.detach().isfinite().all()), None)
    cause = (
        f"{broken!r} of the network holds NaN or infinity: load or train it anew"
        if broken
        else "all weights are finite, so the pass overflowed: run it in a type of wider range"
    )
    raise CamError(f"the {what} hold NaN or infinity for image {which} of {len(sound)}, from 0: {cause}")


def _unsound(sound: Tensor) -> str:
    """Numbers of the images, from 0, that are not sound in all of (N, ...)."""
    of_image = sound.flatten(1).all(dim=1)
    return ", ".join(str(index) for index in (~of_image).nonzero()[:, 0].tolist())


def _require_images(images: Tensor) -> None:
    if not isinstance(images, Tensor) or images.ndim != 4 or not images.is_floating_point():
        raise CamError(f"images must be a floating-point tensor (N, C, H, W); they are {form_of(images)}")
    which = _unsound(images.detach().isfinite())
    if which:
        raise CamError(f"images hold NaN or infinity: number {which} of {len(images)}, counted from 0")


def _required(classes: Tensor, logits: Tensor) -> Tensor:
    images, number = logits.shape
    if not isinstance(classes, Tensor) or classes.dtype != torch.int64 or classes.shape != (images,):
        raise CamError(
            f"classes must be ({images},) torch.int64, one for each image; they are {form_of(classes)}"
        )
    wrong = classes[(classes < 0) | (classes >= number)].tolist()
    if wrong:
        listed = ", ".join(str(class_) for class_ in sorted(set(wrong)))
        there = f"{number} classes, 0 to {number - 1}" if number > 1 else "1 class, 0"
        raise CamError(f"there is no class {listed}: the network has {there}")
    return classes.to(logits.device)
