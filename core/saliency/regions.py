"""Maps against ground-truth regions: what both must be, and a region on a coarser grid."""

import torch
from torch import Tensor

from core.errors import SmearscopeError


class MeasureError(SmearscopeError):
    """Maps, regions, boxes or scores that a measure cannot be taken of."""


def area_pooled(regions: Tensor, height: int, width: int) -> Tensor:
    """Share of each cell of a coarser grid that lies in the region.

    The cells divide the image evenly; a pixel on the border of two cells counts for each by its overlap, so
    that the mean of the shares is the area of the region whatever the sizes.

    Parameters
    ----------
    regions
        (N, H, W) bool, or floating-point shares in [0, 1].
    height, width
        Cells down and across, of the map that the shares are for.

    Returns
    -------
    Tensor
        (N, height, width) float32 in [0, 1].

    Raises
    ------
    MeasureError
        For regions of another shape or type, or shares outside [0, 1].
    """
    if regions.ndim != 3:
        raise MeasureError(f"regions: {_form(regions)}; give (N, H, W)")
    _require_shares(regions)
    rows = _overlap(height, regions.shape[1], regions.device)
    columns = _overlap(width, regions.shape[2], regions.device)
    # In double, so that a cell that is all inside comes out as 1 and not as a little less.
    return (rows @ regions.double() @ columns.T).float()


def _overlap(cells: int, pixels: int, device: torch.device) -> Tensor:
    """(cells, pixels) share of each cell's length that each pixel covers; each row sums to 1."""
    cell = torch.arange(cells, dtype=torch.float64, device=device)[:, None] * pixels
    pixel = torch.arange(pixels, dtype=torch.float64, device=device)[None] * cells
    shared = torch.minimum(cell + pixels, pixel + cells) - torch.maximum(cell, pixel)
    return shared.clamp(min=0) / pixels


def require_maps(maps: Tensor) -> None:
    """Raise `MeasureError` unless the maps are (N, h, w), finite and not negative."""
    if maps.ndim != 3 or not maps.is_floating_point():
        raise MeasureError(f"maps: {_form(maps)}; give (N, h, w) in floating point")
    if not bool(torch.isfinite(maps).all()):
        raise MeasureError("maps: a value is NaN or infinite; look for it in the images or the weights")
    if bool((maps < 0).any()):
        raise MeasureError(f"maps: least value {maps.min().item():.3g}; measures are of maps after ReLU")


def shares_of(maps: Tensor, regions: Tensor) -> Tensor:
    """(N, h, w) share of each cell in its region, in the maps' precision; 1 and 0 of a boolean region.

    Raises `MeasureError` for maps and regions of other shapes or values.
    """
    require_maps(maps)
    if regions.shape != maps.shape:
        raise MeasureError(
            f"regions: {_form(regions)} for maps {tuple(maps.shape)}; bring the maps to the regions' size, "
            "or pool the regions to the maps' grid"
        )
    _require_shares(regions)
    return regions.to(maps.dtype)


def require_boolean(regions: Tensor) -> None:
    """Raise `MeasureError` unless the regions are boolean, as measures at image resolution need them."""
    if regions.dtype != torch.bool:
        raise MeasureError(f"regions: {_form(regions)}; this measure takes bool regions of image size")


def _require_shares(regions: Tensor) -> None:
    """Raise `MeasureError` unless the regions are boolean, or shares in [0, 1]."""
    if regions.dtype == torch.bool:
        return
    if not regions.is_floating_point() or not bool(((regions >= 0) & (regions <= 1)).all()):
        raise MeasureError(f"regions: {_form(regions)}; give bool, or shares in [0, 1] from area_pooled")


def _form(tensor: Tensor) -> str:
    return f"{tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"
