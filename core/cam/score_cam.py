"""Score-CAM and FIMF Score-CAM: channels weighted by the class's score under the mask that each makes."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from core.cam.method import Method, RecordedPass, class_sum, upsampled
from core.cam.normalisation import minmax
from core.cam.output import CamError, class_probability, class_values, logit_table
from core.cam.pooled_head import PooledHead
from core.cam.rebuilt import for_many_passes, tail_of
from core.cam.untouched import CheckpointSeen, copied_buffers, untouched

PIXELS_AT_A_TIME = 2**18
"""Of the masked images of a chunk: 5 of 224 x 224. Larger chunks leave a processor's cache and are slower."""

FEATURES_AT_A_TIME = 64
"""Masked features of a chunk that goes through the tail."""

PASSES_WORTH_A_COPY = 32
"""Masked images from which on a faster copy of the network saves more time than it takes to make."""

Masked = Callable[[Tensor, Tensor], Tensor]
"""Takes masks (M, h, w) and the indices (M,) of their images, and gives the network's output."""
Score = Callable[[Tensor, Tensor], Tensor]
"""Takes logits (M, K) and classes (M,), and gives (M,) scores."""


@dataclass(frozen=True)
class ScoreCAM(Method):
    """Score-CAM (Wang 2020): `H_k = minmax(Up(A_k))`, `w_k` from `f_c(X * H_k)`, `L = ReLU(sum_k w_k A_k)`.

    The mask of a constant channel, for which min-max is 0/0, is zero: its score is that of the black image.
    The masked passes run in eval mode, whatever mode the recorded pass had. They run some at a time, so that
    memory does not grow with the number of channels.

    Attributes
    ----------
    reading
        "code": `w_k` is the class probability, as in the authors' code. "paper": `w` is the softmax of the
        class logits over the channels, as in the paper's Algorithm 1, whose black-image baseline is the same
        for all channels and cancels there.
    max_channels
        Use only so many channels, those of largest spatial standard deviation, chosen for each image
        (Faster Score-CAM); None for all.
    """

    reading: Literal["code", "paper"] = "code"
    max_channels: int | None = None

    def __post_init__(self) -> None:
        if self.reading not in ("code", "paper"):
            raise CamError(f"Score-CAM has the readings 'code' and 'paper', not {self.reading!r}")
        _require_channels(self.max_channels)

    def maps(self, seen: RecordedPass) -> tuple[Tensor, None]:
        """(N, h, w)."""
        chosen = _most_varied(seen.activations, self.max_channels)
        scores = self._scores(seen, chosen)
        weights = scores.softmax(dim=1) if self.reading == "paper" else scores
        return class_sum(weights, chosen), None

    def _scores(self, seen: RecordedPass, chosen: Tensor) -> Tensor:
        # Masks of constant channels are all zero: for an image that has some, the black image is run once.
        varies = chosen.amax(dim=(2, 3)) > chosen.amin(dim=(2, 3))
        dark = (~varies).any(dim=1).nonzero()[:, 0]
        masks = chosen.flatten(0, 1)
        if len(dark):
            masks = torch.cat([chosen[varies], chosen.new_zeros((len(dark), *chosen.shape[2:]))])
        owner = torch.cat([varies.nonzero()[:, 0], dark])
        network = seen.network
        if not torch.is_grad_enabled() and len(masks) >= PASSES_WORTH_A_COPY:
            network = for_many_passes(network, seen.images)

        def run(masks: Tensor, owner: Tensor) -> Tensor:
            output: Tensor = network(seen.images[owner] * minmax(upsampled(masks, seen.images))[:, None])
            return output

        chunk = max(1, PIXELS_AT_A_TIME // seen.images[0, 0].numel())
        score = class_probability if self.reading == "code" else class_values
        scores = scores_in_chunks(network, masks, owner, run, score, seen.classes, chunk)
        of_channels, of_black = scores.split([len(masks) - len(dark), len(dark)])
        black = scores.new_zeros(len(chosen)).scatter(0, dark, of_black)
        return scores.new_zeros(varies.shape).masked_scatter(varies, of_channels) + black[:, None] * ~varies


@dataclass(frozen=True)
class FIMFScoreCAM(Method):
    """FIMF Score-CAM (Li 2023): `w_i = softmax(tail(A * T_i))_c`, `L = ReLU(sum_i w_i A_i)`.

    It masks the features and not the pixels. Each channel makes a template `T_i` that masks all features of
    the image, and only the part of the network behind the layer is run on them. This is the formula of the
    published notebook of the authors' group; the article itself was not at hand.

    Behind global average pooling and one linear layer all channels are two matrix products. With `M = W A`
    the class maps, the logits under template i are `sum_ij T_i M / (h w) + b`. Elsewhere the tail is run in
    chunks, in eval mode; where it cannot be separated from the rest, the whole network is run.

    Attributes
    ----------
    template
        "positive": `T_i = 1[A_i > 0]`. "minmax": `T_i = minmax(A_i)`, which has gradients almost everywhere;
        zero for a constant channel.
    max_channels
        Use only so many channels, those of largest spatial standard deviation, chosen for each image; None
        for all.
    """

    template: Literal["positive", "minmax"] = "positive"
    max_channels: int | None = None

    def __post_init__(self) -> None:
        if self.template not in ("positive", "minmax"):
            raise CamError(f"FIMF Score-CAM has the templates 'positive' and 'minmax', not {self.template!r}")
        _require_channels(self.max_channels)

    def maps(self, seen: RecordedPass) -> tuple[Tensor, None]:
        """(N, h, w)."""
        chosen = _most_varied(seen.activations, self.max_channels)
        templates = (chosen > 0).to(chosen.dtype) if self.template == "positive" else minmax(chosen)
        if seen.head is None:
            weights = _scores_by_tail(seen, templates)
        else:
            weights = _scores_in_closed_form(seen, templates, seen.head)
        return class_sum(weights, chosen), None


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

    The passes run in eval mode: with batch statistics a score would depend on the other masks of its chunk.
    With gradients on, only the masks of a chunk are kept, and it is run again in the backward pass, so that
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
            # Its checkpoints would run again after the chunk, back in train mode: silently wrong gradients.
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


def _scores_in_closed_form(seen: RecordedPass, templates: Tensor, head: PooledHead) -> Tensor:
    weight, bias = head.weight, head.bias
    channels = templates.shape[1]
    scores = []
    # One image at a time: the (M, K) logits of a batch would be its largest table by far.
    for features, own, class_ in zip(
        seen.activations.flatten(2), templates.flatten(2), seen.classes, strict=True
    ):
        class_maps = weight @ features.to(weight.dtype)
        logits = own.to(weight.dtype) @ class_maps.T / features.shape[1]
        if bias is not None:
            logits = logits + bias
        scores.append(class_probability(logits, class_.expand(channels)))
    return torch.stack(scores)


def _scores_by_tail(seen: RecordedPass, templates: Tensor) -> Tensor:
    with untouched(seen.network, evaluating=True), _precision_of(seen):
        tail = tail_of(seen.network, seen.layer, seen.activations, seen.images)

    def run(templates: Tensor, owner: Tensor) -> Tensor:
        with _precision_of(seen):
            return tail(seen.activations[owner] * templates[:, None], seen.images[owner])

    images, channels = templates.shape[:2]
    owner = torch.arange(images, device=templates.device).repeat_interleave(channels)
    scores = scores_in_chunks(
        seen.network,
        templates.flatten(0, 1),
        owner,
        run,
        class_probability,
        seen.classes,
        FEATURES_AT_A_TIME,
    )
    return scores.view(images, channels)


def _precision_of(seen: RecordedPass) -> AbstractContextManager[object]:
    """Mixed precision where the pass ran in it: weights of full precision do not take its features."""
    dtype = seen.activations.dtype
    if dtype != seen.images.dtype and dtype in (torch.bfloat16, torch.float16):
        return torch.autocast(seen.activations.device.type, dtype)
    return nullcontext()


def _most_varied(activations: Tensor, max_channels: int | None) -> Tensor:
    """(N, M, h, w): each image's channels of largest spatial standard deviation, in their own order.

    Chosen for each image by itself: an image's map must not depend on its neighbours in the batch. The
    activations themselves where `max_channels` is None or at least their number.
    """
    images, channels = activations.shape[:2]
    if max_channels is None or max_channels >= channels:
        return activations
    spread = activations.detach().flatten(2).std(dim=2)
    chosen = spread.topk(max_channels, dim=1).indices.sort(dim=1).values
    return activations[torch.arange(images, device=chosen.device)[:, None], chosen]


def _require_channels(max_channels: int | None) -> None:
    """Check a limit on the channels; a `CamError` where it is no whole number, or below 1."""
    if max_channels is None or (type(max_channels) is int and max_channels >= 1):
        return
    raise CamError(
        f"max_channels must be a whole number of at least 1, or None for all channels; it is {max_channels!r}"
    )
