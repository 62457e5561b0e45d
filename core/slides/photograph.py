"""Fields saved as ordinary pictures: JPEG, PNG and BMP.

Pixels are taken as they are stored. An EXIF orientation is not applied: cells look the same from every
side, and coordinates then mean the same to every program that reads the file. Colour profiles are not
applied either. The resolution that such files state is that of a printed page, so their scale is unknown.
"""

import io
import re
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from core.slides.field import Field, Rectangle
from core.slides.formats import Format, check_size, decoding
from core.slides.pixels import cmyk_to_rgb, to_rgb

_BYTES_TOO_MANY = re.compile(r"(\d+) extraneous bytes before marker")
_START_OF_SCAN, _END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
_FEW_BYTES = 256


@dataclass(frozen=True)
class Photograph:
    """A JPEG, PNG or BMP file: one field."""

    path: Path
    format: Format

    def read(self, name: str) -> Field:
        """Decode the picture as field `name`; raises `UnreadableImageError`."""
        with decoding(self.path):
            data = self.path.read_bytes()
            check_size(self.path, *_width_and_height(data, self.format))
            match self.format:
                case Format.JPEG:
                    image = decode_jpeg(data)
                case Format.PNG:
                    # In a colour-key or palette image the decoder turns transparency into alpha.
                    image = to_rgb(imagecodecs.png_decode(data))
                case _:
                    with Image.open(io.BytesIO(data), formats=["BMP"]) as picture:
                        image = np.array(picture.convert("RGB"))
        height_px, width_px = image.shape[:2]
        return Field(name, image, None, 0, 0, Rectangle(0, 0, width_px, height_px))


def decode_jpeg(data: bytes) -> NDArray[np.uint8]:
    """(H, W, 3) RGB of a whole, undamaged JPEG of grey, YCbCr, RGB, CMYK or YCCK colours.

    The decoder is strict: a file cut short is an error, where others fill the rest with grey. A few bytes too
    many, as some cameras write them before a marker, harm nothing.

    Raises
    ------
    ValueError
        Where the data are damaged, end early, or are no 8-bit JPEG.
    """
    colours = simplejpeg.decode_jpeg_header(data)[2]
    if colours not in ("CMYK", "YCCK"):
        return _decoded(data, "RGB")
    ink = _decoded(data, "CMYK")
    # Files with Adobe's marker store light instead of ink (255 is none).
    return cmyk_to_rgb(255 - ink if b"\xff\xee\x00\x0eAdobe" in data else ink)


def _decoded(data: bytes, colours: str) -> NDArray[np.uint8]:
    image: NDArray[np.uint8]
    try:
        image = simplejpeg.decode_jpeg(data, colours)
    except ValueError as error:
        if not _has_bytes_too_many(data, str(error)):
            raise
        image = simplejpeg.decode_jpeg(data, colours, strict=False)
    return image


def _has_bytes_too_many(data: bytes, complaint: str) -> bool:
    """Whether a whole JPEG holds bytes between its parts that belong to none.

    Padding of one value may be long. Of other bytes few are let pass: many are what is left over where the
    picture was damaged before. A file cut short lacks its end marker.
    """
    found = _BYTES_TOO_MANY.search(complaint)
    end = data.rfind(_END_OF_IMAGE)
    if found is None or end < data.rfind(_START_OF_SCAN):
        return False
    padding = end - len(data[:end].rstrip(data[end - 1 : end]))
    return int(found[1]) <= max(_FEW_BYTES, padding)


def _width_and_height(data: bytes, format_: Format) -> tuple[int, int]:
    if format_ is Format.JPEG:
        height_px, width_px = simplejpeg.decode_jpeg_header(data)[:2]
        return width_px, height_px
    if format_ is Format.PNG:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if int.from_bytes(data[14:18], "little") == 12:  # the header of OS/2 has 16-bit sides
        return int.from_bytes(data[18:20], "little"), int.from_bytes(data[20:22], "little")
    # A negative height means rows from the top.
    return int.from_bytes(data[18:22], "little"), abs(int.from_bytes(data[22:26], "little", signed=True))
