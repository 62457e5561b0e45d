"""Fields of a TIFF: each full-resolution page is one, and a large tiled page is cut into regions.

Reduced copies of a page (pyramid levels) are passed over. Several tiled pages are several pictures.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tifffile import COMPRESSION, PHOTOMETRIC, PLANARCONFIG, RESUNIT, TiffFile, TiffPage

from core.errors import UnreadableImageError
from core.files import shown_path
from core.slides.field import Field, Rectangle
from core.slides.formats import PIXEL_LIMIT, check_size, decoding
from core.slides.pixels import Samples, bits_in_use, cmyk_to_rgb, to_rgb
from core.slides.regions import Cutting, Region
from core.slides.scale import credible_um_per_pixel

_TILES_SAMPLED = 64
_MICROMETRES = {
    "µm": 1.0, "\u03bcm": 1.0, "um": 1.0, "micron": 1.0, "microns": 1.0, "\\u00B5m": 1.0,
    "nm": 1e-3, "mm": 1e3, "cm": 1e4,
}  # fmt: skip
_MICROMETRES_BY_TAG = {int(RESUNIT.INCH): 25_400.0, int(RESUNIT.CENTIMETER): 10_000.0}
_COLOUR_IN_JPEG = (COMPRESSION.JPEG, COMPRESSION.OJPEG, COMPRESSION.ALT_JPEG)


@dataclass(frozen=True)
class TiffField:
    """A page of a TIFF, or a region of one.

    Attributes
    ----------
    path
        The file.
    page
        Index of the page in the file.
    region
        None for the whole page.
    bits
        Bits a sample in use, decided once for all regions of a page; None where each page decides.
    um_per_pixel
        As the file says, if credible.
    """

    path: Path
    page: int
    region: Region | None
    bits: int | None
    um_per_pixel: float | None

    def read(self, name: str) -> Field:
        """Decode the page or region as field `name`; raises `UnreadableImageError`."""
        with decoding(self.path), TiffFile(self.path) as tiff:
            page = full_page(tiff, self.page)
            if self.region is None:
                check_complete(self.path, tiff, page)
                check_size(self.path, page.imagewidth, page.imagelength)
                pixels: Samples = _channels_last(page, page.asarray(maxworkers=1))
            else:
                pixels = _read_area(page, self.region.area)
            image = _page_to_rgb(page, pixels, self.bits)
        if self.region is None:
            height_px, width_px = image.shape[:2]
            return Field(name, image, self.um_per_pixel, 0, 0, Rectangle(0, 0, width_px, height_px))
        area = self.region.area
        return Field(name, image, self.um_per_pixel, area.left, area.top, self.region.owned)


def tiff_fields(path: Path, cutting: Cutting) -> dict[str, TiffField]:
    """Fields of a TIFF by the suffix of their names: ``#page=2`` (from 1), ``#x=1024,y=0``, or both.

    Only headers are read, and of 16-bit tiled pages a sample of tiles: their bits in use are decided
    once, so that all regions are scaled alike.

    Raises
    ------
    UnreadableImageError
        No TIFF, damaged, or colour channels kept as separate pages.
    """
    fields: dict[str, TiffField] = {}
    with decoding(path), TiffFile(path) as tiff:
        _refuse_channels_in_pages(path, tiff)
        indices = [
            index for index in range(len(tiff.pages)) if index == 0 or _is_picture(full_page(tiff, index))
        ]
        for number, index in enumerate(indices, start=1):
            page = full_page(tiff, index)
            suffix = f"#page={number}" if len(indices) > 1 else ""
            um_per_pixel = _um_per_pixel(tiff, page)
            regions = []
            if page.is_tiled:
                check_complete(path, tiff, page)
                regions = cutting.regions(page.imagewidth, page.imagelength, um_per_pixel)
            if len(regions) <= 1:
                fields[suffix] = TiffField(path, index, None, None, um_per_pixel)
                continue
            bits = _sampled_bits(page)
            for region in regions:
                place = f"x={region.area.left},y={region.area.top}"
                fields[f"{suffix},{place}" if suffix else f"#{place}"] = TiffField(
                    path, index, region, bits, um_per_pixel
                )
    return fields


def check_complete(path: Path, tiff: TiffFile, page: TiffPage) -> None:
    """Refuse a page whose data are not all in the file: some decoders fill what is missing with grey.

    Raises
    ------
    UnreadableImageError
        Data beyond the end of the file, or a size that its tiles do not fill.
    """
    end = max(map(int.__add__, page.dataoffsets, page.databytecounts), default=0)
    size = tiff.filehandle.size
    if end > size:
        raise UnreadableImageError(
            f"{shown_path(path)} is cut short ({size} of at least {end} bytes are there): copy it again"
        )
    if not page.is_tiled:
        return
    across, down = _tiles_across_and_down(page)
    if across * down > len(page.dataoffsets) or page.tilewidth * page.tilelength > PIXEL_LIMIT:
        raise UnreadableImageError(
            f"{shown_path(path)} is damaged: {page.imagewidth} x {page.imagelength} pixels in "
            f"{len(page.dataoffsets)} tiles of {page.tilewidth} x {page.tilelength}: copy it again"
        )


def is_large_tiff(path: Path) -> bool:
    """Whether the first page is tiled, and has reduced copies or more than `PIXEL_LIMIT` pixels.

    Raises
    ------
    UnreadableImageError
        No TIFF, or damaged.
    """
    with decoding(path), TiffFile(path) as tiff:
        first = full_page(tiff, 0)
        if not first.is_tiled:
            return False
        reduced = bool(first.subifds) or (len(tiff.pages) > 1 and full_page(tiff, 1).is_reduced)
        return reduced or first.imagewidth * first.imagelength > PIXEL_LIMIT


def _is_picture(page: TiffPage) -> bool:
    return not page.is_reduced and not page.is_mask


def _page_to_rgb(page: TiffPage, pixels: Samples, bits: int | None) -> NDArray[np.uint8]:
    """RGB of decoded samples (H, W, samples) by the page's photometric interpretation."""
    photometric = page.photometric
    if bits is None and page.bitspersample not in (1, 8, 16):
        bits = page.bitspersample  # packed samples of 2, 4, 10, 12 or 14 bits state their depth
    if photometric == PHOTOMETRIC.YCBCR and page.compression in _COLOUR_IN_JPEG:
        photometric = PHOTOMETRIC.RGB  # the JPEG decoder has converted it
    match photometric:
        case PHOTOMETRIC.RGB | PHOTOMETRIC.MINISBLACK:
            colour_count = 3 if photometric == PHOTOMETRIC.RGB else 1
            alpha = page.extrasamples[0] if page.extrasamples else 0
            shown = pixels[..., : colour_count + 1] if alpha in (1, 2) else pixels[..., :colour_count]
            return to_rgb(shown, bits=bits, premultiplied=alpha == 1)
        case PHOTOMETRIC.MINISWHITE:
            return 255 - to_rgb(pixels[..., :1], bits=bits)
        case PHOTOMETRIC.PALETTE if page.colormap is not None:
            return to_rgb(page.colormap.T[pixels[..., 0]], bits=bits_in_use(int(page.colormap.max())))
        case PHOTOMETRIC.SEPARATED if pixels.dtype == np.uint8 and pixels.shape[2] >= 4:
            return cmyk_to_rgb(pixels[..., :4].astype(np.uint8, copy=False))
    raise ValueError(f"its colours are stored as {PHOTOMETRIC(page.photometric).name}; save it as RGB")


