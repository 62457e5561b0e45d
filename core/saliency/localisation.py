"""Where a map lies: the report's terms, its energy, peak, boxes and outline against the ground truth.

The report's terms say how high a map stands inside the region, and how high outside. With `L` the map,
`c = L / max L` and `G` the region (El Mhamdi El Alaoui 2023). Its figures are at image resolution: maps
upsampled to the image, regions of bool. In a loss the region may be pooled to the map's grid (`area_pooled`);
a cell then counts by its share in G. The terms are differentiable in the maps and are NaN, with a gradient of
zero, where nothing is averaged: HAGTR and MAGTR for an empty region, MANGTR for a full one. So `nanmean` over
a batch leaves such images out. A map that is zero everywhere has c = 0 everywhere.

Overlaps are measured per image at every threshold, `(N, T)`; the best threshold is then chosen over a whole
set, from the overlaps of its batches put together with `torch.cat`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.cam import normalised
from core.saliency.regions import MeasureError, require_boolean, require_maps, shares_of

THRESHOLDS = tuple(step / 100 for step in range(100))
"""Of the map brought to [0, 1]; what is above the threshold is the object. Choe's code takes 1,000."""

V2_OVERLAPS = (0.3, 0.5, 0.7)
"""The overlaps that count as found, over which MaxBoxAccV2 is the mean."""


@dataclass(frozen=True)
class BoxOverlaps:
    """Intersection over union of a map's boxes with the best fitting ground-truth box.

    Attributes
    ----------
    largest, any
        (N, T) in [0, 1], one column a threshold: of the component with the most pixels (of equal ones the
        better), and of whichever component fits best. 0 where nothing is above the threshold; NaN for an
        image without ground truth.
    """

    largest: Tensor
    any: Tensor


@dataclass(frozen=True)
class AtBestThreshold:
    """A mean over a set of images at the one threshold that suits the set best.

    Attributes
    ----------
    value
        In [0, 1]; NaN for a set without ground truth.
    threshold
        The lowest of the best ones.
    """

    value: float
    threshold: float


@dataclass(frozen=True)
class BoxAccuracyV2:
    """MaxBoxAccV2 and what it is the mean of, for each of `V2_OVERLAPS`."""

    value: float
    at_overlap: tuple[AtBestThreshold, ...]


def hagtr(maps: Tensor, regions: Tensor) -> Tensor:
    """Highest activation in the ground-truth region, `max_G c`.

    Of a pooled region the cells with at least half in G are looked at; where no cell has half (a small
    object), those with the largest share.

    Parameters
    ----------
    maps
        (N, h, w), not negative.
    regions
        (N, h, w) bool, or float shares in [0, 1].

    Returns
    -------
    Tensor
        (N,) in [0, 1]; 0 for a map of zeros, NaN for an empty region, 1 for a full one unless the map is
        zero.

    Raises
    ------
    MeasureError
        For maps or regions of other shapes or values.
    """
    shares = shares_of(maps, regions)
    largest = shares.amax(dim=(1, 2), keepdim=True)
    looked_at = (shares > 0) & (shares >= largest.clamp(max=0.5))
    highest = normalised(maps, "max").masked_fill(~looked_at, 0).amax(dim=(1, 2))
    return torch.where(largest[:, 0, 0] > 0, highest, torch.nan)


def magtr(maps: Tensor, regions: Tensor) -> Tensor:
    """Mean activation in the ground-truth region, `mean_G c`.

    It rises when the whole map is lifted, wherever G is, so it says nothing of where the map lies on its own.

    Parameters, range and errors are those of `hagtr`; for a full region it is the mean of c.
    """
    shares = shares_of(maps, regions)
    return _mean(normalised(maps, "max"), shares)


def mangtr(maps: Tensor, regions: Tensor) -> Tensor:
    """Mean activation outside the ground-truth region, `mean_notG c`.

    Parameters, range and errors are those of `hagtr`; NaN for a full region, the mean of c for an empty one.
    """
    shares = shares_of(maps, regions)
    return _mean(normalised(maps, "max"), 1 - shares)


def energy(maps: Tensor, regions: Tensor) -> Tensor:
    """Energy-based pointing game, `sum_G L / sum L` (Wang 2020, Score-CAM).

    Differentiable. Its value for a flat map is the area of the region.

    Parameters, range and errors are those of `hagtr`.
    """
    shares = shares_of(maps, regions)
    total = maps.sum(dim=(1, 2))
    inside = (maps * shares).sum(dim=(1, 2)) / torch.where(total > 0, total, 1)
    return torch.where(shares.sum(dim=(1, 2)) > 0, inside, torch.nan)


