"""A network's output: its logits, what they say of a class, and the error where no map can be made."""

from torch import Tensor

from core.errors import SmearscopeError


class CamError(SmearscopeError):
    """An activation map that cannot be made of what was given; the message says what to give instead."""


def logit_table(output: object, images: int) -> Tensor:
    """(N, K) logits from a network's output for N images, which is that, or (N,) for a single logit.

    Raises
    ------
    CamError
        If the output is anything else.
    """
    if isinstance(output, Tensor):
        if output.ndim == 2 and len(output) == images and output.shape[1] > 0:
            return output
        if output.shape == (images,) or (output.ndim == 0 and images == 1):
            return output.reshape(images, 1)
    raise CamError(
        f"for {images} images the network must give logits ({images}, K), or ({images},) for one logit; "
        f"it gave {form_of(output)}"
    )


def class_values(table: Tensor, classes: Tensor) -> Tensor:
    """(N,) values of each row's class in an (N, K) table."""
    return table.gather(1, classes[:, None])[:, 0]


def class_probability(logits: Tensor, classes: Tensor) -> Tensor:
    """(N,) probabilities of each row's class: softmax over K classes, sigmoid of a single logit."""
    if logits.shape[1] == 1:
        return logits[:, 0].sigmoid()
    return class_values(logits.softmax(dim=1), classes)


def form_of(value: object) -> str:
    """Shape and type of a tensor, or the class of anything else, for a message."""
    return f"{tuple(value.shape)} {value.dtype}" if isinstance(value, Tensor) else type(value).__name__
