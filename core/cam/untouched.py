"""Somebody else's network: run without leaving anything in it, watched while it runs, and remembered."""

import inspect
import random
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import CodeType
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.checkpoint import CheckpointFunction, checkpoint

Buffers = Mapping[int, Tensor]
"""A value for each buffer of a network, by the buffer's identity."""
Found = TypeVar("Found")


@contextmanager
def untouched(network: nn.Module, *, evaluating: bool, buffers: Buffers | None = None) -> Iterator[None]:
    """Passes that leave the network as it was, also after an exception.

    Each submodule gets its train or eval flag back, each buffer its value, and the random state of the CPU,
    of CUDA, of Python and of numpy is restored. The passes write into copies of the buffers (batch
    statistics), never into the buffers themselves, so that a graph that was built on those stays valid.

    Parameters
    ----------
    network
        Any network. Parameters, their gradients and `requires_grad` are not written to by a pass.
    evaluating
        Run in eval mode. Flags are set one by one: a network's own `train` method may do more than that.
    buffers
        Values of the buffers during the passes, from `copied_buffers`; by default those they have now.
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
        # Setting an attribute of a module makes torch check the value: that costs more than a comparison.
        if module.training is not training:
            module.training = training


def copied_buffers(network: nn.Module) -> Buffers:
    """Copy the values that a network's buffers have now."""
    return {id(buffer): buffer.detach().clone() for buffer in network.buffers()}


class EachOperation(TorchFunctionMode, ABC):
    """Sees every torch operation of the passes run inside, and may answer in its place."""

    @abstractmethod
    def operation(
        self, function: Callable[..., Any], args: tuple[Any, ...], named: Mapping[str, Any]
    ) -> object:
        """Give the result of an operation: that of `function(*args, **named)`, or another one."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - as torch declares it
        return self.operation(func, args, kwargs or {})


def argument(
    args: Sequence[Any],
    named: Mapping[str, Any],
    position: int,
    name: str,
    default: Any = None,  # noqa: ANN401
) -> Any:  # noqa: ANN401 - arguments of any operation
    """Argument of an operation, given by position or by name."""
    return args[position] if len(args) > position else named.get(name, default)


_ANY_CHECKPOINT: CodeType = inspect.unwrap(checkpoint).__code__
_REENTRANT_CHECKPOINT: CodeType = CheckpointFunction.forward.__code__


def under_reentrant_checkpoint() -> bool:
    """Whether the caller runs under `checkpoint(..., use_reentrant=True)`, which builds no graph."""
    return _called_from(_REENTRANT_CHECKPOINT)


def in_backward_pass() -> bool:
    """Whether the caller runs in a backward pass: a checkpointed part that is run again."""
    return torch._C._current_graph_task_id() != -1


class CheckpointSeen(EachOperation):
    """Notices gradient checkpointing in the passes run inside.

    Attributes
    ----------
    seen
        Whether there was any.
    """

    seen = False

    def operation(
        self, function: Callable[..., Any], args: tuple[Any, ...], named: Mapping[str, Any]
    ) -> object:
        """Run the operation as it is."""
        self.seen = self.seen or _called_from(_ANY_CHECKPOINT)
        return function(*args, **named)


def _called_from(code: CodeType) -> bool:
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code is code:
            return True
        frame = frame.f_back
    return False


def remembered(network: nn.Module, question: Hashable, find: Callable[[], Found]) -> Found:
    """Answer a question about a network's structure, by `find` the first time.

    The answer is forgotten with the network, or when one of its modules is replaced, added or taken away. It
    must not hold the network itself.
    """
    structure = _KNOWN.get(network)
    if structure is None or not structure.is_of(network):
        structure = _KNOWN[network] = _Structure(network)
    if question not in structure.answers:
        structure.answers[question] = find()
    answer: Found = structure.answers[question]  # type: ignore[assignment] # the question fixes the type
    return answer


class _Structure:
    """Answers about one network, valid while it consists of the same modules."""

    def __init__(self, network: nn.Module) -> None:
        self._modules = [weakref.ref(module) for module in network.modules()]
        self.answers: dict[Hashable, object] = {}

    def is_of(self, network: nn.Module) -> bool:
        modules = list(network.modules())
        return len(modules) == len(self._modules) and all(
            reference() is module for reference, module in zip(self._modules, modules, strict=True)
        )


_KNOWN: weakref.WeakKeyDictionary[nn.Module, _Structure] = weakref.WeakKeyDictionary()
