"""The report's terms: how high a map stands inside the ground-truth region, and how high outside.

With `L` the map, `c = L / max L` and `G` the region (El Mhamdi El Alaoui 2023). The report's figures are at
image resolution: maps upsampled to the image, regions of bool. In a loss the region may be pooled to the
map's grid (`area_pooled`); a cell then counts by its share in G.

All are differentiable in the maps and are NaN, with a gradient of zero, where nothing is averaged: HAGTR and
MAGTR for an empty region, MANGTR for a full one. So `nanmean` over a batch leaves such images out. A map that
is zero everywhere has c = 0 everywhere.
"""

import torch
from torch import Tensor

from core.cam import normalised
from core.saliency.regions import shares_of


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


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean of each map; NaN without weight, but then with a gradient of zero, not of NaN."""
    total = weights.sum(dim=(1, 2))
    mean = (values * weights).sum(dim=(1, 2)) / torch.where(total > 0, total, 1)
    return torch.where(total > 0, mean, torch.nan)