def _channels_last(page: TiffPage, pixels: Samples) -> Samples:
    match page.axes:
        case "YX":
            return pixels[..., np.newaxis]
        case "YXS":
            return pixels
        case "SYX":
            return np.moveaxis(pixels, 0, -1)
    raise ValueError(f"its axes are {page.axes}; save each plane as a picture")


def _read_area(page: TiffPage, area: Rectangle) -> Samples:
    """(H, W, samples) of an area of a tiled page, of which only the tiles it touches are decoded."""
    dtype = np.dtype(page.dtype)
    if dtype.kind not in "bu" or dtype.itemsize > 2 or page.imagedepth > 1:
        raise ValueError(f"samples of type {dtype}, where unsigned 8 or 16-bit ones are expected")
    no_light = page.photometric in (PHOTOMETRIC.MINISWHITE, PHOTOMETRIC.SEPARATED)
    white = 0 if no_light else 1 if dtype.kind == "b" else np.iinfo(dtype).max  # where a tile is left out
    pixels = np.full((area.bottom - area.top, area.right - area.left, page.samplesperpixel), white, dtype)
    for tile, sample, top, left in _decoded_tiles(page, _tiles_touching(page, area)):
        first_row, first_column = max(top, area.top), max(left, area.left)
        last_row, last_column = min(top + len(tile), area.bottom), min(left + tile.shape[1], area.right)
        pixels[
            first_row - area.top : last_row - area.top,
            first_column - area.left : last_column - area.left,
            sample : sample + tile.shape[2],
        ] = tile[first_row - top : last_row - top, first_column - left : last_column - left]
    return pixels


