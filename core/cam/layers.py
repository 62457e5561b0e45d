"""The layer that a map is made of: by name, by module, or the last feature map."""

import difflib
from collections import Counter
from contextlib import ExitStack

import torch
from torch import Tensor, nn

from core.cam.output import CamError, form_of
from core.cam.untouched import remembered, untouched

AVERAGE_POOLING = (nn.AdaptiveAvgPool2d, nn.AvgPool2d)


def layer_name(network: nn.Module, layer: str | nn.Module) -> str:
    """Name of a layer within its network.

    Raises
    ------
    CamError
        If no layer has this name (the nearest names are said), or the module is not part of the network.
    """
    names: list[str] = [name for name, _ in network.named_modules(remove_duplicate=False) if name]
    if isinstance(layer, str):
        if layer in names:
            return layer
        nearest = ", ".join(difflib.get_close_matches(layer, names, 3, cutoff=0.0))
        raise CamError(f"no layer is called {layer!r}; the nearest names are {nearest}")
    for name in names:
        if network.get_submodule(name) is layer:
            return name
    raise CamError(
        f"the layer {type(layer).__name__} is not a module inside this {type(network).__name__}: "
        "give one of its own modules, or a name"
    )


def last_feature_map(network: nn.Module, images: Tensor) -> str:
    """Name of the layer that yields the last feature map for images of this size.

    That is the last module, in the order of execution, whose output is (N, C, h, w) with h * w > 1. Average
    pooling does not count, nor does a module that returns its output unchanged: it only sums the feature map
    up. Of modules that yield the same tensor the outermost is taken, so a container with its last activation
    and max pooling. A module that runs several times in a pass is no single layer and is passed over.

    Found by one pass of one image in eval mode, the first time a network meets this size of image.

    Raises
    ------
    CamError
        If no layer has spatial features.
    """
    # A copy: the network may write into what it is given.
    probe = images[:1].detach().clone() if len(images) else images.new_zeros((1, *images.shape[1:]))
    name: str = remembered(network, ("last feature map", images.shape[1:]), lambda: _found(network, probe))
    return name


def require_spatial(name: str, output: object) -> Tensor:
    """Check that a layer's output is (N, C, h, w) with h * w > 1, and give it."""
    if isinstance(output, Tensor) and output.ndim == 4 and output.shape[2] * output.shape[3] > 1:
        return output
    raise CamError(
        f"layer {name!r} is without spatial features: it yields {form_of(output)}, not (N, C, h, w) with "
        "more than one cell; name an earlier layer, or give larger images"
    )


def _found(network: nn.Module, image: Tensor) -> str:
    names: dict[nn.Module, str] = {module: name for name, module in network.named_modules() if name}
    runs: Counter[nn.Module] = Counter()
    candidates: list[nn.Module] = []
    pooled: list[Tensor] = []

    def look(module: nn.Module, _: object, output: object) -> None:
        runs[module] += 1
        if not isinstance(output, Tensor) or output.ndim != 4 or output.shape[2] * output.shape[3] == 1:
            return
        if isinstance(module, AVERAGE_POOLING) or any(output is tensor for tensor in pooled):
            pooled.append(output)
        else:
            candidates.append(module)

    with ExitStack() as hooks, untouched(network, evaluating=True), torch.no_grad():
        for module in names:
            hooks.enter_context(module.register_forward_hook(look))
        network(image)
    for module in reversed(candidates):
        if runs[module] == 1:
            return names[module]
    raise CamError(
        f"{type(network).__name__} is a network without spatial features for images of "
        f"{image.shape[2]} x {image.shape[3]}: no layer yields (N, C, h, w) with more than one cell"
    )
