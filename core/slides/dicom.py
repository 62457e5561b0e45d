"""Fields of a visible-light DICOM file: each frame is one."""

from dataclasses import dataclass
from pathlib import Path

import simplejpeg
from pydicom import Dataset, dcmread
from pydicom.encaps import get_frame
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import pixel_array
from pydicom.uid import JPEGBaseline8Bit, VLWholeSlideMicroscopyImageStorage

from core.errors import UnreadableImageError
from core.files import shown_path
from core.slides.field import Field, Rectangle
from core.slides.formats import check_size, decoding
from core.slides.photograph import decode_jpeg
from core.slides.pixels import to_rgb
from core.slides.scale import credible_um_per_pixel

_PIXEL_DATA_HEADER_BYTES = 12  # tag, value representation, two reserved bytes, length
_FRAME_BYTES = 8  # the least a frame takes: the header of its item


@dataclass(frozen=True)
class DicomFrame:
    """One frame of a DICOM file, counted from 0."""

    path: Path
    frame: int
    um_per_pixel: float | None

    def read(self, name: str) -> Field:
        """Decode the frame as field `name`; raises `UnreadableImageError`.

        Grey values are scaled by the stored bits (16 stored bits: see `core.slides.pixels.to_rgb`);
        window and rescale values, meant for screens, are not applied.
        """
        with decoding(self.path), self.path.open("rb") as file:
            header = dcmread(file, stop_before_pixels=True)
            check_size(self.path, int(header.Columns), int(header.Rows))
            colours = str(header.PhotometricInterpretation)
            if header.file_meta.TransferSyntaxUID == JPEGBaseline8Bit and colours.startswith("YBR"):
                # Thirty times faster than pydicom's own way, which converts the colours in NumPy.
                file.seek(_PIXEL_DATA_HEADER_BYTES, 1)
                frames = int(header.get("NumberOfFrames") or 1)
                encoded = get_frame(file, self.frame, number_of_frames=frames)
                sides_px = simplejpeg.decode_jpeg_header(encoded)[:2]
                if sides_px != (header.Rows, header.Columns):
                    raise ValueError(f"a frame of {sides_px[1]} x {sides_px[0]} pixels")
                image = decode_jpeg(encoded)
            else:
                pixels = pixel_array(file, index=self.frame)
                if colours == "PALETTE COLOR":
                    pixels = apply_color_lut(pixels, header)
                    bits = 8 * pixels.dtype.itemsize
                else:
                    bits = int(header.BitsStored)
                image = to_rgb(pixels, bits=None if bits == 16 else bits)
                if colours == "MONOCHROME1":
                    image = 255 - image
        height_px, width_px = image.shape[:2]
        return Field(name, image, self.um_per_pixel, 0, 0, Rectangle(0, 0, width_px, height_px))


def dicom_fields(path: Path) -> dict[str, DicomFrame]:
    """Frames of a DICOM file by the suffix of their names: none, or ``#frame=2`` (from 1) of several.

    Raises
    ------
    UnreadableImageError
        No DICOM, damaged, or without a picture.
    """
    header = _header(path)
    if "Rows" not in header:
        raise UnreadableImageError(f"{shown_path(path)} is a DICOM file without a picture: remove it")
    with decoding(path):
        frames = int(header.get("NumberOfFrames") or 1)
        if frames * _FRAME_BYTES > path.stat().st_size:
            raise ValueError(f"{frames} frames in {path.stat().st_size} bytes")
        um_per_pixel = _um_per_pixel(header)
    return {
        f"#frame={index + 1}" if frames > 1 else "": DicomFrame(path, index, um_per_pixel)
        for index in range(frames)
    }


def whole_slide_series(path: Path) -> str | None:
    """Series of an instance of a tiled whole slide; None for every other DICOM file.

    Raises
    ------
    UnreadableImageError
        No DICOM, or damaged.
    """
    header = _header(path)
    with decoding(path):  # values are interpreted when they are asked for
        if header.get("SOPClassUID") != VLWholeSlideMicroscopyImageStorage:
            return None
        return str(header.get("SeriesInstanceUID"))


def _header(path: Path) -> Dataset:
    tags = [
        "SOPClassUID", "SeriesInstanceUID", "Rows", "NumberOfFrames", "PixelSpacing",
        "SharedFunctionalGroupsSequence",
    ]  # fmt: skip
    with decoding(path):
        return dcmread(path, stop_before_pixels=True, specific_tags=tags)


def _um_per_pixel(header: Dataset) -> float | None:
    spacing_mm = header.get("PixelSpacing")
    if spacing_mm is None and "SharedFunctionalGroupsSequence" in header:
        measures = header.SharedFunctionalGroupsSequence[0].get("PixelMeasuresSequence")
        spacing_mm = measures[0].get("PixelSpacing") if measures else None
    return credible_um_per_pixel(1000 * float(spacing_mm[0]) if spacing_mm else None)
