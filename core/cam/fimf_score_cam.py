"""FIMF Score-CAM: Score-CAM that masks the features and not the pixels."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from core.cam.error import CamError
from core.cam.masked_passes import scores_in_chunks
from core.cam.method import Method, RecordedPass, class_probability, class_sum, most_varied, require_channels
from core.cam.normalisation import minmax
from core.cam.pooled_head import PooledHead
from core.cam.tail import tail_of
from core.cam.untouched import untouched

CHUNK = 64
"""Masked features that go through the tail at a time."""


@dataclass(frozen=True)
class FIMFScoreCAM(Method):
    """FIMF Score-CAM (Li 2023): `w_i = softmax(tail(A * T_i))_c`, `L = ReLU(sum_i w_i A_i)`.

    Each channel makes a template `T_i` that masks all features of the image, and only the part of the network
    behind the layer is run on them. This is the formula of the published notebook of the authors' group; the
    article itself was not at hand.

    Behind global average pooling and one linear layer all channels are two matrix products. With `M = W A`
    the class maps, the logits under template i are `sum_ij T_i M / (h w) + b`. Elsewhere the tail is run in
    chunks, in eval mode; where it cannot be told from the rest of the network, the whole network is run.

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
        require_channels(self.max_channels)

    def maps(self, seen: RecordedPass) -> tuple[Tensor, None]:
        """(N, h, w)."""
        chosen = most_varied(seen.activations, self.max_channels)
        templates = (chosen > 0).to(chosen.dtype) if self.template == "positive" else minmax(chosen)
        if seen.head is None:
            weights = _scores_by_tail(seen, templates)
        else:
            weights = _scores_in_closed_form(seen, templates, seen.head)
        return class_sum(weights, chosen), None


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
        seen.network, templates.flatten(0, 1), owner, run, class_probability, seen.classes, CHUNK
    )
    return scores.view(images, channels)


def _precision_of(seen: RecordedPass) -> AbstractContextManager[object]:
    """Mixed precision where the pass ran in it: its features fit no weights of full precision."""
    dtype = seen.activations.dtype
    if dtype != seen.images.dtype and dtype in (torch.bfloat16, torch.float16):
        return torch.autocast(seen.activations.device.type, dtype)
    return nullcontext()
