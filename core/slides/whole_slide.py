"""Whole-slide scans (SVS, NDPI, MIRAX, BIF, SCN, tiled DICOM), read region by region through OpenSlide."""

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import openslide
from numpy.typing import NDArray
from tifffile import TiffFile, TiffFileError

from core.errors import UnreadableImageError
from core.files import shown_path
from core.slides.dicom_planes import plane_fields, tile_matrix
from core.slides.dicom_slide import SlideInstance, full_resolution, instances_beside, largest_level
from core.slides.field import Field, Rectangle
from core.slides.focal_planes import FieldSource, of_one_place
from core.slides.formats import Format, decoding, format_of, not_decoded
from core.slides.pixels import to_rgb
from core.slides.regions import Cutting, Region
from core.slides.same_place import Glimpse, glimpse, is_one_place, shows_something
from core.slides.scale import credible_um_per_pixel
from core.slides.tiff import TiffField
from core.slides.tiff_pages import check_complete, full_page, scanned_regions
from core.slides.tiff_places import Plane

_LEAST_COMPARED_PX = 128
_COMPARED_PX = (2048, 4096)
"""Side of the part of a scan that is compared with another's, at least and at most; of the smaller one at
least `_LEAST_COMPARED_PX`, as far as that goes."""
_COMPARED_AT = ((0.5, 0.5), *((x, y) for y in (0.0, 0.5, 1.0) for x in (0.0, 0.5, 1.0)))
"""Shares of the way across and down: the middle, then the edges, where a smear may lie at one of them."""
_NDPI_LENS = 65421
"""Tag of an NDPI's page: the objective's magnification, or less than 0 for a macro picture or a map."""


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
            image = _read(self.path, (area.left, area.top), 0, (area.width, area.height))
        return Field(name, image, self.um_per_pixel, area.left, area.top, self.region.owned)


def scan_fields(path: Path, cutting: Cutting) -> dict[str, FieldSource]:
    """Regions of a scan by the suffix of their names, ``#x=1024,y=0``.

    They cover what was scanned, where the scanner says how far that reaches or has left tiles out. Of a DICOM
    scan any one instance serves; the others are found beside it by their series. Of an NDPI or DICOM scan in
    several focal planes each region is the sharpest of them.

    Raises
    ------
    UnreadableImageError
        Where OpenSlide refuses the file, or it is cut short.
    """
    planes: list[int] = []
    with decoding(path):
        if format_of(path) is Format.MIRAX:
            _check_folder_of_mirax(path)
        if format_of(path) is Format.DICOM:
            files = _files_of_level(path, full_resolution)
            if not tile_matrix(files).is_plain:
                return plane_fields(files, cutting)
        kind = openslide.OpenSlide.detect_format(path)
        if kind is None:
            with suppress(TiffFileError):  # it may be none for having been cut short
                _checked_planes(path)
            raise UnreadableImageError(
                f"{shown_path(path)} is no whole-slide scan that OpenSlide knows: "
                "save it as a tiled or pyramidal TIFF"
            )
        if kind not in ("dicom", "mirax"):
            planes = _checked_planes(path)
        scan = _scan(path)
        stated = scan.properties.get(openslide.PROPERTY_NAME_MPP_X)
        um_per_pixel = credible_um_per_pixel(float(stated) if stated else None)
        scanned = _scanned(scan)
        cut = cutting.regions(scanned.width, scanned.height, um_per_pixel)
        regions: Sequence[Region] = [region.moved(scanned.left, scanned.top) for region in cut]
        if kind not in ("dicom", "mirax"):
            regions = _with_tiles(path, scan, regions)
    return {
        f"#x={region.area.left},y={region.area.top}": of_one_place(
            [TiffField(path, Plane(plane, 0), region, None, um_per_pixel) for plane in planes]
        )
        if planes
        else ScanRegion(path, region, um_per_pixel)
        for region in regions
    }


def _is_plain_dicom(path: Path) -> bool:
    """Whether OpenSlide reads the largest level of a DICOM scan: in one focal plane."""
    return tile_matrix(_files_of_level(path, largest_level)).is_plain


def _files_of_level(
    path: Path, level_of: Callable[[Iterable[SlideInstance]], tuple[SlideInstance, ...]]
) -> tuple[Path, ...]:
    level = level_of(instances_beside(path))
    if not level:
        raise not_decoded(path, "the label or overview of a whole slide alone", "copy its scan beside it")
    return tuple(one.path for one in level)


def _check_folder_of_mirax(path: Path) -> None:
    if not path.with_suffix("").is_dir():
        raise UnreadableImageError(
            f"{shown_path(path)} lies without its scan, which is in a folder of the same name: copy that "
            "beside it"
        )


def _with_tiles(path: Path, scan: openslide.OpenSlide, regions: Sequence[Region]) -> Sequence[Region]:
    """The regions without those that a scanner has left out of its TIFF, where its tiles lie as they show."""
    with TiffFile(path) as tiff:
        pages = (full_page(tiff, index) for index in range(len(tiff.pages)))
        largest = max(pages, key=lambda page: page.imagewidth * page.imagelength)
        shows_all = largest.is_tiled and (largest.imagewidth, largest.imagelength) == scan.dimensions
        return scanned_regions([largest], regions) if shows_all else regions


