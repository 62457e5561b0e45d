"""Whether the region is enough for a network's answer: everything outside it blurred, the region left sharp.

No map takes part, as in `core.saliency.region_deletion`. A blur takes away what the surroundings show and
leaves their colours and light, so that the image stays one of the kind that the network knows.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from core.saliency.regions import require_images

BLUR_SHARE = 10 / 224
"""Standard deviation of the blur as a share of the image's side: 10 of 224 px, as Fong 2017 blurs."""


def outside_blurred(images: Tensor, regions: Tensor) -> Tensor:
    """Blur what lies outside the region.

    The blur is Gaussian, of `BLUR_SHARE` of the height down and of the width across, and not cut off; at the
    border the weights that fall outside the image go to those inside. It is of the whole image, so that
    colours of the object run out into its surroundings.

    Parameters
    ----------
    images
        (N, C, H, W) network input.
    regions
        (N, H, W) bool.

    Returns
    -------
    (N, C, H, W).

    Raises
    ------
    MeasureError
        For regions of another shape or type.
    """
    require_images(images, regions)
    rows, columns = (_blur(pixels).to(images) for pixels in images.shape[2:])
    blurred = ((images @ columns.T).transpose(2, 3) @ rows.T).transpose(2, 3)
    return torch.where(regions.to(images.device)[:, None], images, blurred)


def right_outside_blurred(
    logits: Callable[[Tensor], Tensor], images: Tensor, regions: Tensor, classes: Tensor
) -> Tensor:
    """Whether the answer is right once all outside the region is blurred; the mean is an accuracy.

    Parameters
    ----------
    logits
        From (N, C, H, W) images to (N, K); called once, without gradients.
    images, regions
        As for `outside_blurred`.
    classes
        (N,) int64, those that are right.

    Returns
    -------
    Tensor
        (N,) 1 or 0; NaN for an empty region, which leaves nothing sharp. A full region leaves the image as it
        is.

    Raises
    ------
    MeasureError
        For regions of another shape or type.
    """
    with torch.no_grad():
        right = logits(outside_blurred(images, regions)).argmax(dim=1) == classes
    empty = ~regions.flatten(1).any(dim=1).to(right.device)
    return right.to(images.dtype).masked_fill(empty, torch.nan)


def _blur(pixels: int) -> Tensor:
    """(pixels, pixels) weight of each pixel in each blurred one; a row sums to 1."""
    pixel = torch.arange(pixels, dtype=torch.float64)
    weights = torch.exp(-((pixel[:, None] - pixel) / (BLUR_SHARE * pixels)).square() / 2)
    return weights / weights.sum(dim=1, keepdim=True)
