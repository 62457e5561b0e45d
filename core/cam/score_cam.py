"""Score-CAM: channels weighted by what the network makes of the image that they let through."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from core.cam.error import CamError
from core.cam.masked_passes import for_many_passes, scores_in_chunks
from core.cam.method import (
    Method,
    RecordedPass,
    class_probability,
    class_sum,
    class_values,
    most_varied,
    require_channels,
)
from core.cam.normalisation import minmax

PIXELS_AT_A_TIME = 2**18
"""Of the masked images of a chunk: 5 of 224 x 224. Larger chunks leave a processor's cache and are slower."""

PASSES_WORTH_A_COPY = 32
"""Masked images from which on a faster copy of the network saves more than it costs to make."""


@dataclass(frozen=True)
class ScoreCAM(Method):
    """Score-CAM (Wang 2020): `H_k = minmax(Up(A_k))`, `w_k` from `f_c(X * H_k)`, `L = ReLU(sum_k w_k A_k)`.

    A constant channel, for which min-max is 0/0, masks the whole image away: its score is the black image's.
    The masked passes run in eval mode, whatever mode the recorded pass had.

    Attributes
    ----------
    reading
        "code": `w_k` is the class probability, as in the authors' code. "paper": `w` is the softmax of the
        class logits over the channels, as in the paper's Algorithm 1, whose black-image baseline is the same
        for all channels and cancels there.
    max_channels
        Use only so many channels, those of largest spatial standard deviation, chosen for each image
        (Faster Score-CAM); None for all.
    chunk
        Masked images that are run at a time; None for as many as have some 260,000 pixels together. Memory
        grows with it, the map does not depend on it.
    """

    reading: Literal["code", "paper"] = "code"
    max_channels: int | None = None
    chunk: int | None = None

    def __post_init__(self) -> None:
        if self.reading not in ("code", "paper"):
            raise CamError(f"Score-CAM has the readings 'code' and 'paper', not {self.reading!r}")
        require_channels(self.max_channels)
        if self.chunk is not None and self.chunk < 1:
            raise CamError(f"chunk must be at least 1 masked image; it is {self.chunk}")

    def maps(self, seen: RecordedPass) -> tuple[Tensor, None]:
        """(N, h, w)."""
        chosen = most_varied(seen.activations, self.max_channels)
        scores = self._scores(seen, chosen)
        weights = scores.softmax(dim=1) if self.reading == "paper" else scores
        return class_sum(weights, chosen), None

    def _scores(self, seen: RecordedPass, chosen: Tensor) -> Tensor:
        # Only masks that let something through are run, and for an image that has others, black once.
        varies = chosen.amax(dim=(2, 3)) > chosen.amin(dim=(2, 3))
        dark = (~varies).any(dim=1).nonzero()[:, 0]
        masks = chosen.flatten(0, 1)
        if len(dark):
            masks = torch.cat([chosen[varies], chosen.new_zeros((len(dark), *chosen.shape[2:]))])
        owner = torch.cat([varies.nonzero()[:, 0], dark])
        network = seen.network
        if not torch.is_grad_enabled() and len(masks) >= PASSES_WORTH_A_COPY:
            network = for_many_passes(network, seen.images)
        size = seen.images.shape[2:]

        def run(masks: Tensor, owner: Tensor) -> Tensor:
            upsampled = functional.interpolate(masks[:, None], size, mode="bilinear", align_corners=False)
            output: Tensor = network(seen.images[owner] * minmax(upsampled))
            return output

        chunk = self.chunk or max(1, PIXELS_AT_A_TIME // (size[0] * size[1]))
        score = class_probability if self.reading == "code" else class_values
        scores = scores_in_chunks(network, masks, owner, run, score, seen.classes, chunk)
        of_channels, of_black = scores.split([len(masks) - len(dark), len(dark)])
        black = scores.new_zeros(len(chosen)).scatter(0, dark, of_black)
        return scores.new_zeros(varies.shape).masked_scatter(varies, of_channels) + black[:, None] * ~varies
