"""What the methods share: the recorded pass they work on, and the sum of channels they all end in."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from core.cam.error import CamError
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
    """A way to make activation maps."""

    follows_gradient: ClassVar[bool] = False
    """Whether it takes the gradient of the recorded pass, which then needs a graph behind the layer."""
    at_input_size: ClassVar[bool] = False
    """Whether its maps are made on the grid of the image and not of the layer."""

    @abstractmethod
    def maps(self, seen: RecordedPass) -> tuple[Tensor, Tensor | None]:
        """(N, h, w) maps before they are rectified, and signed (N, C, H, W) ones where the method has them.

        They keep the graph exactly when gradients are on.
        """


def class_sum(weights: Tensor, activations: Tensor) -> Tensor:
    """`sum_k w_k A_k`, (N, h, w), of (N, C) weights and (N, C, h, w) activations."""
    dtype = torch.promote_types(weights.dtype, activations.dtype)
    return torch.einsum("nc,nchw->nhw", weights.to(dtype), activations.to(dtype))


def class_values(table: Tensor, classes: Tensor) -> Tensor:
    """(N,) values of each row's class in an (N, K) table."""
    return table.gather(1, classes[:, None])[:, 0]


def class_probability(logits: Tensor, classes: Tensor) -> Tensor:
    """(N,) probabilities of each row's class: softmax over K classes, sigmoid of a single logit."""
    if logits.shape[1] == 1:
        return logits[:, 0].sigmoid()
    return class_values(logits.softmax(dim=1), classes)


def most_varied(activations: Tensor, max_channels: int | None) -> Tensor:
    """(N, M, h, w): each image's channels of largest spatial standard deviation, in their own order.

    Chosen for each image by itself: an image's map must not depend on its neighbours in the batch. The
    activations themselves where `max_channels` is None or no fewer.
    """
    images, channels = activations.shape[:2]
    if max_channels is None or max_channels >= channels:
        return activations
    spread = activations.detach().flatten(2).std(dim=2)
    chosen = spread.topk(max_channels, dim=1).indices.sort(dim=1).values
    return activations[torch.arange(images, device=chosen.device)[:, None], chosen]


def require_channels(max_channels: int | None) -> None:
    """Check a limit on the channels; a `CamError` where it is no whole number, or below 1."""
    if max_channels is None or (type(max_channels) is int and max_channels >= 1):
        return
    raise CamError(
        f"max_channels must be a whole number of at least 1, or None for all channels; it is {max_channels!r}"
    )
