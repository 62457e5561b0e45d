"""Whether the network agrees with a map: its score when the image is covered or uncovered as the map says.

A pixel that is covered takes the value of a `baseline`, which the caller gives in the network's input space.
RISE's and Score-CAM's own code covers with zeros there: under ImageNet's normalisation that is the mean
colour, under scaling to [-1, 1] mid grey. For black, normalise a black image.

The score function is called with all N images at a time, in their order, so it may look at another class in
each; N images and their maps are all that is held in memory.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from core.cam import normalised
from core.saliency.regions import MeasureError, require_maps

Score = Callable[[Tensor], Tensor]
"""(N, C, H, W) images to (N,) probabilities, each of the class that the image's map is of."""

STEPS = 100
TIES_SEED = 0
"""Of the order in which pixels of equal map value go."""
BLUR_KERNEL_PX = 11
BLUR_SIGMA_PX = 5.0


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
