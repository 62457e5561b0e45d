"""Small MIRAX scans of a given picture, as 3DHISTECH's scanners write them into a folder."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.core.slides.images import Image, jpeg, picture
from tests.core.slides.scanner_files import UM_PER_PIXEL, reduced


@dataclass(frozen=True)
class MiraxLayout:
    """How `write_mrxs` cuts a picture: photographs of `divisions` images either way, that overlap.

    Attributes
    ----------
    positions
        Left and top of each photograph in the picture, by row and column.
    """

    image_px: int
    divisions: int
    overlap_px: int
    positions: dict[tuple[int, int], tuple[int, int]]

    @property
    def photograph_px(self) -> int:
        return self.image_px * self.divisions


def mirax_layout(rows: int, columns: int, shifts: dict[tuple[int, int], tuple[int, int]]) -> MiraxLayout:
    """Photographs of 128 px that overlap by 24, each shifted a little, as the stage came to stand."""
    image_px, divisions, overlap_px = 64, 2, 24
    step = image_px * divisions - overlap_px
    positions = {}
    for row in range(rows):
        for column in range(columns):
            across, down = shifts.get((row, column), (0, 0))
            positions[row, column] = column * step + across, row * step + down
    return MiraxLayout(image_px, divisions, overlap_px, positions)


def write_mrxs(path: Path, image: Image, layout: MiraxLayout) -> Path:
    """3DHISTECH MIRAX: an index, data files and a description in a folder beside a small file."""
    folder = path.with_suffix("")
    folder.mkdir()
    slide = "0123456789ABCDEF0123456789ABCDEF"
    rows = 1 + max(row for row, _ in layout.positions)
    columns = 1 + max(column for _, column in layout.positions)
    across = columns * layout.divisions
    side, data = layout.photograph_px, bytearray(b"01.02" + slide.encode() + bytes(256))
    first: list[tuple[int, int, int]] = []
    second: list[tuple[int, int, int]] = []
    for (row, column), (left, top) in sorted(layout.positions.items()):
        photograph = np.full((side, side, 3), 255, np.uint8)
        shown = image[max(0, top) : top + side, max(0, left) : left + side]
        photograph[: shown.shape[0], : shown.shape[1]] = shown
        for down in range(layout.divisions):
            for right in range(layout.divisions):
                part = photograph[down * layout.image_px :, right * layout.image_px :]
                index = (row * layout.divisions + down) * across + column * layout.divisions + right
                first.append((index, *_appended(data, jpeg(part[: layout.image_px, : layout.image_px]))))
        index = row * layout.divisions * across + column * layout.divisions
        second.append((index, *_appended(data, jpeg(reduced(photograph, 2)))))
    macro = _appended(data, jpeg(picture(96, 64, seed=7)))
    label = _appended(data, jpeg(picture(40, 40, seed=8)))
    places = [layout.positions[row, column] for row in range(rows) for column in range(columns)]
    positions = _appended(data, b"".join(struct.pack("<Bii", 1, left, top) for left, top in places))
    (folder / "Data0000.dat").write_bytes(data)
    (folder / "Index.dat").write_bytes(_mirax_index(slide, [first, second], [macro, label, positions]))
    (folder / "Slidedat.ini").write_text(
        _slidedat(slide, across, rows * layout.divisions, layout), encoding="utf-8"
    )
    path.write_bytes(jpeg(picture(64, 64, seed=9)))
    return path


def _appended(data: bytearray, part: bytes) -> tuple[int, int]:
    begin = len(data)
    data += part
    return begin, len(part)


def _mirax_index(
    slide: str, levels: Sequence[Sequence[tuple[int, int, int]]], records: Sequence[tuple[int, int]]
) -> bytes:
    """Pages of (number, offset, length, file) for each level, and one for each thing beside the levels."""
    index = bytearray(b"01.02" + slide.encode() + bytes(8))
    roots = len(index) - 8
    pages = []
    for level in levels:
        entries = b"".join(struct.pack("<4i", *entry, 0) for entry in level)
        pages.append(_appended(index, struct.pack("<2i", len(level), 0) + entries)[0])
    heads = [_appended(index, struct.pack("<2i", 0, page))[0] for page in pages]
    table = _appended(index, struct.pack(f"<{len(heads)}i", *heads))[0]
    pages = [_appended(index, struct.pack("<7i", 1, 0, 0, 0, begin, size, 0))[0] for begin, size in records]
    heads = [_appended(index, struct.pack("<2i", 0, page))[0] for page in pages]
    beside = _appended(index, struct.pack(f"<{len(heads)}i", *heads))[0]
    index[roots : roots + 8] = struct.pack("<2i", table, beside)
    return bytes(index)


def _slidedat(slide: str, across: int, down: int, layout: MiraxLayout) -> str:
    sections: dict[str, dict[str, Any]] = {
        "GENERAL": {
            "SLIDE_VERSION": "01.02", "SLIDE_ID": slide, "IMAGENUMBER_X": across, "IMAGENUMBER_Y": down,
            "OBJECTIVE_MAGNIFICATION": 20, "CameraImageDivisionsPerSide": layout.divisions,
        },
        "HIERARCHICAL": {
            "HIER_COUNT": 1, "NONHIER_COUNT": 2, "INDEXFILE": "Index.dat",
            "HIER_0_NAME": "Slide zoom level", "HIER_0_COUNT": 2, "HIER_0_VAL_0": "ZoomLevel_0",
            "HIER_0_VAL_0_SECTION": "LAYER_0_LEVEL_0_SECTION", "HIER_0_VAL_1": "ZoomLevel_1",
            "HIER_0_VAL_1_SECTION": "LAYER_0_LEVEL_1_SECTION",
            "NONHIER_0_NAME": "Scan data layer", "NONHIER_0_COUNT": 2,
            "NONHIER_0_VAL_0": "ScanDataLayer_SlideThumbnail",
            "NONHIER_0_VAL_0_SECTION": "NONHIERLAYER_0_LEVEL_0_SECTION",
            "NONHIER_0_VAL_1": "ScanDataLayer_SlideBarcode",
            "NONHIER_0_VAL_1_SECTION": "NONHIERLAYER_0_LEVEL_1_SECTION",
            "NONHIER_1_NAME": "VIMSLIDE_POSITION_BUFFER", "NONHIER_1_COUNT": 1,
            "NONHIER_1_VAL_0": "default", "NONHIER_1_VAL_0_SECTION": "NONHIERLAYER_1_SECTION",
        },
        "DATAFILE": {"FILE_COUNT": 1, "FILE_0": "Data0000.dat"},
        "NONHIERLAYER_0_LEVEL_0_SECTION": {"THUMBNAIL_IMAGE_TYPE": "JPEG"},
        "NONHIERLAYER_0_LEVEL_1_SECTION": {"BARCODE_IMAGE_TYPE": "JPEG"},
        "NONHIERLAYER_1_SECTION": {"VIMSLIDE_POSITION_DATA_FORMAT_VERSION": 257},
    }  # fmt: skip
    for level in range(2):
        sections[f"LAYER_0_LEVEL_{level}_SECTION"] = {
            "OVERLAP_X": layout.overlap_px / 2**level, "OVERLAP_Y": layout.overlap_px / 2**level,
            "MICROMETER_PER_PIXEL_X": UM_PER_PIXEL * 2**level,
            "MICROMETER_PER_PIXEL_Y": UM_PER_PIXEL * 2**level,
            "IMAGE_FORMAT": "JPEG", "IMAGE_FILL_COLOR_BGR": 16777215, "IMAGE_CONCAT_FACTOR": level,
            "DIGITIZER_WIDTH": layout.image_px, "DIGITIZER_HEIGHT": layout.image_px,
        }  # fmt: skip
    return "".join(
        f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
        for section, values in sections.items()
    )
