"""One frame of a DICOM file decoded to RGB, in any of the encodings that microscopes write."""

import math
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import imagecodecs
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.encaps import get_frame, parse_basic_offsets, parse_fragments
from pydicom.filereader import read_file_meta_info, read_partial
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut, convert_color_space
from pydicom.pixels.utils import pixel_array
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
)

from core.errors import UnreadableImageError
from core.files import shown_path
from core.slides.formats import check_size, decoding, not_decoded
from core.slides.photograph import decode_jpeg
from core.slides.pixels import to_rgb

_PIXEL_DATA_HEADER_BYTES = 12  # tag, value representation, two reserved bytes, length
_FILES_KEPT = 32  # a file each of more focal planes than scanners take
_ITEM = 0xE000FFFE  # FFFE,E000 read as one number
_OF_EACH_FRAME = 0x52009230
_FRAME_BYTES = 8  # the least a frame takes: the header of its item
_MOST_DEFLATED = 1032  # times smaller, by the format
_MOST_INFLATED_BYTES = 2 << 30
_PIECE_BYTES = 1 << 20
_META_BEGINS = 132 + 12  # preamble and mark; then the element that holds the length of the rest
_JPEG_LS = (JPEGLSLossless, JPEGLSNearLossless)
_CODECS: dict[UID, Callable[[bytes], NDArray[np.generic]]] = {
    **dict.fromkeys(_JPEG_LS, imagecodecs.jpegls_decode),
    **dict.fromkeys(
        (JPEG2000Lossless, JPEG2000, HTJ2KLossless, HTJ2KLosslessRPCL, HTJ2K), imagecodecs.jpeg2k_decode
    ),
    **dict.fromkeys((JPEGLossless, JPEGLosslessSV1), imagecodecs.ljpeg_decode),
}
"""Decoders for what pydicom has none for on its own, or none for all depths."""
_JPEG_2000 = b"\xff\x4f\xff\x51"
_FRAME_HEADERS = (0xC3, 0xF7)  # of lossless JPEG and JPEG-LS
_END = b"\xff\xd9"
_PADDING_BYTES = 16
_CONVERTED_BY_CODEC = ("RGB", "YBR_ICT", "YBR_RCT")


def header_of(path: Path) -> Dataset:
    """The elements before the pixels; raises `UnreadableImageError`."""
    with decoding(path):
        _check_inflated_size(path)
        return dcmread(path, stop_before_pixels=True)


def shared_header_of(path: Path) -> Dataset:
    """The elements that hold for all frames: what is said of each may be as long as their pixels.

    Raises
    ------
    UnreadableImageError
        No DICOM, or damaged.
    """
    with decoding(path), path.open("rb") as file:
        _check_inflated_size(path)
        return read_partial(file, stop_when=lambda tag, _, __: tag >= _OF_EACH_FRAME)


def frame_count(path: Path, header: Dataset) -> int:
    """How many frames a header states; raises `ValueError` where the file cannot hold so many."""
    frames, size = int(header.get("NumberOfFrames") or 1), path.stat().st_size
    deflated = header.file_meta.TransferSyntaxUID == DeflatedExplicitVRLittleEndian
    if frames < 1 or frames * _FRAME_BYTES > size * (_MOST_DEFLATED if deflated else 1):
        raise ValueError(f"{frames} frames in {size} bytes")
    return frames


