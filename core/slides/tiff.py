"""Fields of a TIFF: each place in it is one, and a large tiled picture is cut into regions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tifffile import RESUNIT, TiffFile, TiffPage

from core.slides.field import Field, Rectangle
from core.slides.focal_planes import FieldSource, of_one_place, planes_with_all_tiles
from core.slides.formats import PIXEL_LIMIT, decoding, not_decoded
from core.slides.regions import Cutting, Region
from core.slides.scale import credible_um_per_pixel
from core.slides.tiff_pages import (
    are_tiled_alike,
    check_complete,
    full_page,
    page_image,
    refuse_raw_pages,
    sampled_bits,
    scanned_regions,
    tiles_there,
)
from core.slides.tiff_places import Plane, tiff_places

_MICROMETRES = {
    "µm": 1.0, "\u03bcm": 1.0, "um": 1.0, "micron": 1.0, "microns": 1.0, "\\u00B5m": 1.0,
    "nm": 1e-3, "mm": 1e3, "cm": 1e4,
}  # fmt: skip
_MICROMETRES_BY_TAG = {int(RESUNIT.INCH): 25_400.0, int(RESUNIT.CENTIMETER): 10_000.0}


@dataclass(frozen=True)
class TiffField:
    """A picture in a TIFF, or a region of one.

    Attributes
    ----------
    path
        The file.
    plane
        Which picture of the file.
    region
        None for all of it.
    bits
        Bits a sample in use, decided once for all regions of a page; None where each page decides.
    um_per_pixel
        As the file says, if credible.
    """

    path: Path
    plane: Plane
    region: Region | None
    bits: int | None
    um_per_pixel: float | None

    def read(self, name: str) -> Field:
        """Decode the picture or region as field `name`; raises `UnreadableImageError`."""
        area = None if self.region is None else self.region.area
        with decoding(self.path), TiffFile(self.path, _multifile=False) as tiff:
            image = page_image(self.path, tiff, self.plane.page, self.plane.plane, area, self.bits)
        if self.region is None:
            height_px, width_px = image.shape[:2]
            return Field(name, image, self.um_per_pixel, 0, 0, Rectangle(0, 0, width_px, height_px))
        area = self.region.area
        return Field(name, image, self.um_per_pixel, area.left, area.top, self.region.owned)


def tiff_fields(path: Path, cutting: Cutting) -> dict[str, FieldSource]:
    """Fields of a TIFF by the suffix of their names: ``#page=2`` (from 1), ``#x=1024,y=0``, or both.

    Only headers are read, and of 16-bit tiled pages a sample of tiles: their bits in use are decided
    once, so that all regions are scaled alike. Of several pictures it is compared which show one place
    (`core.slides.tiff_places.tiff_places`): each place is a field, numbered in the order of the file. Regions
    of which the file holds no tile were not scanned, and are no fields.

    Raises
    ------
    UnreadableImageError
        No TIFF, damaged, a camera's RAW file, or colour channels kept as separate pages.
    """
    fields: dict[str, FieldSource] = {}
    with decoding(path), TiffFile(path, _multifile=False) as tiff:
        refuse_raw_pages(path, tiff)
        places = tiff_places(path, tiff)
        for number, planes in enumerate(places, start=1):
            page = full_page(tiff, planes[0].page)
            suffix = f"#page={number}" if len(places) > 1 else ""
            um_per_pixel = _um_per_pixel(tiff, page)
            regions: Sequence[Region] = []
            pages = [full_page(tiff, plane.page) for plane in planes]
            if page.is_tiled:
                for one in pages:
                    check_complete(path, tiff, one)
                # A picture saved twice, in tiles of another size or in none, is there all the same.
                alike = [at for at, one in enumerate(pages) if are_tiled_alike(page, one)]
                if len(alike) < len(pages) and not all(page.databytecounts):
                    raise not_decoded(
                        path,
                        "one place in pages of different tiles, of which the first lacks some",
                        "export it in one focal plane",
                    )
                planes, pages = tuple(planes[at] for at in alike), [pages[at] for at in alike]
                regions = cutting.regions(page.imagewidth, page.imagelength, um_per_pixel)
            if len(regions) <= 1:
                if page.is_tiled:
                    whole = Rectangle(0, 0, page.imagewidth, page.imagelength)
                    there = [tiles_there(one, whole) for one in pages]
                    planes = tuple(planes[at] for at in planes_with_all_tiles(path, there, whole))
                fields[suffix] = of_one_place(
                    [TiffField(path, plane, None, None, um_per_pixel) for plane in planes]
                )
                continue
            bits = sampled_bits(page)
            for region in scanned_regions(pages, regions):
                there = [tiles_there(one, region.area) for one in pages]
                where = f"x={region.area.left},y={region.area.top}"
                fields[f"{suffix},{where}" if suffix else f"#{where}"] = of_one_place(
                    [
                        TiffField(path, planes[at], region, bits, um_per_pixel)
                        for at in planes_with_all_tiles(path, there, region.area)
                    ]
                )
    return fields


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