def _checked_planes(path: Path) -> list[int]:
    """Pages of an NDPI that show the full resolution in several focal planes; none where it has one.

    OpenSlide reads the plane alone that the scanner's autofocus has found. A scan is checked to be all there;
    labels and macro pictures are not.
    """
    with TiffFile(path) as tiff:
        pages = [full_page(tiff, index) for index in range(max(1, len(tiff.pages)))]
        levels = [page for page in pages if (page.tags.valueof(_NDPI_LENS) or 0) > 0]
        for page in levels or [page for page in pages if page.is_tiled] or pages:
            check_complete(path, tiff, page)
        planes = [page for page in levels if page.shape == levels[0].shape]
        # Without marks in its JPEG a page can only be decoded whole, by OpenSlide.
        several = len(planes) > 1 and all(page.is_tiled for page in planes)
        return [page.index for page in planes] if several else []


def _scanned(scan: openslide.OpenSlide) -> Rectangle:
    """What was scanned of the glass: all that the scan's pixels stand for, where it does not say."""
    width_px, height_px = scan.dimensions
    names = (
        openslide.PROPERTY_NAME_BOUNDS_X,
        openslide.PROPERTY_NAME_BOUNDS_Y,
        openslide.PROPERTY_NAME_BOUNDS_WIDTH,
        openslide.PROPERTY_NAME_BOUNDS_HEIGHT,
    )
    if not all(name in scan.properties for name in names):
        return Rectangle(0, 0, width_px, height_px)
    left, top, across, down = (int(scan.properties[name]) for name in names)
    return Rectangle(max(0, left), max(0, top), min(width_px, left + across), min(height_px, top + down))


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
            picture = _read(self.path, (left, top), level, size)
        if picture.shape[:2] == (height, width):
            return picture
        return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def scan_overview(path: Path) -> ScanOverview | None:
    """The overview of a scan; None where the file is none, or holds no reduced copies of its image.

    Nor is there one of a tiled TIFF whose encoding OpenSlide does not know, nor of a DICOM scan in several
    focal planes, which it does not open: other readers decode their regions.
    """
    with decoding(path):
        kind = openslide.OpenSlide.detect_format(path)
        if kind in (None, "zeiss"):  # the latter is read here otherwise
            return None
        if kind == "dicom" and not _is_plain_dicom(path):
            return None
        try:
            scan = _scan(path)
        except openslide.OpenSlideError:
            return None
        return ScanOverview(path, *scan.dimensions) if scan.level_count > 1 else None


def show_one_place(larger: Path, smaller: Path, times: float) -> bool | None:
    """Whether two DICOM scans, one so many times larger, show the same where first either shows something.

    None where the pictures do not tell: neither shows anything wherever it is looked at, or OpenSlide does
    not read one.
    """
    reach_px = int(min(_COMPARED_PX[1], max(_COMPARED_PX[0], _LEAST_COMPARED_PX * times)))
    try:
        if not (_is_plain_dicom(larger) and _is_plain_dicom(smaller)):
            return None
        for share in _COMPARED_AT:
            seen = _glimpse_at(smaller, share, int(reach_px / times))
            seen_of_larger = _glimpse_at(larger, share, reach_px)
            if shows_something(seen) or shows_something(seen_of_larger):
                return is_one_place(seen, seen_of_larger)
    except (openslide.OpenSlideError, OSError, UnreadableImageError):
        return None
    return None


def _glimpse_at(path: Path, share: tuple[float, float], reach_px: int) -> Glimpse:
    """What a part of a scan shows, whose corner lies a share of the way across and down."""
    width_px, height_px = _scan(path).dimensions
    across, down = max(1, min(reach_px, width_px)), max(1, min(reach_px, height_px))
    corner = round((width_px - across) * share[0]), round((height_px - down) * share[1])
    return glimpse(_read(path, corner, 0, (across, down)))


def is_scanner_tiff(path: Path) -> bool:
    """Whether a scanner's own kind of TIFF, whatever its name, in which not every page is a picture."""
    with decoding(path):
        return openslide.OpenSlide.detect_format(path) not in (None, "generic-tiff", "dicom")


def _read(path: Path, corner: tuple[int, int], level: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A part of a scan as RGB; its corner at full resolution."""
    try:
        return to_rgb(np.asarray(_scan(path).read_region(corner, level, size)))
    except openslide.OpenSlideError:
        _opened.cache_clear()  # after one error a handle refuses every other region too
        raise


def _scan(path: Path) -> openslide.OpenSlide:
    # A handle must not be shared with a forked worker, nor outlive a file that was replaced.
    return _opened(path, os.getpid(), path.stat().st_mtime_ns)


@lru_cache(maxsize=1)
def _opened(path: Path, process: int, modified_ns: int) -> openslide.OpenSlide:
    return openslide.OpenSlide(path)
