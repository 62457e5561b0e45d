"""Networks rebuilt from somebody else's to run many passes: the part behind a layer, or a faster copy."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.experimental.optimization import fuse

from core.cam.untouched import untouched

Tail = Callable[[Tensor, Tensor], Tensor]
"""Takes features (M, C, h, w) and the images (M, 3, H, W) they stand for, and gives the network's output."""


def tail_of(network: nn.Module, layer: str, features: Tensor, images: Tensor) -> Tail:
    """Give the part of a network behind a layer; call it in eval mode.

    Where the network can be traced and needs nothing but the layer's output from there on, this is its tail
    alone; elsewhere the whole network is run, with the layer's output replaced. Both give the same: they are
    compared on one image before the tail alone is used.

    Parameters
    ----------
    network, layer
        Any network, and the name of the layer.
    features, images
        (N, C, h, w) of the layer, and (N, 3, H, W), to compare on; N at least 1.
    """

    def whole(features: Tensor, images: Tensor) -> Tensor:
        with network.get_submodule(layer).register_forward_hook(lambda *_: features.clone()):
            output: Tensor = network(images)
        return output

    with torch.no_grad():
        expected = whole(features[:1], images[:1].clone())
        try:
            alone = _tail_alone(network, layer)
            if alone is None or not agree(alone(features[:1].clone()), expected):
                return whole
        except Exception:  # what was traced of a foreign network need not run
            return whole
    # A copy: what follows may overwrite the layer's output in place.
    return lambda features, _: alone(features.clone())


def for_many_passes(network: nn.Module, images: Tensor) -> nn.Module:
    """Give a copy of a network that runs faster in eval mode, without graph, and gives the same logits.

    Each batch normalisation is folded into the convolution before it, and the convolutions' weights are
    stored with their channels last; all other weights are the network's own. Where the network cannot be
    traced for that, or the copy's logits for the first image differ by more than rounding, the network itself
    is given: slower, the same maps.
    """
    with untouched(network, evaluating=True), torch.no_grad():
        expected = network(images[:1].clone())
        try:
            fused = fuse(twin_of(network), inplace=True)
            for module in fused.modules():
                if isinstance(module, nn.Conv2d):
                    weight = module.weight.detach().contiguous(memory_format=torch.channels_last)
                    module.weight = nn.Parameter(weight, requires_grad=False)
            return fused if agree(fused(images[:1].clone()), expected) else network
        except Exception:  # a foreign forward method may fail on a proxy in any way
            return network


def traced_from(network: nn.Module, layer: str) -> tuple[fx.Graph, fx.Node] | None:
    """Operations of a network as it runs in eval mode, and the one that is the layer.

    None where the network cannot be traced (its flow depends on values), or does not run the layer once.
    """
    try:
        twin = twin_of(network)
        graph = _TailTracer(twin.get_submodule(layer)).trace(twin)
        own = [
            node
            for node in graph.nodes
            if node.op == "call_module" and twin.get_submodule(node.target) is twin.get_submodule(layer)
        ]
    except Exception:  # a foreign forward method may fail on a proxy in any way
        return None
    return (graph, own[0]) if len(own) == 1 else None


def twin_of(network: nn.Module) -> nn.Module:
    """Copy a network's modules and buffers, in eval mode and without hooks; its parameters are the same ones.

    A pass of the twin, or a trace of it, sets no attribute of the network. The caller handles what cannot be
    copied: any object may hang on a module.
    """
    shared: dict[int, object] = {id(parameter): parameter for parameter in network.parameters()}
    for module in network.modules():
        shared |= {
            id(value): type(value)() for name, value in vars(module).items() if name.endswith("_hooks")
        }
    twin = copy.deepcopy(network, shared)
    for module in twin.modules():
        module.training = False
    return twin


def agree(values: object, expected: Tensor) -> bool:
    """Whether two ways to compute the same differ by rounding alone, that of the coarser type of the two."""
    if not isinstance(values, Tensor) or values.shape != expected.shape:
        return False
    # The square root of the unit roundoff lies well above rounding and well below another formula.
    unit = max(torch.finfo(each.dtype).eps for each in (values, expected))
    values, expected = values.double(), expected.double()
    tolerance = unit**0.5 * expected.abs().amax().clamp(min=0.1)
    return bool(((values - expected).abs() <= tolerance).all())


class _TailTracer(fx.Tracer):
    """Follows what runs behind the layer; what runs before it is taken in whole pieces, whatever it does."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self._layer = layer
        self._reached = False

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        if m is self._layer:
            self._reached = True
            return True
        if self._reached:
            return super().is_leaf_module(m, module_qualified_name)
        return all(module is not self._layer for module in m.modules())

    def call_module(
        self,
        m: nn.Module,
        forward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:  # noqa: ANN401 - as fx declares it
        # By its own method and not by `forward`, which would call the hooks that the user has put on it.
        return super().call_module(m, m.forward, args, kwargs)


def _tail_alone(network: nn.Module, layer: str) -> fx.GraphModule | None:
    traced = traced_from(network, layer)
    if traced is None:
        return None
    graph, start = traced
    tail = fx.Graph()
    copies = {start: tail.placeholder("features")}
    for node in graph.nodes:
        behind = any(source in copies and source.op != "get_attr" for source in node.all_input_nodes)
        if node.op != "get_attr" and not behind:
            continue
        if any(source not in copies for source in node.all_input_nodes):
            return None  # it needs something from before the layer, such as a shortcut around it
        copies[node] = tail.node_copy(node, copies.__getitem__)
    return fx.GraphModule(network, tail)
