"""Whether a network's answer rests on the ground-truth region: the region covered, or as much outside it.

No map takes part: this is what a map that moved should show on the input. A covered pixel takes the value of
a `baseline` in the network's input space, as in `core.saliency.faithfulness`.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.saliency.faithfulness import Score
from core.saliency.regions import require_images


@dataclass(frozen=True, eq=False)
class RegionDeletion:
    """What the score loses when as many pixels are covered inside the region as outside.

    Attributes
    ----------
    inside, outside
        (N,) score of the whole image less that of the covered one; NaN for an empty and for a full region.
    """

    inside: Tensor
    outside: Tensor

    @property
    def gap(self) -> Tensor:
        """(N,) `inside - outside`: above 0 where the answer rests on the region more than on the rest."""
        return self.inside - self.outside


def region_deletion(score: Score, images: Tensor, regions: Tensor, baseline: Tensor) -> RegionDeletion:
    """Cover `n = min(|G|, |not G|)` pixels inside the region G, and n outside.

    A region of up to half the image is covered whole; of a larger one, the n pixels farthest from what is
    outside. Outside, the n pixels nearest to the region are covered: they are about as central as it is,
    where corners would be easy to do without. Of equally far ones, the first in reading order.

    Parameters
    ----------
    score
        Called three times, with all images in their order.
    images
        (N, C, H, W) network input.
    regions
        (N, H, W) bool.
    baseline
        What a covered pixel becomes, of a shape that broadcasts to the images'.

    Raises
    ------
    MeasureError
        For regions of another shape or type.
    """
    require_images(images, regions)
    pairs = [_covered(region) for region in regions.cpu().numpy()]
    inside, outside = (
        torch.from_numpy(np.array(side, bool).reshape(regions.shape)).to(images.device)[:, None]
        for side in zip(*pairs, strict=True)
    )
    with torch.no_grad():
        whole = score(images)
        without_region = whole - score(torch.where(inside, baseline, images))
        without_frame = whole - score(torch.where(outside, baseline, images))
    undefined = ~inside.flatten(1).any(dim=1)
    return RegionDeletion(
        without_region.masked_fill(undefined, torch.nan), without_frame.masked_fill(undefined, torch.nan)
    )


def _covered(region: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(H, W) bool each: the pixels to cover inside and outside; none for an empty or full region."""
    number = min(int(region.sum()), int((~region).sum()))
    depth = cv2.distanceTransform(region.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    distance = cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return (
        _first(np.where(region, -np.asarray(depth), np.inf), number),
        _first(np.where(region, np.inf, np.asarray(distance)), number),
    )


def _first(rank: NDArray[np.float64], number: int) -> NDArray[np.bool_]:
    """True for the `number` lowest ranks, of equal ones the first in reading order."""
    chosen = np.zeros(rank.size, bool)
    chosen[np.argsort(rank, axis=None, kind="stable")[:number]] = True
    return chosen.reshape(rank.shape)
