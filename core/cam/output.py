"""What a network must give for maps to be made of it."""

from torch import Tensor

from core.cam.error import CamError


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
    form = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
    raise CamError(
        f"for {images} images the network must give logits ({images}, K), or ({images},) for one logit; "
        f"it gave {form}"
    )
