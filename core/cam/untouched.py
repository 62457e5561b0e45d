"""Passes through somebody else's network that leave nothing behind in it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

Buffers = Mapping[int, Tensor]
"""A value for each buffer of a network, by the buffer's identity."""


@contextmanager
def untouched(network: nn.Module, *, evaluating: bool, buffers: Buffers | None = None) -> Iterator[None]:
    """Passes that leave the network as it was, also after an exception.

    Each submodule gets its train or eval flag back, each buffer its value, and the random state of the CPU
    and of CUDA stands where it stood. The passes write into copies of the buffers (batch statistics), never
    into the buffers themselves, so that a graph that was built on those stays valid.

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
    values = copied_buffers(network) if buffers is None else buffers
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    with torch.random.fork_rng(devices=devices):
        try:
            for module, name, buffer in own:
                module._buffers[name] = values[id(buffer)]
            if evaluating:
                for module, _ in flags:
                    module.training = False
            yield
        finally:
            for module, training in flags:
                module.training = training
            for module, name, buffer in own:
                module._buffers[name] = buffer


def copied_buffers(network: nn.Module) -> Buffers:
    """Copy the values that a network's buffers have now."""
    return {id(buffer): buffer.detach().clone() for buffer in network.buffers()}
