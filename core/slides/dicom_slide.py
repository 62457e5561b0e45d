"""Files of DICOM whole slides: which of them are one slide, be its levels one series or several."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydicom.uid import VLWholeSlideMicroscopyImageStorage

from core.errors import UnreadableImageError
from core.files import shown_path
from core.slides.dicom import stated_um_per_pixel
from core.slides.dicom_frames import frame_count, shared_header_of
from core.slides.formats import Format, decoding, format_of, is_image_file, not_decoded
from core.slides.same_place import is_copy_size

_BESIDE_THE_SCAN = ("LABEL", "OVERVIEW", "THUMBNAIL")
_REDUCED = "RESAMPLED"
_SPACING_TOLERANCE = 0.05
_FILES_KEPT = 1 << 14  # of a series each file is asked about all others


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
    is_reduced
        Whether it says that it was made from a larger one.
    width_px, height_px
        Of all its tiles together.
    um_per_pixel
        As it says, credible or not.
    """

    path: Path
    instance: str
    series: str
    study: str
    container: str
    is_scan: bool
    is_reduced: bool
    width_px: int
    height_px: int
    um_per_pixel: float | None


def slide_instance(path: Path) -> SlideInstance | None:
    """Read what a DICOM file says of its whole slide; None where it is of none, or no DICOM file.

    Raises
    ------
    UnreadableImageError
        Damaged.
    """
    with decoding(path):
        state = path.stat()
        return _instance(path, state.st_mtime_ns, state.st_size)


@lru_cache(_FILES_KEPT)
def _instance(path: Path, modified_ns: int, size: int) -> SlideInstance | None:
    if not is_image_file(path) or format_of(path) is not Format.DICOM:
        return None
    header = shared_header_of(path)
    if header.get("SOPClassUID") != VLWholeSlideMicroscopyImageStorage:
        return None
    frame_count(path, header)
    kinds = [str(kind) for kind in header.get("ImageType") or ()]
    return SlideInstance(
        path=path,
        instance=str(header.get("SOPInstanceUID", path)),
        series=str(header.get("SeriesInstanceUID")),
        study=str(header.get("StudyInstanceUID", "")),
        container=str(header.get("ContainerIdentifier") or ""),
        is_scan=not set(kinds) & set(_BESIDE_THE_SCAN),
        is_reduced=_REDUCED in kinds,
        width_px=int(header.get("TotalPixelMatrixColumns") or 0),
        height_px=int(header.get("TotalPixelMatrixRows") or 0),
        um_per_pixel=stated_um_per_pixel(header),
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
        return slide_instance(file)
    except UnreadableImageError:  # raised again where it is read itself
        return None


def full_resolution(instances: Iterable[SlideInstance]) -> tuple[SlideInstance, ...]:
    """Those of a series that show it at its full resolution: its `largest_level`.

    Raises
    ------
    UnreadableImageError
        Where the largest was made from a larger one, or as `largest_level` does.
    """
    level = largest_level(instances)
    if any(one.is_reduced for one in level):
        raise not_decoded(
            level[0].path,
            "the full resolution of its whole slide is not here",
            "copy all files of its series",
        )
    return level


def largest_level(instances: Iterable[SlideInstance]) -> tuple[SlideInstance, ...]:
    """Those of a series that show it in its largest size, each once, in the order of their names.

    They are several where a scanner has divided a large file, or writes each focal plane into its own.

    Raises
    ------
    UnreadableImageError
        Where another file of the series shows something else than the largest, reduced.
    """
    scans = {one.instance: one for one in instances if one.is_scan}.values()
    if not scans:
        return ()
    largest = max(scans, key=_pixels)
    level = tuple(one for one in scans if _size(one) == _size(largest))
    for one in scans:
        if one not in level and not _is_level_of_series(one, largest):
            raise not_decoded(
                one.path,
                f"{one.width_px} x {one.height_px} pixels of one series with {shown_path(largest.path.name)} "
                "and no reduced copy of it",
                "put the files of each scanned area into a folder of their own",
            )
    return level


def series_of_slides(
    instances: Sequence[SlideInstance], show_one_place: Callable[[Path, Path, float], bool | None]
) -> dict[str, Path]:
    """The series that are slides of their own, each with the first of its files, in order.

    A series is none that only shows the label or the whole glass beside a scan of the same glass; nor one
    that shows another of the same study and container reduced, as some programs write each level as a
    series.

    Parameters
    ----------
    show_one_place
        Says of the largest levels of two series, the larger first, and how many times it is larger, whether
        their pictures are of one place; None where the pictures do not tell. Then the scale decides that
        both state.
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
        if any(_is_level_of_slide(one, other, show_one_place) for other in reversed(scans[:number]))
    }
    return {
        series: by_series[series][0].path
        for series, scan in largest.items()
        if series not in reduced
        and not (scan is None and all(_has_scan(one, scans) for one in by_series[series]))
    }


def _has_scan(beside: SlideInstance, scans: Sequence[SlideInstance]) -> bool:
    return any(_may_be_one_glass(beside, scan) for scan in scans)


def _pixels(one: SlideInstance) -> int:
    return one.width_px * one.height_px


def _size(one: SlideInstance) -> tuple[int, int]:
    return one.width_px, one.height_px


def _times(smaller: SlideInstance, larger: SlideInstance) -> float:
    return larger.width_px / max(1, smaller.width_px)


def _may_be_one_glass(first: SlideInstance, second: SlideInstance) -> bool:
    other_container = first.container and second.container and first.container != second.container
    return first.study == second.study and not other_container


def _is_level_of_slide(
    smaller: SlideInstance,
    larger: SlideInstance,
    show_one_place: Callable[[Path, Path, float], bool | None],
) -> bool:
    coarser = _times_coarser(smaller, larger)
    fits = coarser is not None and _fits(coarser, smaller, larger)
    if not (_may_be_one_glass(smaller, larger) and _is_copy_size(smaller, larger)) or (coarser and not fits):
        return False
    shown = show_one_place(larger.path, smaller.path, _times(smaller, larger))
    return fits if shown is None else shown


def _is_level_of_series(smaller: SlideInstance, larger: SlideInstance) -> bool:
    """Whether it may be a reduced copy; with its last tiles filled up its aspect may be another."""
    coarser = _times_coarser(smaller, larger)
    if coarser is None:
        return smaller.is_reduced or _is_copy_size(smaller, larger)
    if coarser <= 1 + _SPACING_TOLERANCE:
        return False
    return smaller.is_reduced or _is_copy_size(smaller, larger) or _fits(coarser, smaller, larger)


def _is_copy_size(smaller: SlideInstance, larger: SlideInstance) -> bool:
    return is_copy_size(_size(smaller), _size(larger))


def _times_coarser(smaller: SlideInstance, larger: SlideInstance) -> float | None:
    """How many times more a pixel of the smaller one is said to cover; None where either does not say."""
    if not smaller.um_per_pixel or not larger.um_per_pixel:
        return None
    return smaller.um_per_pixel / larger.um_per_pixel


def _fits(coarser: float, smaller: SlideInstance, larger: SlideInstance) -> bool:
    rounding = 1 / max(1, smaller.width_px)
    return abs(coarser / _times(smaller, larger) - 1) <= _SPACING_TOLERANCE + rounding
