"""Files of DICOM whole slides: which of them are one slide, be its levels one series or several."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom.uid import VLWholeSlideMicroscopyImageStorage

from core.errors import UnreadableImageError
from core.slides.dicom_frames import header_of
from core.slides.formats import Format, decoding, format_of, is_image_file

_OF_INSTANCE = [
    *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "ContainerIdentifier"),
    *("ImageType", "TotalPixelMatrixColumns", "TotalPixelMatrixRows", "TotalPixelMatrixFocalPlanes"),
    *("Columns", "Rows", "NumberOfFrames"),
]
_BESIDE_THE_SCAN = ("LABEL", "OVERVIEW", "THUMBNAIL")


@dataclass(frozen=True)
class SlideInstance:
    """What a file of a whole slide says of itself.

    Attributes
    ----------
    path
        The file.
    instance, series, study, container
        Of what it is a part; empty where it does not say.
    is_scan
        Whether it shows the scan, at whatever resolution, and is no label, macro picture or thumbnail.
    width_px, height_px
        Of all its tiles together.
    frames
        How many tiles it holds.
    places
        How many cover its picture once.
    focal_planes
        As it says; 1 where it does not.
    """

    path: Path
    instance: str
    series: str
    study: str
    container: str
    is_scan: bool
    width_px: int
    height_px: int
    frames: int
    places: int
    focal_planes: int


def slide_instance(path: Path) -> SlideInstance | None:
    """Read what a DICOM file says of its whole slide; None where it is of none.

    Raises
    ------
    UnreadableImageError
        No DICOM, or damaged.
    """
    header = header_of(path, _OF_INSTANCE)
    with decoding(path):  # values are interpreted when they are asked for
        if header.get("SOPClassUID") != VLWholeSlideMicroscopyImageStorage:
            return None
        kinds = [str(kind) for kind in header.get("ImageType") or ()]
        width_px, height_px, across_px, down_px = (
            int(header.get(name) or 0)
            for name in ("TotalPixelMatrixColumns", "TotalPixelMatrixRows", "Columns", "Rows")
        )
        return SlideInstance(
            path=path,
            instance=str(header.get("SOPInstanceUID", path)),
            series=str(header.get("SeriesInstanceUID")),
            study=str(header.get("StudyInstanceUID", "")),
            container=str(header.get("ContainerIdentifier", "")),
            is_scan=not set(kinds) & set(_BESIDE_THE_SCAN),
            width_px=width_px,
            height_px=height_px,
            frames=int(header.get("NumberOfFrames") or 1),
            places=math.ceil(width_px / max(1, across_px)) * math.ceil(height_px / max(1, down_px)),
            focal_planes=int(header.get("TotalPixelMatrixFocalPlanes") or 1),
        )


def instances_beside(path: Path) -> tuple[SlideInstance, ...]:
    """All instances of the series that a file is of, among the files beside it; none where it is of none."""
    own = slide_instance(path)
    if own is None:
        return ()
    with decoding(path):
        beside = sorted(file for file in path.parent.iterdir() if file.is_file())
    return tuple(one for one in filter(None, map(_readable_instance, beside)) if one.series == own.series)


def _readable_instance(file: Path) -> SlideInstance | None:
    try:
        return slide_instance(file) if is_image_file(file) and format_of(file) is Format.DICOM else None
    except UnreadableImageError:
        return None


def full_resolution(instances: Iterable[SlideInstance]) -> tuple[SlideInstance, ...]:
    """Those of a slide that show it at its full resolution, each once, in the order of their names.

    They are several where a scanner has divided a large file, or writes each focal plane into its own.
    """
    scans = {one.instance: one for one in instances if one.is_scan}
    largest = max(((one.width_px, one.height_px) for one in scans.values()), default=(0, 0))
    return tuple(one for one in scans.values() if (one.width_px, one.height_px) == largest)


def has_focal_planes(level: Sequence[SlideInstance]) -> bool:
    """Whether the files of a level show places several times: at several depths of focus."""
    return any(one.focal_planes > 1 for one in level) or sum(one.frames for one in level) > max(
        (one.places for one in level), default=0
    )


def series_of_slides(
    instances: Sequence[SlideInstance], show_one_place: Callable[[Path, Path, float], bool]
) -> dict[str, Path]:
    """The series that are slides of their own, each with a file of its largest level, in order.

    A series is none that only shows the label or the whole glass beside a scan of the same study; nor one
    that shows another of the same study and container reduced, as some programs write each level as a
    series.

    Parameters
    ----------
    show_one_place
        Says of the largest levels of two series, the larger first, and how many times it is larger, whether
        their pictures are of one place.
    """
    by_series: dict[str, list[SlideInstance]] = {}
    for one in instances:
        by_series.setdefault(one.series, []).append(one)
    largest = {
        series: max((one for one in of_series if one.is_scan), key=_pixels, default=None)
        for series, of_series in by_series.items()
    }
    scans = sorted((one for one in largest.values() if one is not None), key=_pixels, reverse=True)
    reduced = {
        one.series
        for number, one in enumerate(scans)
        if any(_may_be_level(one, other) and show_one_place(other.path, one.path, _times(one, other))
               for other in reversed(scans[:number]))
    }  # fmt: skip
    studies = {one.study for one in scans}
    return {
        series: by_series[series][0].path
        for series, scan in largest.items()
        if series not in reduced and (scan is not None or by_series[series][0].study not in studies)
    }


def _pixels(one: SlideInstance) -> int:
    return one.width_px * one.height_px


def _times(smaller: SlideInstance, larger: SlideInstance) -> float:
    return larger.width_px / max(1, smaller.width_px)


def _may_be_level(smaller: SlideInstance, larger: SlideInstance) -> bool:
    """Whether they are of one glass and one aspect, as far as rounding lets it."""
    times = _times(smaller, larger)
    other_container = smaller.container and larger.container and smaller.container != larger.container
    return (
        smaller.study == larger.study
        and not other_container
        and times > 1
        and abs(larger.height_px / times - smaller.height_px) <= 1 + larger.height_px / larger.width_px
    )