def energy_above_area(maps: Tensor, regions: Tensor) -> Tensor:
    """Energy corrected for the area a of the region, `(E - a) / (1 - a)`: 0 for a flat map, 1 at best.

    (N,) in (-inf, 1]; NaN for an empty and for a full region. Else as `energy`.
    """
    area = shares_of(maps, regions).mean(dim=(1, 2))
    corrected = (energy(maps, regions) - area) / torch.where(area < 1, 1 - area, 1)
    return torch.where(area < 1, corrected, torch.nan)


def pointing_game(maps: Tensor, regions: Tensor) -> Tensor:
    """Whether the map's highest point lies in the region (Zhang 2018), without a margin around it.

    Where several points are equally high it is the share of them that lies inside: what drawing one of them
    would give on average.

    Parameters
    ----------
    maps
        (N, H, W), not negative.
    regions
        (N, H, W) bool.

    Returns
    -------
    Tensor
        (N,) in [0, 1]; 0 for a map of zeros, which points nowhere, NaN for an empty region, 1 for a full one.

    Raises
    ------
    MeasureError
        For maps or regions of other shapes or values.
    """
    require_boolean(regions)
    inside = shares_of(maps, regions)
    highest = maps.amax(dim=(1, 2), keepdim=True)
    peaks = (maps == highest) & (highest > 0)
    hit = (peaks * inside).sum(dim=(1, 2)) / peaks.sum(dim=(1, 2)).clamp(min=1)
    return torch.where(inside.sum(dim=(1, 2)) > 0, hit, torch.nan)


def share_above_half(maps: Tensor) -> Tensor:
    """(N,) share of the image above half the map's maximum: how far the map spreads; 0 for a map of zeros."""
    require_maps(maps)
    return (maps > maps.amax(dim=(1, 2), keepdim=True) / 2).float().mean(dim=(1, 2))


def pixel_overlaps(maps: Tensor, regions: Tensor, thresholds: Sequence[float] = THRESHOLDS) -> Tensor:
    """Intersection over union of the pixels above each threshold with the region.

    Parameters
    ----------
    maps
        (N, H, W), not negative; each is brought to [0, 1] by its least and largest value.
    regions
        (N, H, W) bool.
    thresholds
        T values in [0, 1).

    Returns
    -------
    Tensor
        (N, T) in [0, 1]; 0 for a constant map, above whose thresholds is nothing, NaN for an empty region;
        for a full region the share of the image above the threshold.

    Raises
    ------
    MeasureError
        For maps or regions of other shapes or values.
    """
    require_boolean(regions)
    shares_of(maps, regions)
    scaled = normalised(maps, "minmax")
    columns = []
    for threshold in thresholds:
        above = scaled > threshold
        shared = (above & regions).sum(dim=(1, 2))
        columns.append(shared / (above | regions).sum(dim=(1, 2)).clamp(min=1))
    empty = ~regions.any(dim=2).any(dim=1)
    return torch.stack(columns, dim=1).masked_fill(empty[:, None], torch.nan)


def best_pixel_overlap(overlaps: Tensor, thresholds: Sequence[float] = THRESHOLDS) -> AtBestThreshold:
    """Mean overlap of (N, T) `pixel_overlaps` over the images, at the best threshold for them all."""
    return _best(overlaps, thresholds)


def box_overlaps(
    maps: Tensor, boxes: Sequence[Tensor], thresholds: Sequence[float] = THRESHOLDS
) -> BoxOverlaps:
    """Boxes around what is above each threshold, against the ground truth (Choe 2020).

    Pixels that touch at a side or a corner are one component. Choe's code differs in four conventions: it
    tries 1,000 thresholds (`THRESHOLDS` are 100), rounds the map down to a 255th before, takes the largest
    component by the area that its contour encloses, not by its pixels, and ends a box one pixel past its
    component, or at the image's last pixel.

    Parameters
    ----------
    maps
        (N, H, W) at image resolution, not negative; each is brought to [0, 1] by its least and largest value.
    boxes
        For each image (M, 4): first column, first row, last column, last row of the pixels of each object,
        both ends included.
    thresholds
        T values in [0, 1).

    Raises
    ------
    MeasureError
        For maps of other shapes or values, or boxes that are inverted or not one set an image.
    """
    require_maps(maps)
    if len(boxes) != len(maps):
        raise MeasureError(f"boxes: of {len(boxes)} images for {len(maps)} maps; give one set an image")
    scaled = normalised(maps.detach(), "minmax").cpu().numpy()
    rows = []
    for index, (one, truth) in enumerate(zip(scaled, boxes, strict=True)):
        ground = _edges(truth, index)
        rows.append([_overlaps_at(one > threshold, ground) for threshold in thresholds])
    table = torch.tensor(rows, dtype=torch.float32).reshape(len(maps), len(thresholds), 2)
    return BoxOverlaps(largest=table[..., 0], any=table[..., 1])


