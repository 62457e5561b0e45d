"""Passes through somebody else's network that leave nothing behind in it."""

import random
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

Buffers = Mapping[int, Tensor]
"""A value for each buffer of a network, by the buffer's identity."""


@contextmanager
def untouched(network: nn.Module, *, evaluating: bool, buffers: Buffers | None = None) -> Iterator[None]:
    """Passes that leave the network as it was, also after an exception.

    Each submodule gets its train or eval flag back, each buffer its value, and the random state of the CPU,
    of CUDA, of Python and of numpy stands where it stood. The passes write into copies of the buffers (batch
    statistics), never into the buffers themselves, so that a graph that was built on those stays valid.

    Parameters
    ----------
    network
        Any network. Parameters, their gradients and `requires_grad` are not written to by a pass.
    evaluating
        Run in eval mode. Flags are set one by one: a network's own `train` method may do more than that.
    buffers
        Values that the buffers have meanwhile, from `copied_buffers`; by default those they have now.
    """
    flags = [(module, module.training) for module in network.modules()]
    own = [
        (module, name, buffer)
        for module, _ in flags
        for name, buffer in module._buffers.items()
        if buffer is not None
    ]
    values = {id(buffer): buffer.detach().clone() for _, _, buffer in own} if buffers is None else buffers
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    drawn, drawn_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the global one
    with torch.random.fork_rng(devices=devices):
        try:
            for module, name, buffer in own:
                module._buffers[name] = values[id(buffer)]
            if evaluating:
                _set_flags((module, False) for module, _ in flags)
            yield
        finally:
            random.setstate(drawn)
            np.random.set_state(drawn_numpy)  # noqa: NPY002
            _set_flags(flags)
            for module, name, buffer in own:
                module._buffers[name] = buffer


def _set_flags(flags: Iterable[tuple[nn.Module, bool]]) -> None:
    for module, training in flags:
        # Torch looks at every value that is set on a module: that costs more than a comparison.
        if module.training is not training:
            module.training = training


def copied_buffers(network: nn.Module) -> Buffers:
    """Copy the values that a network's buffers have now."""
    return {id(buffer): buffer.detach().clone() for buffer in network.buffers()}