def frame_image(path: Path, index: int) -> NDArray[np.uint8]:
    """(H, W, 3) RGB of a frame, counted from 0.

    Grey values are scaled by the stored bits (16 stored bits: see `core.slides.pixels.to_rgb`);
    window and rescale values, meant for screens, are not applied.

    Raises
    ------
    UnreadableImageError
        Damaged, cut short, too large or too small, or in an encoding that is not decoded here.
    """
    with decoding(path), path.open("rb") as file:
        state = path.stat()
        head = _head(path, state.st_mtime_ns, state.st_size)
        header = head.header
        bytes_per_pixel = int(header.SamplesPerPixel) * -(-int(header.BitsAllocated) // 8)
        check_size(path, int(header.Columns), int(header.Rows), bytes_per_pixel)
        pixels, colours = _decoded(path, file, head, index)
        bits = 8 * pixels.dtype.itemsize if colours == "PALETTE COLOR" else int(header.BitsStored)
        image = to_rgb(pixels, bits=None if bits == 16 else bits)
        return 255 - image if colours == "MONOCHROME1" else image


@dataclass(frozen=True, eq=False)
class _Head:
    """What is kept of a file, so that not each of its frames takes reading all that lies before them.

    Attributes
    ----------
    header
        The elements before the pixels that hold for all frames.
    pixels_at
        Where the element of the pixels begins.
    frames_at
        Where each frame's first item begins; empty where frames may be of several items and no table says
        so, or are not in items.
    """

    header: Dataset
    pixels_at: int
    frames_at: NDArray[np.int64]


@lru_cache(_FILES_KEPT)
def _head(path: Path, modified_ns: int, size: int) -> _Head:
    _check_inflated_size(path)
    with path.open("rb") as file:
        header = dcmread(file, stop_before_pixels=True)
        pixels_at = file.tell()
        header.pop(_OF_EACH_FRAME, None)
        is_in_items = header.file_meta.TransferSyntaxUID.is_encapsulated
        frames_at = _frames_at(file, header) if is_in_items else np.empty(0, np.int64)
    return _Head(header, pixels_at, frames_at)


def _frames_at(file: BinaryIO, header: Dataset) -> NDArray[np.int64]:
    file.seek(_PIXEL_DATA_HEADER_BYTES, 1)
    try:
        offsets = np.array(parse_basic_offsets(file), np.int64)
        begin = file.tell()
        if "ExtendedOffsetTable" in header:
            offsets = np.frombuffer(header.ExtendedOffsetTable, "<i8")
        elif not len(offsets):
            offsets = np.array(parse_fragments(file)[1], np.int64) - begin
    except (ValueError, struct.error):  # raised again where a frame is asked for
        return np.empty(0, np.int64)
    return begin + offsets if len(offsets) == int(header.get("NumberOfFrames") or 1) else offsets[:0]


def _decoded(path: Path, file: BinaryIO, head: _Head, index: int) -> tuple[NDArray[np.uint8], str]:
    """Samples of a frame, (H, W) or (H, W, 3), and how they are to be understood."""
    header = head.header
    encoding, colours = header.file_meta.TransferSyntaxUID, str(header.PhotometricInterpretation)
    if encoding == JPEGBaseline8Bit and colours.startswith("YBR"):
        # Thirty times faster than pydicom's own way, which converts the colours in NumPy.
        encoded = _encoded(file, head, index)
        _check_sides(header, simplejpeg.decode_jpeg_header(encoded, strict=False)[:2])
        return decode_jpeg(encoded), "RGB"
    if encoding in _CODECS:
        encoded = _encoded(file, head, index)
        _check_sides(header, _stated_sides(encoded))  # before memory is taken for them
        if encoding in _JPEG_LS and _END not in encoded[-_PADDING_BYTES:]:
            # The decoder takes seconds to find out, of the smallest picture too.
            raise ValueError("a frame without its end")
        pixels = np.asarray(_CODECS[encoding](encoded))
        if colours.startswith("YBR") and colours not in _CONVERTED_BY_CODEC:
            pixels = convert_color_space(pixels, colours, "RGB")
    elif encoding == ExplicitVRLittleEndian and colours == "RGB" and header.BitsAllocated == 8:
        pixels = _plain(file, head, index)
    elif encoding == DeflatedExplicitVRLittleEndian:
        pixels = pixel_array(dcmread(path), index=index)
    elif encoding.is_encapsulated and not _pydicom_decodes(encoding):
        raise not_decoded(
            path, f"its frames are encoded as {encoding.name}", "save it uncompressed or with JPEG frames"
        )
    else:
        pixels = pixel_array(file, index=index)
    return apply_color_lut(pixels, header) if colours == "PALETTE COLOR" else pixels, colours


def _plain(file: BinaryIO, head: _Head, index: int) -> NDArray[np.uint8]:
    sides = int(head.header.Rows), int(head.header.Columns)
    size = math.prod(sides) * 3
    file.seek(head.pixels_at + _PIXEL_DATA_HEADER_BYTES + index * size)
    samples = np.frombuffer(_read_all(file, size), np.uint8)
    if head.header.get("PlanarConfiguration") == 1:
        return np.moveaxis(samples.reshape(3, *sides), 0, -1)
    return samples.reshape(*sides, 3)


def _encoded(file: BinaryIO, head: _Head, index: int) -> bytes:
    if not len(head.frames_at):
        file.seek(head.pixels_at + _PIXEL_DATA_HEADER_BYTES)
        return get_frame(file, index, number_of_frames=int(head.header.get("NumberOfFrames") or 1))
    ends = [*head.frames_at[index + 1 : index + 2].tolist(), math.inf]
    file.seek(int(head.frames_at[index]))
    parts = []
    while file.tell() < ends[0]:
        tag, length = struct.unpack("<II", _read_all(file, 8))
        if tag != _ITEM:
            break
        parts.append(_read_all(file, length))
    return b"".join(parts)


def _read_all(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise ValueError(f"{len(data)} of {size} bytes of a frame")
    return data


def _stated_sides(encoded: bytes) -> tuple[int, int]:
    """Height and width that a frame of JPEG 2000, JPEG-LS or lossless JPEG states of itself; 0, 0 if none."""
    begin = encoded.find(_JPEG_2000)
    if begin >= 0:
        width, height, left, top = struct.unpack_from(">4I", encoded, begin + 8)
        return height - top, width - left
    at = 2
    while at + 9 <= len(encoded) and encoded[at] == 0xFF:
        if encoded[at + 1] in _FRAME_HEADERS:
            height, width = struct.unpack_from(">2H", encoded, at + 5)
            return height, width
        at += 2 + int.from_bytes(encoded[at + 2 : at + 4], "big")
    return 0, 0


def _check_sides(header: Dataset, sides_px: tuple[int, ...]) -> None:
    if tuple(sides_px) != (header.Rows, header.Columns):
        raise ValueError(f"a frame of {sides_px[1]} x {sides_px[0]} pixels")


def _pydicom_decodes(encoding: UID) -> bool:
    try:
        return bool(get_decoder(encoding).is_available)
    except NotImplementedError:
        return False


def _check_inflated_size(path: Path) -> None:
    """Refuse a deflated file that would grow beyond all memory: pydicom inflates it at once."""
    meta = read_file_meta_info(path)
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return
    inflater, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    with path.open("rb") as file:
        file.seek(_META_BEGINS + int(meta.FileMetaInformationGroupLength))
        while piece := file.read(_PIECE_BYTES):
            while piece:
                size += len(inflater.decompress(piece, _PIECE_BYTES))
                piece = inflater.unconsumed_tail
                if size > _MOST_INFLATED_BYTES:
                    raise UnreadableImageError(
                        f"{shown_path(path)} inflates to more than {_MOST_INFLATED_BYTES >> 20} MiB: save it "
                        "without deflation"
                    )
