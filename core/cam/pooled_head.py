"""Networks that end in global average pooling and one linear layer, whose maps have a closed form."""

import operator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, fx, nn
from torch.nn import functional
from torch.nn.modules.dropout import _DropoutNd

from core.cam.structure import remembered
from core.cam.tail import agree, traced_from

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


@dataclass(frozen=True)
class PooledHead:
    """The end of a network: `logits = W mean_ij(A_ij) + b`.

    Attributes
    ----------
    linear
        Name of the linear layer.
    window
        Cells that the average is over; None for all, whatever the size of the map.
    """

    linear: str
    window: tuple[int, int] | None

    def weight(self, network: nn.Module) -> Tensor:
        """W, (K, C)."""
        return self._linear(network).weight

    def bias(self, network: nn.Module) -> Tensor | None:
        """b, (K,), or None where the layer has none."""
        return self._linear(network).bias

    def logits(self, network: nn.Module, pooled: Tensor) -> Tensor:
        """(M, K) of (M, C) averages."""
        weight = self.weight(network)
        return functional.linear(pooled.to(weight.dtype), weight, self.bias(network))

    def _linear(self, network: nn.Module) -> nn.Linear:
        linear = network.get_submodule(self.linear)
        if not isinstance(linear, nn.Linear):
            raise TypeError(f"{self.linear} was a linear layer when the network was looked through")
        return linear


def pooled_head(network: nn.Module, layer: str, activations: Tensor, logits: Tensor) -> PooledHead | None:
    """Find the closed form of a network behind a layer.

    The network's operations are followed from the layer to the output: one global average pooling (as a
    module, a function or a mean over both axes), one linear layer, and beside them only dropout, reshaping
    and the choice of a single logit. None for any other network, and for one that cannot be traced.

    Dropout behind the layer does not enter: the closed form is that of the network without its noise. In eval
    mode the closed form is also held against the logits of the pass, as a guard against what tracing does
    not see, such as a hook that changes values.

    Parameters
    ----------
    network, layer
        The network and the name of its layer.
    activations, logits
        (N, C, h, w) of the layer and (N, K), of one pass.
    """
    head = remembered(network, ("pooled head", layer), lambda: _found(network, layer))
    if head is None:
        return None
    weight = head.weight(network)
    if weight.shape != (logits.shape[1], activations.shape[1]):
        return None
    if head.window is not None and head.window != tuple(activations.shape[2:]):
        return None
    if not network.training:
        with torch.no_grad():
            expected = head.logits(network, activations.mean(dim=(2, 3)))
        if not agree(expected, logits.detach().to(expected.dtype)):
            return None
    return head


def _found(network: nn.Module, layer: str) -> PooledHead | None:
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
            return PooledHead(linear, window) if stage == "logits" and node.args[0] is before else None
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
        axes = _argument(node, 1, "dim")
        both = isinstance(axes, list | tuple) and {axis % 4 for axis in axes if isinstance(axis, int)} == {
            2,
            3,
        }
        return "average" if both else "other"
    if called == "adaptive_avg_pool2d":
        return "average" if _argument(node, 1, "output_size") in _ONE_CELL else "other"
    if called == "avg_pool2d":
        return "average" if _argument(node, 3, "padding") in (None, 0, (0, 0)) else "other"
    if called in {"dropout", "dropout2d", "contiguous"}:
        return "same"
    if called in {"flatten", "squeeze", "view", "reshape"}:
        return "reshape"
    picks_first = node.target is operator.getitem and node.args[1] in ((slice(None), 0), (Ellipsis, 0))
    return "first" if picks_first else "other"


def _window(node: fx.Node, module: nn.Module | None) -> tuple[int, int] | None:
    """Cells that an average goes over, or None where it goes over all."""
    if isinstance(module, nn.AvgPool2d):
        kernel: object = module.kernel_size
    elif getattr(node.target, "__name__", "") == "avg_pool2d":
        kernel = _argument(node, 1, "kernel_size")
    else:
        return None
    height, width = kernel if isinstance(kernel, list | tuple) else (kernel, kernel)
    return height, width


def _argument(node: fx.Node, position: int, name: str) -> object:
    return node.args[position] if len(node.args) > position else node.kwargs.get(name)


def _asks_for_size(node: fx.Node) -> bool:
    """Whether a node is a number of the kind `x.shape[0]` or `x.size(0)`."""
    if node.op == "call_method":
        return node.target in {"size", "dim"}
    if node.op == "call_function" and node.target is getattr:
        return node.args[1] in {"shape", "ndim"}
    if node.op == "call_function" and node.target is operator.getitem:
        return isinstance(node.args[0], fx.Node) and _asks_for_size(node.args[0])
    return False
