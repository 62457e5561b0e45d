"""One plain training loop: batches in, a network with averaged weights out."""

import math
from collections.abc import Callable, Iterable, Sequence, Sized
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Annotated, TypeVar, cast

import torch
from lightning_fabric import Fabric
from pydantic import Field
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from core.errors import SmearscopeError
from core.files import RFC_4180, write_csv

LARGEST_GRADIENT = 5.0
"""Norm to which the gradient of a step is cut down."""

Batch = TypeVar("Batch")
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train; the bounds are checked where a configuration is read.

    Attributes
    ----------
    steps
        Optimiser steps, one a batch.
    learning_rate, weight_decay
        Of AdamW, at the peak.
    warm_up
        Share of the steps over which the rate rises from zero; it then falls to zero as a half cosine.
    averaging
        Decay of the moving average of weights: the released weights are the average, because single
        checkpoints differ by points of AUC on a microscope that was not trained on.
    """

    steps: Annotated[int, Field(gt=0)]
    learning_rate: Annotated[float, Field(gt=0)]
    weight_decay: Annotated[float, Field(ge=0)]
    warm_up: Annotated[float, Field(ge=0, le=1)]
    averaging: Annotated[float, Field(ge=0, lt=1)]


@dataclass(frozen=True)
class CurvePoint:
    """What a step of the optimiser, counted from 0, was taken by."""

    step: int
    loss: float
    learning_rate: float


class TrainingError(SmearscopeError):
    """A training that leads nowhere."""


def rate_factor(step: int, steps: int, warm_up: float) -> float:
    """Learning rate at a step over the peak: linear rise, then half a cosine down to zero.

    Parameters
    ----------
    step
        Counted from 0.
    steps
        Of the whole training.
    warm_up
        Share of the steps over which the rate rises.
    """
    rise = max(1, round(warm_up * steps))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def require_finite(loss: Tensor, name: str, step: int, learning_rate: float) -> None:
    """Raise `TrainingError` where a loss is no number any more at a step, counted from 0."""
    if not torch.isfinite(loss):
        raise TrainingError(
            f"{name} is {float(loss.detach())} at step {step + 1}; "
            f"lower the learning rate, which is {learning_rate}"
        )


def fit(
    network: Network,
    batches: Iterable[Batch],
    loss: Callable[[nn.Module, Batch], Tensor],
    schedule: Schedule,
    *,
    fabric: Fabric,
    watch: Callable[[CurvePoint], None] = lambda _: None,
    name: str = "training",
) -> Network:
    """Train a network and return its moving average, in eval mode on the CPU.

    Parameters
    ----------
    network
        Trained in place.
    batches
        Exactly `schedule.steps` of them; a `ValueError` says so where there are not.
    loss
        Gives a scalar tensor from the network and a batch; moves the batch's tensors itself.
    fabric
        Where and in what precision to run.
    watch
        Called after each step.
    name
        Shown beside the progress bar.

    Raises
    ------
    TrainingError
        Where the loss is no number any more.
    """
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=schedule.learning_rate, weight_decay=schedule.weight_decay
    )
    rates = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: rate_factor(step, schedule.steps, schedule.warm_up)
    )
    model, optimiser = fabric.setup(network, optimiser)
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(schedule.averaging), use_buffers=True)
    model.train()
    steps = 0
    total = len(batches) if isinstance(batches, Sized) else schedule.steps
    with tqdm(batches, total=total, desc=name, unit="step", mininterval=2, disable=None) as progress:
        for batch in progress:
            value = loss(model, batch)
            require_finite(value, f"{name}: the loss", steps, schedule.learning_rate)
            optimiser.zero_grad()
            fabric.backward(value)
            fabric.clip_gradients(model, optimiser, max_norm=LARGEST_GRADIENT)
            optimiser.step()
            point = CurvePoint(steps, float(value.detach()), float(rates.get_last_lr()[0]))
            rates.step()
            average.update_parameters(network)
            progress.set_postfix(loss=f"{point.loss:.3f}")
            watch(point)
            steps += 1
    if steps != schedule.steps:
        raise ValueError(f"{name}: {steps} batches for a schedule of {schedule.steps} steps")
    # The average is a copy of the network given, so it is of its type.
    return cast(Network, average.module.cpu().eval())


def write_curve(path: Path, curve: Sequence[CurvePoint]) -> None:
    """Write a CSV file with a row for each step; raises `core.files.OutputError`."""
    write_csv(path, [field.name for field in fields(CurvePoint)], map(astuple, curve), RFC_4180)
