"""What a method is: from a recorded pass of a network to maps, and what several methods do the same way."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.cam.pooled_head import PooledHead


@dataclass(frozen=True, eq=False)
class RecordedPass:
    """One pass of a network, as a method sees it.

    Attributes
    ----------
    network, layer
        The network, and the name of the layer within it.
    images
        (N, C, H, W), N at least 1.
    activations
        (N, C, h, w) of the layer, part of the graph of `logits`.
    logits
        (N, K).
    classes
        (N,) int64 in [0, K).
    head
        The closed form behind the layer, or None.
    """

    network: nn.Module
    layer: str
    images: Tensor
    activations: Tensor
    logits: Tensor
    classes: Tensor
    head: PooledHead | None


class Method(ABC):
    """A way to make activation maps.

    A new one stands beside its kin: in `grad_cam` what weighs activations by their gradient, in `score_cam`
    what weighs channels by scores under masks, in a file of its own what does neither. It gets a name in
    `core.cam.maps.METHODS`, by which commands, settings and tests find it, and a row in docs/MAPS.md.
    """

    follows_gradient: ClassVar[bool] = False
    """Whether it takes the gradient of the recorded pass, which then needs a graph behind the layer."""
    at_input_size: ClassVar[bool] = False
    """Whether its maps have the size of the image and not that of the layer."""

    @abstractmethod
    def maps(self, seen: RecordedPass) -> tuple[Tensor, Tensor | None]:
        """(N, h, w) maps before they are rectified, and signed (N, C, H, W) ones where the method has them.

        They keep the graph exactly when gradients are on.
        """


def class_sum(weights: Tensor, activations: Tensor) -> Tensor:
    """`sum_k w_k A_k`, (N, h, w), of (N, C) weights and (N, C, h, w) activations."""
    dtype = torch.promote_types(weights.dtype, activations.dtype)
    return torch.einsum("nc,nchw->nhw", weights.to(dtype), activations.to(dtype))


def upsampled(maps: Tensor, images: Tensor) -> Tensor:
    """(N, H, W) of (N, h, w) maps at the size of the images, bilinear, their cells taken for equal parts."""
    size = images.shape[2:]
    return functional.interpolate(maps[:, None], size, mode="bilinear", align_corners=False)[:, 0]