def max_box_acc(largest: Tensor, thresholds: Sequence[float] = THRESHOLDS) -> AtBestThreshold:
    """MaxBoxAcc (Choe 2020): share of images whose largest component's box overlaps by .5 or more.

    From (N, T) `BoxOverlaps.largest`, at the threshold with the largest share.
    """
    return _found(largest, 0.5, thresholds)


def max_box_acc_v2(any_component: Tensor, thresholds: Sequence[float] = THRESHOLDS) -> BoxAccuracyV2:
    """MaxBoxAccV2 (Choe 2020): any component's box, mean over the overlaps .3, .5 and .7.

    From (N, T) `BoxOverlaps.any`; each overlap has its own best threshold.
    """
    at_overlap = tuple(_found(any_component, least, thresholds) for least in V2_OVERLAPS)
    return BoxAccuracyV2(sum(at.value for at in at_overlap) / len(at_overlap), at_overlap)


def _found(overlaps: Tensor, least: float, thresholds: Sequence[float]) -> AtBestThreshold:
    found = (overlaps >= least).double()
    return _best(found.masked_fill(overlaps.isnan(), torch.nan), thresholds)


def _best(values: Tensor, thresholds: Sequence[float]) -> AtBestThreshold:
    if values.ndim != 2 or values.shape[1] != len(thresholds):
        raise MeasureError(
            f"overlaps: {tuple(values.shape)} for {len(thresholds)} thresholds; give (N, {len(thresholds)})"
        )
    means = values.double().nanmean(dim=0)
    if bool(means.isnan().all()):
        return AtBestThreshold(float("nan"), float("nan"))
    best = int(means.argmax())
    return AtBestThreshold(float(means[best]), thresholds[best])


def _edges(boxes: Tensor, index: int) -> NDArray[np.float64]:
    """(M, 4) x0, y0, x1, y1 of the boxes' outer edges."""
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise MeasureError(f"boxes of image {index}: {tuple(boxes.shape)}; give (M, 4)")
    edges = boxes.cpu().numpy().astype(np.float64)
    edges[:, 2:] += 1
    if (edges[:, 2:] <= edges[:, :2]).any():
        raise MeasureError(f"boxes of image {index}: {boxes.tolist()}: one is inverted")
    return edges


def _overlaps_at(above: NDArray[np.bool_], truth: NDArray[np.float64]) -> tuple[float, float]:
    """Overlap of the largest component's box, and of the best fitting one."""
    if len(truth) == 0:
        return float("nan"), float("nan")
    _, _, stats, _ = cv2.connectedComponentsWithStats(above.astype(np.uint8), connectivity=8)
    components = stats[1:]  # the first is the background
    if len(components) == 0:
        return 0.0, 0.0
    near = components[:, :2].astype(np.float64)
    far = near + components[:, 2:4]
    shared = np.minimum(far[:, None], truth[None, :, 2:]) - np.maximum(near[:, None], truth[None, :, :2])
    intersection = shared.clip(min=0).prod(axis=2)
    areas = (far - near).prod(axis=1)[:, None] + (truth[:, 2:] - truth[:, :2]).prod(axis=1)[None]
    best = (intersection / (areas - intersection)).max(axis=1)
    pixels = components[:, cv2.CC_STAT_AREA]
    return float(best[pixels == pixels.max()].max()), float(best.max())


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean of each map; NaN without weight, but then with a gradient of zero, not of NaN."""
    total = weights.sum(dim=(1, 2))
    mean = (values * weights).sum(dim=(1, 2)) / torch.where(total > 0, total, 1)
    return torch.where(total > 0, mean, torch.nan)