def _tiles_touching(page: TiffPage, area: Rectangle) -> list[int]:
    across, down = _tiles_across_and_down(page)
    planes = page.samplesperpixel if page.planarconfig == PLANARCONFIG.SEPARATE else 1
    return [
        (plane * down + row) * across + column
        for plane in range(planes)
        for row in range(area.top // page.tilelength, -(-area.bottom // page.tilelength))
        for column in range(area.left // page.tilewidth, -(-area.right // page.tilewidth))
    ]


def _tiles_across_and_down(page: TiffPage) -> tuple[int, int]:
    return -(-page.imagewidth // page.tilewidth), -(-page.imagelength // page.tilelength)


def _decoded_tiles(page: TiffPage, indices: list[int]) -> Iterator[tuple[Samples, int, int, int]]:
    """Tiles (H, W, samples) with their first sample, top and left; those left out of the file are skipped."""
    tables = (
        {"jpegtables": page.jpegtables, "jpegheader": page.jpegheader}
        if page.compression in _COLOUR_IN_JPEG
        else {}
    )
    read = page.parent.filehandle.read_segments(
        [page.dataoffsets[index] for index in indices],
        [page.databytecounts[index] for index in indices],
        indices=indices,
    )
    for data, index in read:
        tile, (sample, _, top, left, _), _ = page.decode(data, index, **tables)
        if tile is not None:
            yield tile[0], sample, top, left


def _sampled_bits(page: TiffPage) -> int | None:
    """Bits in use in 16-bit samples, by the brightest of up to 64 tiles spread over the page."""
    if page.bitspersample != 16:
        return None
    count = len(page.dataoffsets)
    chosen = sorted({round(index) for index in np.linspace(0, count - 1, min(count, _TILES_SAMPLED))})
    colours = 3 if page.photometric == PHOTOMETRIC.RGB else 1
    brightest = [
        int(tile[..., :colours].max())
        for tile, sample, _, _ in _decoded_tiles(page, chosen)
        if sample < colours  # opacity uses all 16 bits whatever the camera's depth
    ]
    return bits_in_use(max(brightest, default=0))


def full_page(tiff: TiffFile, index: int) -> TiffPage:
    """Page `index` (from 0) with its own header."""
    page = tiff.pages[index]
    if not isinstance(page, TiffPage):
        raise TypeError(f"page {index + 1} has no header of its own")
    return page


def _refuse_channels_in_pages(path: Path, tiff: TiffFile) -> None:
    if (tiff.is_ome or tiff.is_imagej) and any(
        axis == "C" and size > 1
        for series in tiff.series
        for axis, size in zip(series.axes, series.shape, strict=True)
    ):
        raise UnreadableImageError(
            f"{shown_path(path)} keeps its colour channels as separate pages: save it as RGB"
        )


def _um_per_pixel(tiff: TiffFile, page: TiffPage) -> float | None:
    """Scale by OME metadata, else ImageJ's unit, else the resolution tags."""
    if tiff.is_ome and tiff.ome_metadata:
        size = re.search(r'<(?:\w+:)?Pixels\b[^>]*?\bPhysicalSizeX="([^"]+)"', tiff.ome_metadata)
        stated = re.search(r'<(?:\w+:)?Pixels\b[^>]*?\bPhysicalSizeXUnit="([^"]+)"', tiff.ome_metadata)
        unit = _MICROMETRES.get(stated[1] if stated else "µm")
        if size:
            return credible_um_per_pixel(unit * float(size[1]) if unit else None)
    pixels_per_unit = page.resolution[0]
    if tiff.is_imagej and tiff.imagej_metadata and "unit" in tiff.imagej_metadata:
        unit = _MICROMETRES.get(str(tiff.imagej_metadata["unit"]))
    else:
        unit = _MICROMETRES_BY_TAG.get(int(page.resolutionunit))
    return credible_um_per_pixel(unit / pixels_per_unit if unit and pixels_per_unit else None)
