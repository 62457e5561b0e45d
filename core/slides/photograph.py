"""Fields saved as ordinary pictures: JPEG, PNG and BMP.

Pixels are taken as they are stored. An EXIF orientation is not applied: cells look the same from every
side, and coordinates then mean the same to every program that reads the file. Colour profiles are not
applied either. The resolution that such files state is that of a printed page, so their scale is unknown.
"""

import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import imagecodecs
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from core.slides.field import Field, Rectangle
from core.slides.formats import Format, check_size, decoding
from core.slides.pixels import cmyk_to_rgb, to_rgb

_BYTES_TOO_MANY = re.compile(r"(\d+) extraneous bytes before marker (0x[0-9a-f]{2})")
_FEW_BYTES = 256
_READ_AHEAD = 4
_MOST_PLACES = 4
_MARK = 0xFF
_RESTARTS = range(0xD0, 0xD8)
_NOTES = range(0xE0, 0xF0)


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
    colours = simplejpeg.decode_jpeg_header(data, strict=False)[2]
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
        for cleaned in _without_bytes_too_many(data, str(error)):
            with suppress(ValueError):
                image = simplejpeg.decode_jpeg(cleaned, colours)
                return image
        raise
    return image


def _without_bytes_too_many(data: bytes, complaint: str) -> Iterator[bytes]:
    """A JPEG without the bytes that belong to no part of it, wherever they may stand.

    Padding of one value may be long. Of other bytes few are let pass: many are what is left over where the
    picture was damaged before, and so are any before a restart. They are looked for in a few places alone:
    in one of many a damaged picture would pass by chance.
    """
    found = _BYTES_TOO_MANY.search(complaint)
    if found is None:
        return
    count, marker = int(found[1]), bytes((0xFF, int(found[2], 16)))
    if marker[1] in _RESTARTS:
        return
    behind = re.compile(re.escape(marker)).finditer(data, _own_parts_begin(data))
    for at in islice(behind, _MOST_PLACES):
        begin = at.start() - count
        if begin > _READ_AHEAD and (count <= _FEW_BYTES or len(set(data[begin : at.start()])) == 1):
            # The decoder may have read some more of them ahead, which it does not count.
            yield data[:begin] + data[at.start() :]
            yield data[: begin - _READ_AHEAD] + data[at.start() :]


def _own_parts_begin(data: bytes) -> int:
    """Where the parts of the picture itself begin, behind a thumbnail and what else programs note."""
    at = 2
    while data[at] == _MARK and data[at + 1] in _NOTES:
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return at


def _width_and_height(data: bytes, format_: Format) -> tuple[int, int]:
    if format_ is Format.JPEG:
        height_px, width_px = simplejpeg.decode_jpeg_header(data, strict=False)[:2]
        return width_px, height_px
    if format_ is Format.PNG:
        return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if int.from_bytes(data[14:18], "little") == 12:  # the header of OS/2 has 16-bit sides
        return int.from_bytes(data[18:20], "little"), int.from_bytes(data[20:22], "little")
    # A negative height means rows from the top.
    return int.from_bytes(data[18:22], "little"), abs(int.from_bytes(data[22:26], "little", signed=True))
