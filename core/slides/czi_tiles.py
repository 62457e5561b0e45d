"""What a CZI file, of Zeiss's programs, holds: its directory of tiles, and their pixels.

A file is a row of segments. The directory says of each tile where it lies in the file and in the picture, and
to which scene, depth and time it belongs. It is read here because the library of the maker ends the whole
program where a file is damaged.
"""

import os
import struct
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree import ElementTree

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from core.slides.field import Rectangle
from core.slides.formats import PIXEL_LIMIT, check_memory
from core.slides.pixels import Samples, bits_in_use

_SEGMENT = struct.Struct("<16sqq")  # its kind, the bytes set aside for it, the bytes in use
_FILE = struct.Struct("<52xqq")  # where the directory and the metadata begin
_DIRECTORY = struct.Struct("<i124x")
_ENTRY = struct.Struct("<2siqii6xi")  # mark, samples, place in the file, part, compression, dimensions
_DIMENSION = struct.Struct("<4siifi")  # letter, first, size, coordinate, size as stored
_TILE = struct.Struct("<iiq")  # bytes of its metadata, of what is attached, of its pixels
_METADATA = struct.Struct("<i")
_LETTERS = frozenset("XYZCTSRIHVBM")
_LEAST_TILE_HEAD = 256
_METADATA_HEAD = 256
_MOST_METADATA_BYTES = 256 << 20

_SAMPLES = {0: ("u1", 1), 1: ("<u2", 1), 3: ("u1", 3), 4: ("<u2", 3)}
_UNCOMPRESSED, _JPEG_XR, _ZSTANDARD, _ZSTANDARD_WITH_HEADER = 0, 4, 5, 6
_COMPRESSIONS = {1: "JPEG", 2: "LZW"}
_HALVES_APART = b"\x03\x01\x01"
"""How a tile begins of which the low bytes of all samples stand before the high ones."""
_MOST_TAGS = 64  # of a tile in JPEG XR; it has about 12
_TILES_SAMPLED = 8
_MOST_KEPT_BYTES = 96 << 20  # four tiles of a camera, as meet in a corner, or more small ones


class OtherKindError(ValueError):
    """Whole pixels of a kind that is not decoded here; the message says of what kind."""


@dataclass(frozen=True)
class CziTile:
    """A tile in full resolution.

    Attributes
    ----------
    offset
        Where its segment begins in the file.
    area
        Where it lies, in the coordinates of the file; where tiles overlap, later ones hide earlier ones.
    samples, compression
        As the file numbers their kinds.
    """

    offset: int
    area: Rectangle
    samples: int
    compression: int


@dataclass(frozen=True)
class CziPicture:
    """One picture: a scene at one time and depth of focus.

    Attributes
    ----------
    place
        Of what the file counts, its letter and number: ``("S", 0), ("T", 3)``; all but the depth.
    depth
        Number of its plane in depth.
    area
        Of all tiles of the place, whatever their depth, in the coordinates of the file.
    tiles
        In the order in which they are laid.
    """

    place: tuple[tuple[str, int], ...]
    depth: int
    area: Rectangle
    tiles: tuple[CziTile, ...]


@dataclass(frozen=True)
class _Entry:
    place: tuple[tuple[str, int], ...]
    depth: int
    order: int
    tile: CziTile


def czi_pictures(file: BinaryIO) -> list[CziPicture]:
    """Pictures in an open CZI file, by the numbers of their places and depths.

    Raises
    ------
    ValueError
        A damaged file, or one without a picture.
    """
    by_picture: dict[tuple[tuple[tuple[str, int], ...], int], list[_Entry]] = {}
    areas: dict[tuple[tuple[str, int], ...], Rectangle] = {}
    for entry in _entries(file):
        by_picture.setdefault((entry.place, entry.depth), []).append(entry)
        areas[entry.place] = _around(areas.get(entry.place, entry.tile.area), entry.tile.area)
    if not by_picture:
        raise ValueError("its directory lists no picture")
    return [
        CziPicture(
            place,
            depth,
            areas[place],
            tuple(entry.tile for entry in sorted(held, key=lambda entry: entry.order)),
        )
        for (place, depth), held in sorted(by_picture.items())
    ]


def um_per_pixel(file: BinaryIO) -> float | None:
    """Micrometres a pixel, as the metadata of an open CZI file state them; None where they do not."""
    at = _positions(file)[1]
    if at <= 0:
        return None
    size = _read(file, _METADATA, _segment(file, at, b"ZISRAWMETADATA"))[0]
    if not 0 <= size <= _MOST_METADATA_BYTES:
        raise ValueError(f"metadata of {size} bytes")
    file.seek(at + _SEGMENT.size + _METADATA_HEAD)
    try:
        metadata = ElementTree.fromstring(file.read(size))  # noqa: S314 - no entities are fetched
        stated = metadata.find(".//Scaling/Items/Distance[@Id='X']/Value")
        return None if stated is None or not stated.text else 1e6 * float(stated.text)
    except (ElementTree.ParseError, ValueError):
        return None  # the pictures do not depend on it


