"""Fields of a visible-light DICOM file: each place that its frames show is one."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydicom import Dataset

from core.errors import UnreadableImageError
from core.files import shown_path
from core.slides.dicom_frames import frame_count, frame_image, header_of
from core.slides.field import Field, Rectangle
from core.slides.focal_planes import FieldSource, of_one_place
from core.slides.formats import decoding
from core.slides.same_place import Glimpse, glimpse, glimpse_if_decoded, places_among
from core.slides.scale import credible_um_per_pixel

_MOST_FAILURES = 8  # in a row; a damaged header may state a million frames
_DEPTH = (0x0040, 0x074A)  # Z offset in the slide's coordinates, as the pointer of a dimension


@dataclass(frozen=True)
class DicomFrame:
    """One frame of a DICOM file, counted from 0."""

    path: Path
    frame: int
    um_per_pixel: float | None

    def read(self, name: str) -> Field:
        """Decode the frame as field `name`; raises `UnreadableImageError`."""
        image = frame_image(self.path, self.frame)
        height_px, width_px = image.shape[:2]
        return Field(name, image, self.um_per_pixel, 0, 0, Rectangle(0, 0, width_px, height_px))


def dicom_fields(path: Path) -> dict[str, FieldSource]:
    """Fields of a DICOM file by the suffix of their names: none, or ``#frame=2`` (from 1) of several.

    Frames that show one place at several depths of focus are one field, under the number of the first: by
    their pictures (`core.slides.same_place`), with what the file says of their places taken into account.

    Raises
    ------
    UnreadableImageError
        No DICOM, damaged, or without a picture.
    """
    header = header_of(path)
    if "Rows" not in header:
        raise UnreadableImageError(f"{shown_path(path)} is a DICOM file without a picture: remove it")
    with decoding(path):
        frames = frame_count(path, header)
        um_per_pixel = um_per_pixel_of(header)
        stacks = _stacks(header, frames)
    sources = [DicomFrame(path, index, um_per_pixel) for index in range(frames)]
    if frames == 1:
        return {"": sources[0]}
    places = places_among(_glimpses(path, frames), stacks)
    return {
        f"#frame={place[0] + 1}" if len(places) > 1 else "": of_one_place([sources[index] for index in place])
        for place in places
    }


def um_per_pixel_of(header: Dataset) -> float | None:
    """The scale that a header states, if credible."""
    return credible_um_per_pixel(stated_um_per_pixel(header))


def stated_um_per_pixel(header: Dataset) -> float | None:
    """The scale that a header states, credible or not."""
    spacing_mm = header.get("PixelSpacing")
    groups = header.get("SharedFunctionalGroupsSequence")
    if spacing_mm is None and groups:
        measures = groups[0].get("PixelMeasuresSequence")
        spacing_mm = measures[0].get("PixelSpacing") if measures else None
    return 1000 * float(spacing_mm[0]) if spacing_mm else None


def _glimpses(path: Path, frames: int) -> list[Glimpse | None]:
    """What each frame shows; None for one that cannot be decoded, and for all behind many such in a row."""
    seen: list[Glimpse | None] = [None] * frames
    failures = 0
    for index in range(frames):
        seen[index] = glimpse_if_decoded(path, partial(_frame_glimpse, path, index))
        failures = failures + 1 if seen[index] is None else 0
        if failures == _MOST_FAILURES:
            break
    return seen


def _frame_glimpse(path: Path, index: int) -> Glimpse:
    return glimpse(frame_image(path, index))


def _stacks(header: Dataset, frames: int) -> list[Hashable | None]:
    """Of each frame, where on the slide it lies beside its depth; None where the file does not say."""
    groups = header.get("PerFrameFunctionalGroupsSequence") or []
    if len(groups) == frames:
        positions = [(group.get("PlanePositionSlideSequence") or [Dataset()])[0] for group in groups]
        depths = {position.get("ZOffsetInSlideCoordinateSystem") for position in positions}
        if len(depths) > 1 and None not in depths:
            return [
                tuple(
                    str(position.get(f"{axis}InTotalImagePixelMatrix", ""))
                    for axis in ("ColumnPosition", "RowPosition")
                )
                + tuple(str(position.get(f"{axis}OffsetInSlideCoordinateSystem", "")) for axis in "XY")
                for position in positions
            ]
        pointers = [item.get("DimensionIndexPointer") for item in header.get("DimensionIndexSequence") or []]
        contents = [(group.get("FrameContentSequence") or [Dataset()])[0] for group in groups]
        steps = [tuple(content.get("DimensionIndexValues") or ()) for content in contents]
        if _DEPTH in pointers and all(len(step) == len(pointers) for step in steps):
            depth = pointers.index(_DEPTH)
            return [step[:depth] + step[depth + 1 :] for step in steps]
    planes = int(header.get("TotalPixelMatrixFocalPlanes") or 1)
    if planes > 1 and frames % planes == 0:
        return [index % (frames // planes) for index in range(frames)]
    return [None] * frames
