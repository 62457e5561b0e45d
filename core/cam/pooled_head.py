"""Networks that end in global average pooling and one linear layer, whose maps have a closed form."""

import operator
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, fx, nn
from torch.nn import functional
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.utils import parametrize

from core.cam.output import logit_table
from core.cam.rebuilt import agree, traced_from
from core.cam.untouched import EachOperation, argument, remembered, untouched

Stage = Literal["map", "pooled", "logits"]
Step = Literal["average", "same", "reshape", "linear", "first", "other"]
_NEXT: dict[tuple[Stage, Step], Stage] = {
    ("map", "same"): "map",
    ("map", "average"): "pooled",
    ("pooled", "same"): "pooled",
    ("pooled", "reshape"): "pooled",  # the linear layer takes C numbers a row, so a row stays an image
    ("pooled", "linear"): "logits",
    ("logits", "same"): "logits",
    ("logits", "reshape"): "logits",
    ("logits", "first"): "logits",
}
_ONE_CELL = (1, (1, 1), [1, 1])


@dataclass(frozen=True, eq=False)
class PooledHead:
    """The end of a network: `logits = W mean_ij(A_ij) + b`.

    Attributes
    ----------
    weight
        W, (K, C).
    bias
        b, (K,), or None where the layer has none.
    """

    weight: Tensor
    bias: Tensor | None

    def gives(self, activations: Tensor, logits: Tensor) -> bool:
        """Whether the logits are those of the closed form, up to rounding."""
        with torch.no_grad():
            pooled = activations.detach().mean(dim=(2, 3)).to(self.weight.dtype)
            expected = functional.linear(pooled, self.weight, self.bias)
        # The activations may have been computed in a coarser type than that of the weights.
        return agree(logits.detach(), expected.to(activations.dtype))


@dataclass(frozen=True)
class _Place:
    """Where the head of a network is.

    Attributes
    ----------
    linear
        Name of the linear layer.
    window
        Cells that the average is taken over; None for all, whatever the size of the map.
    """

    linear: str
    window: tuple[int, int] | None


def pooled_head(
    network: nn.Module,
    layer: str,
    images: Tensor,
    activations: Tensor,
    logits: Tensor,
    *,
    evaluated: bool,
) -> PooledHead | None:
    """Find the closed form of a network behind a layer.

    The network's operations are followed from the layer to the output: one global average pooling (as a
    module, a function or a mean over both axes), one linear layer, and beside them only dropout, reshaping
    and the choice of a single logit. None for any other network, and for one that cannot be traced.

    The closed form leaves out dropout behind the layer: it is that of the network without its noise. It is
    checked against the logits of the pass, because tracing does not see everything: a hook may change values,
    a branch may run in train mode only. Dropout alone may make this check fail in train mode; then a pass
    without dropout is checked instead, the first time that these modules are in train mode.

    Parameters
    ----------
    network, layer
        The network and the name of its layer.
    images, activations, logits
        (N, C, H, W), (N, C, h, w) of the layer and (N, K), of one pass.
    evaluated
        Whether that pass ran in eval mode; otherwise it ran in the mode that the network is in.
    """
    place = remembered(network, ("pooled head", layer), lambda: _found(network, layer))
    if place is None:
        return None
    linear = network.get_submodule(place.linear)
    if not isinstance(linear, nn.Linear):
        raise TypeError(f"{place.linear} was a linear layer when the network was looked through")
    # A parametrization (spectral norm) computes the weight when it is read, in train mode another each time.
    # Plain weights are read directly: `untouched` would take longer than all the rest of this function.
    computed = parametrize.is_parametrized(linear)
    with untouched(network, evaluating=True) if computed else nullcontext():
        head = PooledHead(linear.weight, linear.bias)
    if head.weight.shape != (logits.shape[1], activations.shape[1]):
        return None
    if place.window is not None and place.window != tuple(activations.shape[2:]):
        return None
    if head.gives(activations, logits):
        return head
    if evaluated or not any(module.training for module in network.modules()):
        return None
    circumstances = tuple(
        (module.training, len(module._forward_hooks), len(module._forward_pre_hooks))
        for module in network.modules()
    )
    holds = remembered(
        network,
        ("closed form without dropout", layer, circumstances),
        lambda: _holds_without_dropout(network, layer, images, head),
    )
    return head if holds else None


