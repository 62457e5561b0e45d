"""Passes of a network on masked inputs, some masks at a time."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse
from torch.utils.checkpoint import checkpoint

from core.cam.checkpointing import CheckpointSeen
from core.cam.error import CamError
from core.cam.output import logit_table
from core.cam.tail import agree
from core.cam.twin import twin_of
from core.cam.untouched import copied_buffers, untouched

Score = Callable[[Tensor, Tensor], Tensor]
"""Takes logits (M, K) and classes (M,), and gives (M,) scores."""
Masked = Callable[[Tensor, Tensor], Tensor]
"""Takes masks (M, h, w) and the indices (M,) of their images, and gives the network's output."""


def scores_in_chunks(
    network: nn.Module,
    masks: Tensor,
    owner: Tensor,
    run: Masked,
    score: Score,
    classes: Tensor,
    chunk: int,
) -> Tensor:
    """Score images under masks.

    The passes run in eval mode: under batch statistics a score would depend on the other masks of its chunk.
    With gradients on, a chunk keeps nothing but its masks and is run again in the backward pass, so that
    memory is bounded by the chunk and not by the number of masks; the second run sees the buffers that the
    first one saw.

    Parameters
    ----------
    network
        The network that `run` runs.
    masks, owner
        (P, h, w), P at least 1, and (P,) the index of the image that each is for.
    run, score
        From masks and their owners to the network's output, and from there to one number a mask.
    classes
        (N,) int64, of the images.
    chunk
        Masks that are run at a time, of one image or of several.

    Returns
    -------
    (P,).

    Raises
    ------
    CamError
        If the network, in train mode and with gradients on, checkpoints parts of itself in eval mode too.
    """
    buffers = copied_buffers(network)
    if torch.is_grad_enabled() and any(module.training for module in network.modules()):
        with untouched(network, evaluating=True), CheckpointSeen() as checkpoints:
            run(masks[:1], owner[:1])
        if checkpoints.seen:
            # Its parts run again once the chunk has, and so after eval mode: wrong gradients, without a word.
            raise CamError(
                f"{type(network).__name__} is in train mode, and uses gradient checkpointing in eval mode "
                "too, whose second run would mix both modes in the masked passes: have it checkpoint only "
                "while self.training, or put it into eval mode"
            )

    def scored(masks: Tensor, owner: Tensor) -> Tensor:
        with untouched(network, evaluating=True, buffers=buffers):
            logits = logit_table(run(masks, owner), len(owner))
        return score(logits, classes[owner])

    parts = []
    for some, of in zip(masks.split(chunk), owner.split(chunk), strict=True):
        if torch.is_grad_enabled():
            part: Tensor = checkpoint(scored, some, of, use_reentrant=False)
        else:
            part = scored(some, of)
        parts.append(part)
    return torch.cat(parts)


def for_many_passes(network: nn.Module, images: Tensor) -> nn.Module:
    """Give a copy of a network that runs faster in eval mode, without graph, and gives the same logits.

    Each batch normalisation is drawn into the convolution before it, and the channels of the convolutions lie
    last in memory; all other weights are the network's own. Where it cannot be traced for that, or the copy's
    logits for the first image differ by more than rounding, the network itself is given: slower, the same
    maps.
    """
    with untouched(network, evaluating=True), torch.no_grad():
        expected = network(images[:1].clone())
        try:
            copy = fuse(twin_of(network), inplace=True)
            for module in copy.modules():
                if isinstance(module, nn.Conv2d):
                    weight = module.weight.detach().contiguous(memory_format=torch.channels_last)
                    module.weight = nn.Parameter(weight, requires_grad=False)
            return copy if agree(copy(images[:1].clone()), expected) else network
        except Exception:  # a foreign forward method may fail on a proxy in any way
            return network