def read_area(
    path: Path, file: BinaryIO, tiles: Iterable[CziTile], area: Rectangle, bits: int | None
) -> Samples:
    """(H, W, samples) of an area, grey or RGB; where it has no tile, it is white.

    Parameters
    ----------
    tiles
        Those that touch the area at least, in the order in which they are laid.
    area
        In the coordinates of the file.
    bits
        Bits in use a sample, which say what white is; None where the area's brightest sample says it.

    Raises
    ------
    OtherKindError
        Samples or a compression that are not decoded here.
    ValueError
        Damaged pixels.
    """
    (laid,) = tiles_within(tuple(tiles), [area])
    kinds = {tile.samples for tile in laid}
    if len(kinds) != 1:
        raise ValueError(f"{len(kinds)} kinds of samples in {len(laid)} tiles of a picture")
    dtype, channels = _kind(kinds.pop())
    check_memory(path, area.width * area.height, channels * dtype.itemsize)
    pixels: Samples = np.zeros((area.height, area.width, channels), dtype)
    for tile in laid:
        pixels[_common(tile.area, area)] = _decoded(path, file, tile)[_common(area, tile.area)]
    in_use = bits or (8 if pixels.dtype == np.uint8 else bits_in_use(int(pixels.max(initial=0))))
    pixels[~where_tiles_lie(laid, area)] = 2**in_use - 1
    return pixels


def where_tiles_lie(tiles: Iterable[CziTile], area: Rectangle) -> NDArray[np.bool_]:
    """(H, W) whether a tile lies at each pixel of an area."""
    there = np.zeros((area.height, area.width), np.bool_)
    for tile in tiles:
        there[_common(tile.area, area)] = True
    return there


def sampled_bits(path: Path, file: BinaryIO, tiles: tuple[CziTile, ...]) -> int:
    """Bits in use a sample of a picture, by the brightest of a few tiles spread over it."""
    if _kind(tiles[0].samples)[0] == np.uint8:
        return 8
    chosen = {round(index) for index in np.linspace(0, len(tiles) - 1, min(len(tiles), _TILES_SAMPLED))}
    return bits_in_use(max(int(_decoded(path, file, tiles[index]).max()) for index in chosen))


def tiles_within(tiles: tuple[CziTile, ...], areas: list[Rectangle]) -> list[tuple[CziTile, ...]]:
    """Of each area the tiles that touch it, in their order."""
    sides = np.array([(tile.area.left, tile.area.top, tile.area.right, tile.area.bottom) for tile in tiles])
    left, top, right, bottom = sides.T
    return [
        tuple(
            tiles[index]
            for index in np.flatnonzero(
                (left < area.right) & (right > area.left) & (top < area.bottom) & (bottom > area.top)
            ).tolist()
        )
        for area in areas
    ]


def _entries(file: BinaryIO) -> list[_Entry]:
    at = _positions(file)[0]
    size = _segment(file, at, b"ZISRAWDIRECTORY")
    count = _read(file, _DIRECTORY, size)[0]
    if not 0 <= count * _ENTRY.size <= size:
        raise ValueError(f"a directory of {count} tiles in {size} bytes")
    held = file.read(size - _DIRECTORY.size)
    entries: list[_Entry] = []
    position = 0
    for _ in range(count):
        mark, samples, offset, part, compression, dimensions = _ENTRY.unpack_from(held, position)
        position += _ENTRY.size
        if mark != b"DV" or not 0 <= dimensions <= len(_LETTERS):
            raise ValueError(f"entry {len(entries) + 1} of its directory is none")
        stated: dict[str, tuple[int, int, int]] = {}
        for _ in range(dimensions):
            letter, first, extent, _, stored = _DIMENSION.unpack_from(held, position)
            position += _DIMENSION.size
            stated[letter.rstrip(b"\0").decode("latin-1")] = first, extent, stored
        if not {"X", "Y"} <= stated.keys() <= _LETTERS:
            raise ValueError(f"a tile with dimensions {sorted(stated)}")
        if part:
            raise OtherKindError("its pixels lie in several files")
        (left, width, stored_width), (top, height, stored_height) = stated["X"], stated["Y"]
        if (width, height) != (stored_width or width, stored_height or height):
            continue  # a reduced copy
        if min(width, height) < 1 or width * height > PIXEL_LIMIT:
            raise ValueError(f"a tile of {width} x {height} pixels")
        place = tuple((letter, stated[letter][0]) for letter in sorted(stated) if letter not in "XYZM")
        area = Rectangle(left, top, left + width, top + height)
        order = stated["M"][0] if "M" in stated else len(entries)
        depth = stated["Z"][0] if "Z" in stated else 0
        entries.append(_Entry(place, depth, order, CziTile(offset, area, samples, compression)))
    return entries


class _LastTiles(threading.local):
    """Tiles decoded last, of each thread its own: neighbouring regions touch the same ones."""

    def __init__(self) -> None:
        self.samples: OrderedDict[tuple[Path, int, CziTile], Samples] = OrderedDict()


_LAST_TILES = _LastTiles()


