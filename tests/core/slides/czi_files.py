"""CZI files that the tests write, most of them with the library of the format's maker."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray

maker = pytest.importorskip("pylibCZIrw.czi", reason="pylibCZIrw is not installed: '.[dev]'")

Pixels = NDArray[np.generic]
ENTRIES_BEGIN = 32 + 128
ENTRY, DIMENSION = 32, 20


@dataclass(frozen=True)
class Laid:
    """A picture or a tile of one, and where the microscope took it."""

    pixels: Pixels
    scene: int = 0
    plane: dict[str, int] = field(default_factory=dict)
    left: int = 0
    top: int = 0


def write_czi(
    path: Path, laid: Sequence[Laid], *, um_per_pixel: float = 0.1, compression: str | None = None
) -> Path:
    with maker.create_czi(str(path), exist_ok=True, compression_options=compression) as writer:
        for one in laid:
            pixels = one.pixels[..., ::-1] if one.pixels.ndim == 3 else one.pixels[..., np.newaxis]
            location = (one.left, one.top)
            writer.write(np.ascontiguousarray(pixels), location, plane=one.plane, scene=one.scene)
        writer.write_metadata(scale_x=um_per_pixel * 1e-6, scale_y=um_per_pixel * 1e-6)
    return path


def read_by_maker(path: Path, scene: int = 0, plane: dict[str, int] | None = None) -> NDArray[np.generic]:
    """RGB or grey (H, W, samples) of a scene at one time and depth, white where it has no tile."""
    with maker.open_czi(str(path)) as opened:
        # What it gives lies in memory of its own, which ends before the array does.
        return np.array(opened.read(scene=scene, plane=plane or {}, background_pixel=(1, 1, 1))[..., ::-1])


def write_jpeg_xr(path: Path, image: Pixels) -> Path:
    """A CZI of one tile in JPEG XR, which the library of its maker reads and does not write."""
    data = bytearray(write_czi(path, [Laid(image)]).read_bytes())
    # In 8 bits the microscope's program says blue, green, red; the code is the last byte of the pixels' kind.
    encoded = imagecodecs.jpegxr_encode(image).replace(
        bytes.fromhex("24c3dd6f034efe4bb1853d77768dc90d"), bytes.fromhex("24c3dd6f034efe4bb1853d77768dc90c")
    )
    tile = data.find(b"ZISRAWSUBBLOCK")
    (about,) = struct.unpack_from("<i", data, tile + 32)
    pixels = tile + 32 + 256 + about
    data[pixels : pixels + len(encoded)] = encoded
    struct.pack_into("<q", data, tile + 40, len(encoded))
    for entry in (tile + 48, data.find(b"ZISRAWDIRECTORY") + ENTRIES_BEGIN):
        struct.pack_into("<i", data, entry + 18, 4)
    path.write_bytes(data)
    return path


def state_reduced(path: Path, number: int, times: int) -> None:
    """Make a tile of a file a reduced copy: it says that it covers `times` as many pixels as it holds."""
    data = bytearray(path.read_bytes())
    for at in _dimensions_at(data, number):
        if data[at] in b"XY":
            (stored,) = struct.unpack_from("<i", data, at + 8)
            struct.pack_into("<i", data, at + 8, stored * times)
            struct.pack_into("<i", data, at + 16, stored)
    path.write_bytes(data)


def state_no_channel(path: Path, number: int) -> None:
    """Let a tile of a file not say of what channel it is, but twice that it is the first tile."""
    data = bytearray(path.read_bytes())
    for at in _dimensions_at(data, number):
        if data[at] in b"C":
            data[at] = ord("M")
    path.write_bytes(data)


def _dimensions_at(data: bytearray, number: int) -> list[int]:
    """Where the dimensions of a tile begin in the directory."""
    entry = data.find(b"ZISRAWDIRECTORY") + ENTRIES_BEGIN
    for _ in range(number):
        entry += ENTRY + DIMENSION * struct.unpack_from("<i", data, entry + 28)[0]
    count = struct.unpack_from("<i", data, entry + 28)[0]
    return [entry + ENTRY + DIMENSION * dimension for dimension in range(count)]
