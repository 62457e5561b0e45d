"""CAM and Grad-CAM: activations weighted by the linear layer, or by the gradient of the logit."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from core.cam.method import Method, RecordedPass, class_sum
from core.cam.output import CamError


@dataclass(frozen=True)
class CAM(Method):
    """Class activation mapping (Zhou 2016): `L = ReLU(sum_k W[c,k] A_k)`.

    W is the linear layer behind the global average pooling. Only networks that end in these two have it; for
    others, and for earlier layers, a `CamError` says so.
    """

    def maps(self, seen: RecordedPass) -> tuple[Tensor, None]:
        """(N, h, w)."""
        if seen.head is None:
            raise CamError(
                f"CAM is not defined at layer {seen.layer!r} of this {type(seen.network).__name__}: it needs "
                "global average pooling and one linear layer right behind the layer; take 'grad-cam'"
            )
        return class_sum(seen.head.weight[seen.classes], seen.activations), None


@dataclass(frozen=True)
class GradCAM(Method):
    """Grad-CAM (Selvaraju 2017): `a_k = mean_ij dy_c/dA_k(ij)`, `L = ReLU(sum_k a_k A_k)`.

    From the logit, not the probability. Where the network ends in global average pooling and one linear
    layer, `a_k = W[c,k] / (h w)` and nothing is differentiated; dropout behind the layer then has no effect.
    Elsewhere the gradient is that of the recorded pass. In train mode it holds the noise of its dropout, and
    with batch normalisation behind the layer also what an image's activations do to its neighbours' logits.
    """

    follows_gradient: ClassVar[bool] = True

    def maps(self, seen: RecordedPass) -> tuple[Tensor, None]:
        """(N, h, w)."""
        if seen.head is None:
            weights = _gradient(seen).mean(dim=(2, 3))
        else:
            weights = seen.head.weight[seen.classes] / seen.activations[0, 0].numel()
        return class_sum(weights, seen.activations), None


def _gradient(seen: RecordedPass) -> Tensor:
    """(N, C, h, w) gradient of each image's class logit with respect to its activations."""
    if not (seen.logits.requires_grad and seen.activations.requires_grad):
        # One of the two has a graph where the pass began with gradients and the network turned them off.
        itself = seen.logits.requires_grad or seen.activations.requires_grad
        remedy = (
            f"the forward method of {type(seen.network).__name__} turns gradients off around the layer "
            "(torch.no_grad, detach, or checkpoint with use_reentrant=True): take that out, or name a layer "
            "behind it"
            if itself
            else "run it outside torch.no_grad(), through the layer to the logits"
        )
        raise CamError(
            f"Grad-CAM needs the gradient of the logits at layer {seen.layer!r}, but the pass kept no graph "
            f"there: {remedy}"
        )
    # The graph is kept even with gradients off: it may be the caller's, who has a backward pass to run.
    (gradient,) = torch.autograd.grad(
        seen.logits,
        seen.activations,
        torch.zeros_like(seen.logits).scatter_(1, seen.classes[:, None], 1),
        retain_graph=True,
        create_graph=torch.is_grad_enabled(),
        allow_unused=True,
    )
    if gradient is None:
        raise CamError(f"the logits do not depend on layer {seen.layer!r}: choose a layer that they do")
    return gradient
