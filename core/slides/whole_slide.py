"""Whole-slide scans (SVS, NDPI, tiled DICOM), read region by region through OpenSlide."""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import openslide
from tifffile import TiffFile

from core.errors import UnreadableImageError
from core.slides.field import Field
from core.slides.formats import decoding, shown_path
from core.slides.pixels import to_rgb
from core.slides.regions import Cutting, Region
from core.slides.scale import credible_um_per_pixel
from core.slides.tiff import check_complete, full_page


@dataclass(frozen=True)
class ScanRegion:
    """A region of a scan at its full resolution; what was not scanned is white."""

    path: Path
    region: Region
    um_per_pixel: float | None

    def read(self, name: str) -> Field:
        """Decode the region as field `name`; raises `UnreadableImageError`."""
        area = self.region.area
        with decoding(self.path):
            scan = _scan(self.path)
            try:
                picture = scan.read_region(
                    (area.left, area.top), 0, (area.right - area.left, area.bottom - area.top)
                )
            except openslide.OpenSlideError:
                _opened.cache_clear()  # after one error a handle refuses every other region too
                raise
            image = to_rgb(np.asarray(picture))
        return Field(name, image, self.um_per_pixel, area.left, area.top, self.region.owned)


def scan_fields(path: Path, cutting: Cutting) -> dict[str, ScanRegion]:
    """Regions of a scan by the suffix of their names, ``#x=1024,y=0``.

    Of a DICOM scan any one instance serves; the others are found beside it by their series.

    Raises
    ------
    UnreadableImageError
        Where OpenSlide refuses the file, or it is cut short.
    """
    with decoding(path):
        kind = openslide.OpenSlide.detect_format(path)
        if kind is None:
            raise UnreadableImageError(
                f"{shown_path(path)} is no whole-slide scan that OpenSlide knows: "
                "save it as a tiled or pyramidal TIFF"
            )
        if kind != "dicom":
            with TiffFile(path) as tiff:
                check_complete(path, tiff, full_page(tiff, 0))
        scan = _scan(path)
        stated = scan.properties.get(openslide.PROPERTY_NAME_MPP_X)
        um_per_pixel = credible_um_per_pixel(float(stated) if stated else None)
        regions = cutting.regions(*scan.dimensions, um_per_pixel)
    return {
        f"#x={region.area.left},y={region.area.top}": ScanRegion(path, region, um_per_pixel)
        for region in regions
    }


def is_scanner_tiff(path: Path) -> bool:
    """Whether a scanner's own kind of TIFF, whatever its name, in which not every page is a picture."""
    with decoding(path):
        return openslide.OpenSlide.detect_format(path) not in (None, "generic-tiff", "dicom")


def _scan(path: Path) -> openslide.OpenSlide:
    # A handle must not be shared with a forked worker, nor outlive a file that was replaced.
    return _opened(path, os.getpid(), path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _opened(path: Path, process: int, modified_ns: int) -> openslide.OpenSlide:
    return openslide.OpenSlide(path)
