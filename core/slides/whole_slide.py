"""Whole-slide scans (SVS, NDPI, tiled DICOM), read region by region through OpenSlide."""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import openslide
from numpy.typing import NDArray
from tifffile import TiffFile

from core.errors import UnreadableImageError
from core.files import shown_path
from core.slides.dicom import refuse_focal_planes
from core.slides.field import Field
from core.slides.formats import decoding
from core.slides.pixels import to_rgb
from core.slides.regions import Cutting, Region
from core.slides.scale import credible_um_per_pixel
from core.slides.tiff_pages import check_complete, full_page


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
        if kind == "dicom":
            refuse_focal_planes(path)
        else:
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


@dataclass(frozen=True)
class ScanOverview:
    """A scan with reduced copies in its file, so that all of it can be shown at once.

    Attributes
    ----------
    path
        The file, of a DICOM scan any one instance.
    width_px, height_px
        At full resolution.
    """

    path: Path
    width_px: int
    height_px: int

    def read(self, left: int, top: int, width: int, height: int, reduction: int) -> NDArray[np.uint8]:
        """Decode a part of the scan, reduced.

        Parameters
        ----------
        left, top
            At full resolution.
        width, height
            Of what is given, in reduced pixels.
        reduction
            Pixels of the scan that become one, along each side.

        Returns
        -------
        (height, width, 3) uint8, RGB; white where nothing was scanned.

        Raises
        ------
        UnreadableImageError
            Where the file cannot be read any more.
        """
        with decoding(self.path):
            scan = _scan(self.path)
            level = scan.get_best_level_for_downsample(reduction + 0.01)
            within = reduction / scan.level_downsamples[level]
            size = (max(1, round(width * within)), max(1, round(height * within)))
            try:
                picture = to_rgb(np.asarray(scan.read_region((left, top), level, size)))
            except openslide.OpenSlideError:
                _opened.cache_clear()
                raise
        if picture.shape[:2] == (height, width):
            return picture
        return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def scan_overview(path: Path) -> ScanOverview | None:
    """The overview of a scan; None where the file is none, or holds no reduced copies of its image."""
    with decoding(path):
        if openslide.OpenSlide.detect_format(path) in (None, "zeiss"):  # the latter is read here otherwise
            return None
        scan = _scan(path)
        return ScanOverview(path, *scan.dimensions) if scan.level_count > 1 else None


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
