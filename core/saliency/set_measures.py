"""All measures of where maps lie, of the images of a set and of the set."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from core.saliency.localisation import (
    best_pixel_overlap,
    box_overlaps,
    energy,
    energy_above_area,
    hagtr,
    magtr,
    mangtr,
    max_box_acc,
    max_box_acc_v2,
    pixel_overlaps,
    pointing_game,
    share_above_half,
)


@dataclass(frozen=True, eq=False)
class ImageMeasures:
    """Measures of N images at image resolution; each is defined in `localisation`.

    Attributes
    ----------
    hagtr, magtr, mangtr, epg, epg_above_area, pointing_game, share_above_half, empty_map
        (N,).
    largest_box, any_box, pixels
        (N, T) overlaps at each threshold.
    """

    hagtr: Tensor
    magtr: Tensor
    mangtr: Tensor
    epg: Tensor
    epg_above_area: Tensor
    pointing_game: Tensor
    share_above_half: Tensor
    empty_map: Tensor
    largest_box: Tensor
    any_box: Tensor
    pixels: Tensor

    def of(self, chosen: Tensor) -> "ImageMeasures":
        """Of some of the images, by (N,) bool or by their numbers."""
        return ImageMeasures(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


@dataclass(frozen=True)
class SetMeasures:
    """Measures of a set: means over the images where they are defined, overlaps at the set's best threshold.

    Attributes
    ----------
    images, empty_maps
        How many there are, and how many of the maps are zero everywhere.
    max_box_acc, max_box_acc_v2, pixel_overlap
        In [0, 1]; NaN without ground truth.
    """

    images: int
    empty_maps: int
    hagtr: float
    magtr: float
    mangtr: float
    epg: float
    epg_above_area: float
    pointing_game: float
    share_above_half: float
    max_box_acc: float
    max_box_acc_v2: float
    pixel_overlap: float


def image_measures(maps: Tensor, regions: Tensor, boxes: Sequence[Tensor]) -> ImageMeasures:
    """Measure a batch.

    Parameters
    ----------
    maps
        (N, H, W) at image resolution, not negative.
    regions
        (N, H, W) bool.
    boxes
        For each image (M, 4), the boxes that the region is made of, both ends included.

    Raises
    ------
    core.saliency.regions.MeasureError
        For maps, regions or boxes of other shapes or values.
    """
    overlaps = box_overlaps(maps, boxes)
    return ImageMeasures(
        hagtr=hagtr(maps, regions),
        magtr=magtr(maps, regions),
        mangtr=mangtr(maps, regions),
        epg=energy(maps, regions),
        epg_above_area=energy_above_area(maps, regions),
        pointing_game=pointing_game(maps, regions),
        share_above_half=share_above_half(maps),
        empty_map=(maps == 0).flatten(1).all(dim=1),
        largest_box=overlaps.largest,
        any_box=overlaps.any,
        pixels=pixel_overlaps(maps, regions),
    )


def joined(batches: Sequence[ImageMeasures]) -> ImageMeasures:
    """Put the measures of batches together."""
    return ImageMeasures(
        **{
            field.name: torch.cat([getattr(batch, field.name) for batch in batches])
            for field in fields(ImageMeasures)
        }
    )


def set_measures(images: ImageMeasures) -> SetMeasures:
    """Sum up a set."""
    means = {
        name: float(getattr(images, name).double().nanmean())
        for name in ("hagtr", "magtr", "mangtr", "epg", "epg_above_area", "pointing_game", "share_above_half")
    }
    return SetMeasures(
        images=len(images.magtr),
        empty_maps=int(images.empty_map.sum()),
        **means,
        max_box_acc=max_box_acc(images.largest_box).value,
        max_box_acc_v2=max_box_acc_v2(images.any_box).value,
        pixel_overlap=best_pixel_overlap(images.pixels).value,
    )
