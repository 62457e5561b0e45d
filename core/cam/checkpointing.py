"""Gradient checkpointing in somebody else's network: whether what runs now runs under it."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from types import CodeType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils.checkpoint import CheckpointFunction, checkpoint

_ANY: CodeType = inspect.unwrap(checkpoint).__code__
_REENTRANT: CodeType = CheckpointFunction.forward.__code__


def under_reentrant_checkpoint() -> bool:
    """Whether the caller runs under `checkpoint(..., use_reentrant=True)`, which builds no graph."""
    return _called_from(_REENTRANT)


def in_backward_pass() -> bool:
    """Whether the caller runs in a backward pass: a checkpointed part that is run again."""
    return torch._C._current_graph_task_id() != -1


class CheckpointSeen(TorchFunctionMode):
    """Looks out for checkpointing in the passes run inside.

    Attributes
    ----------
    seen
        Whether there was any.
    """

    seen = False

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - as torch declares it
        self.seen = self.seen or _called_from(_ANY)
        return func(*args, **dict(kwargs or {}))


def _called_from(code: CodeType) -> bool:
    frame = inspect.currentframe()
    while frame is not None:
        if frame.f_code is code:
            return True
        frame = frame.f_back
    return False