def _decoded(path: Path, file: BinaryIO, tile: CziTile) -> Samples:
    """(height, width, samples) of a tile, grey or RGB; not to be written to."""
    kept, key = _LAST_TILES.samples, (path, os.fstat(file.fileno()).st_mtime_ns, tile)
    samples = kept.pop(key, None)
    if samples is None:
        samples = _decode(path, file, tile)
    kept[key] = samples
    while sum(one.nbytes for one in kept.values()) > _MOST_KEPT_BYTES:
        kept.popitem(last=False)
    return samples


def _decode(path: Path, file: BinaryIO, tile: CziTile) -> Samples:
    dtype, channels = _kind(tile.samples)
    width, height = tile.area.width, tile.area.height
    count = width * height * channels
    size = count * dtype.itemsize
    check_memory(path, width * height, size // (width * height))
    data = _pixel_bytes(file, tile)
    if tile.compression == _JPEG_XR:
        _check_jpeg_xr(data)
        decoded = np.empty((height, width) if channels == 1 else (height, width, channels), dtype)
        imagecodecs.jpegxr_decode(data, out=decoded)
        return decoded.reshape(height, width, channels)
    unpack = _UNPACKED_BY.get(tile.compression)
    if unpack is None:
        name = _COMPRESSIONS.get(tile.compression, f"kind {tile.compression}")
        raise OtherKindError(f"compressed as {name}")
    pixels: Samples = np.frombuffer(unpack(data, size), dtype, count).reshape(height, width, channels)
    return pixels[..., ::-1]  # blue, green, red


def _pixel_bytes(file: BinaryIO, tile: CziTile) -> bytes:
    _segment(file, tile.offset, b"ZISRAWSUBBLOCK")
    head = file.read(_TILE.size + _ENTRY.size)
    about, _, size = _TILE.unpack_from(head)
    dimensions = _ENTRY.unpack_from(head, _TILE.size)[-1]
    head_size = max(_LEAST_TILE_HEAD, _TILE.size + _ENTRY.size + dimensions * _DIMENSION.size)
    begin = tile.offset + _SEGMENT.size + head_size + about
    if about < 0 or size < 0 or begin + size > file.seek(0, 2):
        raise ValueError(f"a tile of {size} bytes at {begin}")
    file.seek(begin)
    return file.read(size)


def _check_jpeg_xr(data: bytes) -> None:
    """Refuse a damaged list of tags: the decoder would write a line for each that it does not know."""
    begin = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[begin : begin + 2], "little")
    if not 0 < count <= _MOST_TAGS:
        raise ValueError(f"JPEG XR with {count} tags")


def _zstandard_with_header(data: bytes, size: int) -> bytes:
    head = data[: data[0]]
    unpacked = imagecodecs.zstd_decode(data[len(head) :], out=size)
    if head[: len(_HALVES_APART)] != _HALVES_APART:
        return bytes(unpacked)
    halves = np.frombuffer(unpacked, np.uint8, size).reshape(2, -1)
    return np.ascontiguousarray(halves.T).tobytes()


_UNPACKED_BY: dict[int, Callable[[bytes, int], bytes]] = {
    _UNCOMPRESSED: lambda data, size: data,
    _ZSTANDARD: lambda data, size: bytes(imagecodecs.zstd_decode(data, out=size)),
    _ZSTANDARD_WITH_HEADER: _zstandard_with_header,
}


def _kind(samples: int) -> tuple[np.dtype[Any], int]:
    if samples not in _SAMPLES:
        raise OtherKindError(f"samples of kind {samples}")
    dtype, channels = _SAMPLES[samples]
    return np.dtype(dtype), channels


def _positions(file: BinaryIO) -> tuple[int, int]:
    """Where the directory and the metadata begin."""
    directory, metadata = _read(file, _FILE, _segment(file, 0, b"ZISRAWFILE"))
    return directory, metadata


def _segment(file: BinaryIO, at: int, kind: bytes) -> int:
    """Bytes in use of the segment at a place, behind whose head the file then stands."""
    size = file.seek(0, 2)
    if not 0 <= at <= size - _SEGMENT.size:
        raise ValueError(f"a part at {at}, of {size} bytes")
    file.seek(at)
    found, _, used = _SEGMENT.unpack(file.read(_SEGMENT.size))
    if found.rstrip(b"\0") != kind:
        raise ValueError(f"no {kind.decode('ascii')} at {at}")
    return min(int(used) or size, size - at - _SEGMENT.size)


def _read(file: BinaryIO, form: struct.Struct, size: int) -> tuple[int, ...]:
    if size < form.size:
        raise ValueError(f"a part of {size} bytes")
    return form.unpack(file.read(form.size))


def _common(one: Rectangle, other: Rectangle) -> tuple[slice, slice]:
    """Rows and columns of the second that the first covers."""
    return (
        slice(max(0, one.top - other.top), max(0, one.bottom - other.top)),
        slice(max(0, one.left - other.left), max(0, one.right - other.left)),
    )


def _around(one: Rectangle, other: Rectangle) -> Rectangle:
    return Rectangle(
        min(one.left, other.left),
        min(one.top, other.top),
        max(one.right, other.right),
        max(one.bottom, other.bottom),
    )
