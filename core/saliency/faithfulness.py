"""What the network says of covered images: whether it agrees with a map, and whether it rests on the region.

A map's faithfulness is the score when the image is covered or uncovered as the map says. Two measures take no
map and show on the input what a map that moved should show: the region covered, or as much outside it; and
everything outside the region blurred, which leaves colours and light so that the image stays one of the kind
that the network knows.

A pixel that is covered takes the value of a `baseline`, which the caller gives in the network's input space.
RISE's and Score-CAM's own code covers with zeros there: under ImageNet's normalisation that is the mean
colour, under scaling to [-1, 1] mid grey. For black, normalise a black image.

The score function is called with all N images at a time, in their order, so it may look at another class in
each; N images and their maps are all that is held in memory.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from core.cam import normalised
from core.saliency.regions import MeasureError, require_images, require_maps

Score = Callable[[Tensor], Tensor]
"""(N, C, H, W) images to (N,) probabilities, each of the class that the image's map is of."""

STEPS = 100
TIES_SEED = 0
"""Of the order in which pixels of equal map value go."""
BLUR_KERNEL_PX = 11
BLUR_SIGMA_PX = 5.0
BLUR_SHARE = 10 / 224
"""Standard deviation of the blur as a share of the image's side: 10 of 224 px, as Fong 2017 blurs."""


@dataclass(frozen=True)
class DropAndIncrease:
    """What the score does when only what the map shows is left.

    The means over the images are Average Drop, which is good where it is low, and Average Increase, where it
    is high (Chattopadhay 2018).

    Attributes
    ----------
    whole, masked
        (N,) scores Y of the images and O of the masked ones.
    """

    whole: Tensor
    masked: Tensor

    @property
    def drop(self) -> Tensor:
        """(N,) `max(0, Y - O) / Y` in [0, 1]; NaN where Y is 0."""
        lost = (self.whole - self.masked).clamp(min=0)
        return torch.where(self.whole > 0, lost / self.whole, torch.nan)

    @property
    def increase(self) -> Tensor:
        """(N,) 1 where `Y < O`, else 0; NaN where a score is."""
        unknown = self.whole.isnan() | self.masked.isnan()
        return (self.whole < self.masked).to(self.whole.dtype).masked_fill(unknown, torch.nan)


@dataclass(frozen=True)
class Curve:
    """Scores while pixels are deleted or inserted, those with the highest map values first.

    Attributes
    ----------
    scores
        (N, 101): after 0, 1, ... 100 % of the pixels; NaN for a constant map, which ranks nothing.
    """

    scores: Tensor

    @property
    def area(self) -> Tensor:
        """(N,) area under each curve over the share of pixels, by trapezoids."""
        return torch.trapezoid(self.scores, dx=1 / STEPS, dim=1)


def drop_and_increase(score: Score, images: Tensor, maps: Tensor, baseline: Tensor) -> DropAndIncrease:
    """Scores of the images, and of the images times their maps `L / max L`.

    Parameters
    ----------
    score
        Called twice.
    images
        (N, C, H, W) network input.
    maps
        (N, H, W), not negative; of zeros, the masked image is the baseline.
    baseline
        What a map value of 0 leaves, of a shape that broadcasts to the images'; zeros give `image * map`.

    Raises
    ------
    MeasureError
        For maps, images or scores of other shapes or values.
    """
    baseline = _checked(images, maps, baseline)
    weights = normalised(maps, "max")[:, None]
    with torch.no_grad():
        masked = baseline + weights * (images - baseline)
        return DropAndIncrease(_scored(score, images), _scored(score, masked))


def deletion(score: Score, images: Tensor, maps: Tensor, baseline: Tensor) -> Curve:
    """Deletion (Petsiuk 2018, RISE): pixels go to the baseline; a small area is good.

    Pixels of equal map value go in an order drawn at random once for each number of pixels (`TIES_SEED`), the
    same for every map and for insertion. Each is as likely to go early as late, so that over seeds the area
    does not depend on where an object lies among a map's zeros. In reading order, as sorting gives it,
    the upper half would always go first.

    Parameters
    ----------
    score
        Called 101 times.
    images
        (N, C, H, W) network input.
    maps
        (N, H, W) at image resolution, not negative.
    baseline
        What a deleted pixel becomes, of a shape that broadcasts to the images'.

    Raises
    ------
    MeasureError
        For maps, images or scores of other shapes or values.
    """
    baseline = _checked(images, maps, baseline)
    return _curve(score, images, baseline, maps)


def insertion(score: Score, images: Tensor, maps: Tensor, baseline: Tensor) -> Curve:
    """Insertion (Petsiuk 2018, RISE): pixels come back into the baseline; a large area is good.

    RISE starts from `blurred(images)`. Parameters and errors are those of `deletion`.
    """
    baseline = _checked(images, maps, baseline)
    return _curve(score, baseline, images, maps)


def blurred(images: Tensor) -> Tensor:
    """(N, C, H, W) images under the blur of RISE: Gaussian of 5 px, cut off at 5 px, border mirrored."""
    if min(images.shape[-2:]) <= BLUR_KERNEL_PX // 2:
        raise MeasureError(
            f"images: {tuple(images.shape)}; the blur needs more than {BLUR_KERNEL_PX // 2} px a side"
        )
    soft: Tensor = gaussian_blur(images, [BLUR_KERNEL_PX, BLUR_KERNEL_PX], [BLUR_SIGMA_PX, BLUR_SIGMA_PX])
    return soft


def _curve(score: Score, start: Tensor, end: Tensor, maps: Tensor) -> Curve:
    """Scores on the way from one set of images to the other."""
    values = maps.flatten(1)
    pixels = values.shape[1]
    # On the CPU, so that the order is the same on every device.
    drawn = torch.randperm(pixels, generator=torch.Generator().manual_seed(TIES_SEED)).to(values.device)
    order = drawn[values[:, drawn].argsort(dim=1, descending=True, stable=True)]
    place = order.argsort(dim=1).view_as(maps)[:, None]
    with torch.no_grad():
        scores = torch.stack(
            [
                _scored(score, torch.where(place < round(step * pixels / STEPS), end, start))
                for step in range(STEPS + 1)
            ],
            dim=1,
        )
    constant = values.amax(dim=1) == values.amin(dim=1)
    return Curve(scores.masked_fill(constant[:, None], torch.nan))


def _checked(images: Tensor, maps: Tensor, baseline: Tensor) -> Tensor:
    """The baseline in the images' shape, once all three fit."""
    require_maps(maps)
    if images.ndim != 4 or images.shape[:1] + images.shape[2:] != maps.shape:
        raise MeasureError(
            f"images: {tuple(images.shape)} for maps {tuple(maps.shape)}; give (N, C, H, W) and (N, H, W)"
        )
    try:
        return baseline.to(images).expand_as(images)
    except RuntimeError as error:
        raise MeasureError(
            f"baseline: {tuple(baseline.shape)} does not broadcast to images {tuple(images.shape)}"
        ) from error


def _scored(score: Score, images: Tensor) -> Tensor:
    scores = score(images)
    if scores.shape != images.shape[:1]:
        raise MeasureError(
            f"score: gave {tuple(scores.shape)} for {len(images)} images; give one probability an image"
        )
    return scores


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
