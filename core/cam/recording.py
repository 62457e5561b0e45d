"""The activations of one layer, taken from a pass that the caller runs."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn

from core.cam.layers import last_feature_map, layer_name, require_spatial
from core.cam.output import CamError
from core.cam.untouched import in_backward_pass, under_reentrant_checkpoint


class Recording:
    """What the last pass of a network left at one layer.

    Attributes
    ----------
    network
        The network that is recorded.
    """

    def __init__(self, network: nn.Module, *, graph_from_layer: bool) -> None:
        self.network = network
        self._graph_from_layer = graph_from_layer
        self._layer: str | None = None
        self._activations: Tensor | None = None
        self._paused = False
        self._with_gradients = False
        self._hooks = ExitStack()

    @property
    def layer(self) -> str:
        """Name of the layer.

        Raises
        ------
        CamError
            If the layer was not named and no pass has been run.
        """
        if self._layer is None:
            raise CamError(f"no pass of {type(self.network).__name__} was recorded: call it on images first")
        return self._layer

    @property
    def activations(self) -> Tensor:
        """(N, C, h, w) output of the layer in the last pass, part of that pass's graph.

        Raises
        ------
        CamError
            If no pass has been run, or the pass did not run the layer.
        """
        if self._activations is None:
            raise CamError(
                f"layer {self.layer!r} was not run: call the network itself, not a part of it, while it is "
                "recorded, and choose a layer that the pass runs"
            )
        return self._activations

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Passes that are not recorded."""
        before, self._paused = self._paused, True
        try:
            yield
        finally:
            self._paused = before

    def _watch(self, name: str) -> None:
        self._layer = name
        self._hooks.enter_context(self.network.get_submodule(name).register_forward_hook(self._keep))

    def _begin(self, _: nn.Module, arguments: tuple[object, ...], named: dict[str, object]) -> None:
        if self._paused or in_backward_pass():
            return
        self._with_gradients = torch.is_grad_enabled()
        self._activations = None
        if self._layer is None:
            images = next(
                (
                    value
                    for value in (*arguments, *named.values())
                    if isinstance(value, Tensor) and value.ndim == 4
                ),
                None,
            )
            if images is None:
                raise CamError("the network was not called with images (N, C, H, W): name the layer")
            with self.paused():
                name = last_feature_map(self.network, images)
            self._watch(name)

    def _keep(self, _: nn.Module, arguments: tuple[object, ...], output: object) -> Tensor | None:
        if self._paused or in_backward_pass():
            return None
        activations = require_spatial(self.layer, output)
        if self._activations is not None:
            raise CamError(
                f"layer {self.layer!r} runs more than once in a pass, so it has several activations: name "
                "another layer"
            )
        if self._with_gradients and not torch.is_grad_enabled() and under_reentrant_checkpoint():
            raise CamError(
                f"layer {self.layer!r} runs under reentrant gradient checkpointing, which keeps no graph "
                "at it: use checkpoint(..., use_reentrant=False)"
            )
        if self._graph_from_layer:
            torch.set_grad_enabled(True)
        if self._graph_from_layer or (torch.is_grad_enabled() and not activations.requires_grad):
            # Nothing before the layer is to be differentiated, or can be: all of it is frozen.
            activations = activations.detach().requires_grad_()
        self._activations = activations
        # What follows may write into what it is given (an in-place ReLU), so it is given a copy.
        return activations.clone()


@contextmanager
def recorded(
    network: nn.Module, layer: str | nn.Module | None = None, *, graph_from_layer: bool = False
) -> Iterator[Recording]:
    """Record a layer while the caller runs the network in the caller's mode.

    Hooks are set at the start and removed at the end, also after an exception. Of several passes the last one
    counts.

    Parameters
    ----------
    network
        Any network; call it as a whole, so that its hooks run.
    layer
        Name or module; None for the last feature map (`last_feature_map`), found at the first pass.
    graph_from_layer
        Let the graph begin at the layer: for maps to look at, which need no gradient of what runs before it.
        The caller runs the pass under `torch.no_grad`; from the layer on, gradients are on.

    Yields
    ------
    Recording
        With the activations, once a pass has been run.

    Raises
    ------
    CamError
        If there is no such layer, or a part of the network is a scripted or compiled module or wrapped for
        several devices; in the pass, if the layer is without spatial features, runs twice or runs under
        reentrant gradient checkpointing.
    """
    _require_plain(network)
    recording = Recording(network, graph_from_layer=graph_from_layer)
    with recording._hooks as hooks:
        hooks.enter_context(
            network.register_forward_pre_hook(recording._begin, prepend=True, with_kwargs=True)
        )
        if layer is not None:
            recording._watch(layer_name(network, layer))
        yield recording


def _require_plain(network: nn.Module) -> None:
    for name, module in network.named_modules():
        which = repr(name) if name else "the network"
        if isinstance(module, torch.jit.ScriptModule):
            raise CamError(
                f"{which} is a scripted module, which cannot be looked into: give the network as it was "
                "before torch.jit"
            )
        if "_orig_mod" in module._modules or module._compiled_call_impl is not None:
            raise CamError(
                f"{which} is compiled, and a compiled pass cannot be recorded: give the network as it was "
                "before torch.compile, and run that"
            )
        if isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
            raise CamError(
                f"{which} is wrapped in {type(module).__name__}: give what it wraps, its attribute 'module'"
            )
