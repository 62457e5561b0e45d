"""Guided Grad-CAM: Grad-CAM sharpened by guided backpropagation."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from core.cam.error import CamError
from core.cam.grad_cam import GradCAM
from core.cam.method import Method, RecordedPass, class_values
from core.cam.output import logit_table
from core.cam.untouched import untouched

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
    """Guided Grad-CAM (Selvaraju 2017): Grad-CAM upsampled (bilinear) times guided backpropagation.

    Guided backpropagation (Springenberg 2015) is the gradient of the class logit with respect to the image in
    which each ReLU passes back only what is positive, and only where its input was. The map is the largest
    absolute value of the product over the colour channels, at the size of the image.

    The guided pass is one of its own and runs in eval mode, whatever mode the recorded pass had.

    Attributes
    ----------
    other_rectifiers
        What to do with ReLU6, hard-swish, GELU and their like, for which guided backpropagation is not
        defined: "error" says so, "plain" lets them pass their own gradient. A rectifier written with `clamp`,
        `maximum` or `where` is not seen as one, and passes its own gradient under either.
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
        size = seen.images.shape[2:]
        fine = functional.interpolate(coarse[:, None], size, mode="bilinear", align_corners=False)
        signed = fine * self._guided_gradient(seen)
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
            # Inside as well: what the network checkpoints is run again by it.
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


class _GuidedRectifiers(TorchFunctionMode):
    """Replaces the ReLU of every pass run inside, whether module, function or method, in place or not."""

    def __init__(self, other_rectifiers: Literal["error", "plain"]) -> None:
        super().__init__()
        self._other_rectifiers = other_rectifiers

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - as torch declares it
        given = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if name in ("relu", "relu_"):
            features = args[0] if args else given["input"]
            rectified = _GuidedReLU.apply(features)
            in_place = name == "relu_" or given.get("inplace") or (len(args) > 1 and args[1])
            return features.copy_(rectified) if in_place else rectified
        if name.strip("_") in _OTHER_RECTIFIERS and self._other_rectifiers == "error":
            used = "ReLU6" if _is_relu6(name, args, given) else name.strip("_")
            raise CamError(
                f"guided backpropagation is defined for ReLU only, and this network uses {used}: take "
                "'grad-cam', or GuidedGradCAM(other_rectifiers='plain') to let it pass its own gradient"
            )
        return func(*args, **given)


def _is_relu6(name: str, args: tuple[Any, ...], named: Mapping[str, Any]) -> bool:
    """Whether an operation is ReLU6, whose module calls it by the name of hardtanh."""
    lowest = args[1] if len(args) > 1 else named.get("min_val")
    highest = args[2] if len(args) > 2 else named.get("max_val")
    return name.startswith("relu6") or (name.startswith("hardtanh") and (lowest, highest) == (0, 6))
