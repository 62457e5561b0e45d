"""Maps brought to [0, 1]."""

from typing import Literal

import torch
from torch import Tensor

from core.cam.output import CamError


def normalised(maps: Tensor, how: Literal["max", "minmax"] = "max") -> Tensor:
    """Bring each map to [0, 1] by itself.

    Parameters
    ----------
    maps
        (N, h, w), non-negative.
    how
        "max": divided by its maximum, so that zero stays zero. "minmax": its minimum goes to 0 as well.

    Returns
    -------
    (N, h, w). A map that is zero everywhere stays zero. A constant map becomes ones under "max" and zeros
    under "minmax".

    Raises
    ------
    CamError
        If `how` is neither.
    """
    if how == "minmax":
        return minmax(maps)
    if how != "max":
        raise CamError(f"maps are normalised by 'max' or by 'minmax', not by {how!r}")
    highest = maps.amax(dim=(-2, -1), keepdim=True)
    return maps / torch.where(highest > 0, highest, 1)


def minmax(maps: Tensor) -> Tensor:
    """Bring each of (..., h, w) maps to [0, 1], its minimum to 0 and its maximum to 1.

    A constant map, for which this is 0/0, becomes zero and has no gradient.
    """
    lowest = maps.amin(dim=(-2, -1), keepdim=True)
    extent = maps.amax(dim=(-2, -1), keepdim=True) - lowest
    varies = extent > 0
    # Replaced before the division: the gradient of 0/0 would be NaN even where its value is not used.
    return torch.where(varies, maps - lowest, 0) / torch.where(varies, extent, 1)
