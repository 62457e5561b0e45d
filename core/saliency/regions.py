"""Maps against ground-truth regions: what both must be, and a region on a map's grid."""

import torch
from torch import Tensor

from core.cam import CellCentres, Placing
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
    _require_regions(regions)
    rows = _overlap(height, regions.shape[1], regions.device)
    columns = _overlap(width, regions.shape[2], regions.device)
    return _averaged(rows, regions, columns)


def placed_shares(regions: Tensor, where: Placing, height: int, width: int) -> Tensor:
    """Share of what each cell looked at that lies in the region.

    A cell looks at the window around its centre that is one pitch high and wide: each pixel goes to the cell
    whose centre is nearest, as in `core.cam.placed`, and one between two centres by its overlap. So the share
    is of the part of the window that lies in the image: a cell at the border that sees nothing but object
    has 1, where padding that counted as no region would forbid it to light up. And the windows of the outer
    cells go on to the border of the image where those of one pitch would leave pixels, so that no region
    is lost between them. A cell that looks past the border has no pixels and takes the nearest.

    Windows at the border being larger or smaller, the mean of the shares is near the area of the region, not
    equal to it, but 0 for an empty and 1 for a full one. For cells that divide the image evenly this is
    `area_pooled`.

    Parameters
    ----------
    regions
        (N, H, W) bool, or floating-point shares in [0, 1].
    where
        From `core.cam.placing_of`, for images of H x W.
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
    _require_regions(regions)
    rows = _windows(where.down, height, regions.shape[1], regions.device)
    columns = _windows(where.across, width, regions.shape[2], regions.device)
    return _averaged(rows, regions, columns)


def _averaged(rows: Tensor, regions: Tensor, columns: Tensor) -> Tensor:
    """(N, cells down, cells across) means under (cells, pixels) weights of each axis."""
    # In double, so that a cell that is all inside comes out as 1 and not as a little less.
    return (rows @ regions.double() @ columns.T).float()


def _windows(centres: CellCentres, cells: int, pixels: int, device: torch.device) -> Tensor:
    """(cells, pixels) share of each cell's window that each pixel covers; each row sums to 1."""
    first, last = -0.5, pixels - 0.5  # borders of the image, whole numbers being the middles of pixels
    number = torch.arange(cells + 1, dtype=torch.float64, device=device)
    edges = (centres.first_px + (number - 0.5) * centres.pitch_px).clamp(first, last)
    edges[0], edges[-1] = first, last
    low, high = edges[:-1], edges[1:]
    outside = high <= low
    low = torch.where(outside, low.clamp(max=last - 1), low)
    high = torch.where(outside, low + 1, high)
    pixel = torch.arange(pixels, dtype=torch.float64, device=device)[None]
    overlap = torch.minimum(high[:, None], pixel + 0.5) - torch.maximum(low[:, None], pixel - 0.5)
    shared = overlap.clamp(min=0)
    return shared / shared.sum(dim=1, keepdim=True)


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


def require_images(images: Tensor, regions: Tensor) -> None:
    """Raise `MeasureError` unless images (N, C, H, W) and their boolean regions (N, H, W) go together."""
    require_boolean(regions)
    if images.ndim != 4 or images.shape[:1] + images.shape[2:] != regions.shape:
        raise MeasureError(
            f"images: {tuple(images.shape)} for regions {tuple(regions.shape)}; "
            "give (N, C, H, W) and (N, H, W)"
        )


def _require_regions(regions: Tensor) -> None:
    """Raise `MeasureError` unless the regions are (N, H, W), boolean or shares in [0, 1]."""
    if regions.ndim != 3:
        raise MeasureError(f"regions: {_form(regions)}; give (N, H, W)")
    _require_shares(regions)


def _require_shares(regions: Tensor) -> None:
    """Raise `MeasureError` unless the regions are boolean, or shares in [0, 1]."""
    if regions.dtype == torch.bool:
        return
    if not regions.is_floating_point() or not bool(((regions >= 0) & (regions <= 1)).all()):
        raise MeasureError(f"regions: {_form(regions)}; give bool, or shares in [0, 1] from area_pooled")


def _form(tensor: Tensor) -> str:
    return f"{tuple(tensor.shape)} {str(tensor.dtype).removeprefix('torch.')}"
