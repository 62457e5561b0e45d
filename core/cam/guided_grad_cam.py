"""Guided Grad-CAM: Grad-CAM sharpened by guided backpropagation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from core.cam.grad_cam import GradCAM
from core.cam.method import Method, RecordedPass, upsampled
from core.cam.output import CamError, class_values, logit_table
from core.cam.untouched import EachOperation, argument, untouched

_OTHER_RECTIFIERS = frozenset(
    {
        "celu",
        "elu",
        "gelu",
        "hardswish",
        "hardtanh",
        "leaky_relu",
        "mish",
        "prelu",
        "relu6",
        "rrelu",
        "selu",
        "silu",
        "softplus",
        "threshold",
    }
)


@dataclass(frozen=True)
class GuidedGradCAM(Method):
    """Guided Grad-CAM (Selvaraju 2017): Grad-CAM, upsampled (bilinear), times guided backpropagation.

    Guided backpropagation (Springenberg 2015) is the gradient of the class logit with respect to the image,
    except that each ReLU passes back only what is positive, and only where its input was positive. The map is
    the largest absolute value of the product over the colour channels, at the size of the image.

    Guided backpropagation takes a pass of its own, in eval mode, whatever mode the recorded pass had.

    Attributes
    ----------
    other_rectifiers
        What to do with ReLU6, hard-swish, GELU and their like, for which guided backpropagation is not
        defined: "error" raises a `CamError`, "plain" lets them pass their own gradient. A rectifier written
        with `clamp`, `maximum` or `where` is not recognised, and passes its own gradient in both cases.
    """

    other_rectifiers: Literal["error", "plain"] = "error"
    follows_gradient: ClassVar[bool] = True
    at_input_size: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.other_rectifiers not in ("error", "plain"):
            raise CamError(f"other_rectifiers is 'error' or 'plain', not {self.other_rectifiers!r}")

    def maps(self, seen: RecordedPass) -> tuple[Tensor, Tensor]:
        """(N, H, W), and the signed product (N, C, H, W)."""
        coarse = GradCAM().maps(seen)[0].relu()
        signed = upsampled(coarse, seen.images)[:, None] * self._guided_gradient(seen)
        return signed.abs().amax(dim=1), signed

    def _guided_gradient(self, seen: RecordedPass) -> Tensor:
        keep_graph = torch.is_grad_enabled()
        in_graph = keep_graph and seen.images.requires_grad
        images = seen.images if in_graph else seen.images.detach().requires_grad_()
        with (
            torch.enable_grad(),
            untouched(seen.network, evaluating=True),
            _GuidedRectifiers(self.other_rectifiers),
        ):
            logits = logit_table(seen.network(images.clone()), len(images))
            # Inside as well: taking the gradient runs checkpointed parts of the network again.
            (gradient,) = torch.autograd.grad(
                class_values(logits, seen.classes).sum(), images, create_graph=keep_graph
            )
        return gradient


class _GuidedReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:  # noqa: ANN401 - as autograd declares it
        ctx.save_for_backward(features > 0)
        return features.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:  # noqa: ANN401 - as autograd declares it
        active: Tensor = ctx.saved_tensors[0]
        return gradients[0].clamp(min=0) * active


class _GuidedRectifiers(EachOperation):
    """Replaces the ReLU of every pass run inside, whether module, function or method, in place or not."""

    def __init__(self, other_rectifiers: Literal["error", "plain"]) -> None:
        super().__init__()
        self._other_rectifiers = other_rectifiers

    def operation(
        self, function: Callable[..., Any], args: tuple[Any, ...], named: Mapping[str, Any]
    ) -> object:
        name = getattr(function, "__name__", "")
        if name in ("relu", "relu_"):
            features: Tensor = argument(args, named, 0, "input")
            rectified: Tensor = _GuidedReLU.apply(features)
            in_place = name == "relu_" or argument(args, named, 1, "inplace")
            return features.copy_(rectified) if in_place else rectified
        if name.strip("_") in _OTHER_RECTIFIERS and self._other_rectifiers == "error":
            used = "ReLU6" if _is_relu6(name, args, named) else name.strip("_")
            raise CamError(
                f"guided backpropagation is defined for ReLU only, and this network uses {used}: take "
                "'grad-cam', or GuidedGradCAM(other_rectifiers='plain') to let it pass its own gradient"
            )
        return function(*args, **named)


def _is_relu6(name: str, args: tuple[Any, ...], named: Mapping[str, Any]) -> bool:
    """Whether an operation is ReLU6, whose module calls it by the name of hardtanh."""
    limits = argument(args, named, 1, "min_val"), argument(args, named, 2, "max_val")
    return name.startswith("relu6") or (name.startswith("hardtanh") and limits == (0, 6))