def _holds_without_dropout(network: nn.Module, layer: str, images: Tensor, head: PooledHead) -> bool:
    kept: list[Tensor] = []

    def keep(_: nn.Module, __: object, output: Tensor) -> None:
        kept.append(output.clone())

    hook = network.get_submodule(layer).register_forward_hook(keep)
    with hook, untouched(network, evaluating=False), torch.no_grad(), _NoDropout():
        logits = logit_table(network(images.clone()), len(images))
    return len(kept) == 1 and head.gives(kept[0], logits)


class _NoDropout(EachOperation):
    """Makes dropout return what it is given, whether module or function."""

    def operation(
        self, function: Callable[..., Any], args: tuple[Any, ...], named: Mapping[str, Any]
    ) -> object:
        if "dropout" in getattr(function, "__name__", ""):
            return argument(args, named, 0, "input")
        return function(*args, **named)


def _found(network: nn.Module, layer: str) -> _Place | None:
    with untouched(network, evaluating=True):
        traced = traced_from(network, layer)
    if traced is None:
        return None
    _, node = traced
    stage: Stage = "map"
    window: tuple[int, int] | None = None
    linear = ""
    while True:
        users = [user for user in node.users if not _asks_for_size(user)]
        if len(users) != 1:
            return None
        before, node = node, users[0]
        if node.op == "output":
            return _Place(linear, window) if stage == "logits" and node.args[0] is before else None
        if any(source is not before and not _asks_for_size(source) for source in node.all_input_nodes):
            return None
        module = network.get_submodule(str(node.target)) if node.op == "call_module" else None
        step = _step(node, module)
        if (stage, step) not in _NEXT:
            return None
        stage = _NEXT[stage, step]
        if step == "average":
            window = _window(node, module)
        if step == "linear":
            linear = str(node.target)


def _step(node: fx.Node, module: nn.Module | None) -> Step:
    if module is not None:
        if isinstance(module, nn.AdaptiveAvgPool2d):
            return "average" if module.output_size in _ONE_CELL else "other"
        if isinstance(module, nn.AvgPool2d):
            return "average" if module.padding in (0, (0, 0)) else "other"
        if isinstance(module, nn.Linear) and type(module).forward is nn.Linear.forward:
            return "linear"
        if isinstance(module, _DropoutNd | nn.Identity):
            return "same"
        return "reshape" if isinstance(module, nn.Flatten) else "other"
    called = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
    if called == "mean":
        axes = argument(node.args, node.kwargs, 1, "dim")
        both = isinstance(axes, list | tuple) and {axis % 4 for axis in axes if isinstance(axis, int)} == {
            2,
            3,
        }
        return "average" if both else "other"
    if called == "adaptive_avg_pool2d":
        return "average" if argument(node.args, node.kwargs, 1, "output_size") in _ONE_CELL else "other"
    if called == "avg_pool2d":
        return "average" if argument(node.args, node.kwargs, 3, "padding") in (None, 0, (0, 0)) else "other"
    if called in {"dropout", "dropout2d", "contiguous"}:
        return "same"
    if called in {"flatten", "squeeze", "view", "reshape"}:
        return "reshape"
    picks_first = node.target is operator.getitem and node.args[1] in ((slice(None), 0), (Ellipsis, 0))
    return "first" if picks_first else "other"


def _window(node: fx.Node, module: nn.Module | None) -> tuple[int, int] | None:
    """Cells that an average is taken over, or None for all."""
    if isinstance(module, nn.AvgPool2d):
        kernel: object = module.kernel_size
    elif getattr(node.target, "__name__", "") == "avg_pool2d":
        kernel = argument(node.args, node.kwargs, 1, "kernel_size")
    else:
        return None
    height, width = kernel if isinstance(kernel, list | tuple) else (kernel, kernel)
    return height, width


def _asks_for_size(node: fx.Node) -> bool:
    """Whether a node is a number of the kind `x.shape[0]` or `x.size(0)`."""
    if node.op == "call_method":
        return node.target in {"size", "dim"}
    if node.op == "call_function" and node.target is getattr:
        return node.args[1] in {"shape", "ndim"}
    if node.op == "call_function" and node.target is operator.getitem:
        return isinstance(node.args[0], fx.Node) and _asks_for_size(node.args[0])
    return False
