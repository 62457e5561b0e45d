"""A whole slide for the screen: its layout, its cells in small, tiles from fields or a scan's own copies."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tifffile import TiffWriter

from app.pictures.pyramid import cell_boxes, layout_document
from app.pictures.tiles import NoTileError
from app.workplace import Workplace
from core.slides import open_overview, open_slide
from core.store import SlideRecord
from tests.scored_slides import box_of


def tile(workplace: Workplace, record: SlideRecord, level: int, column: int, row: int) -> NDArray[np.uint8]:
    assert record.taken_in is not None
    content = workplace.pyramid.tile(record.slide, record.taken_in, level, column, row).content
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)


def test_the_layout_names_each_readable_field_with_its_place(record: SlideRecord) -> None:
    assert record.taken_in is not None
    layout = layout_document(record.taken_in)
    assert (layout["width"], layout["height"], layout["levels"]) == (410, 60 + 12 + 60, 0)
    assert layout["fields"] == [
        [0, "field1.png", 0, 0, 410, 60, 10, ""],
        [1, "field2.png", 0, 72, 410, 60, 10, ""],
    ]


def test_all_located_cells_come_in_small_where_they_lie_in_the_view(record: SlideRecord) -> None:
    assert record.taken_in is not None
    content = cell_boxes(record.taken_in.folder, record.taken_in.sha256)
    count = int.from_bytes(content[:4], "little")
    assert (count, len(content)) == (21, 4 + 21 * 21)  # four sides, a field and a kind: 21 bytes a cell
    boxes = np.frombuffer(content, "<f4", 4 * count, 4).reshape(-1, 4)
    fields = np.frombuffer(content, "<u4", count, 4 + 16 * count)
    counts = np.frombuffer(content, np.uint8, count, 4 + 20 * count)
    x, y, width, height = box_of(3)
    assert boxes[13] == pytest.approx((x, y + 72, width, height))
    assert fields.tolist() == [*[0] * 10, *[1] * 10, 0]
    assert counts.tolist() == [*[1] * 20, 0]


def test_photographs_are_shown_beside_each_other_from_copies_that_are_kept(
    workplace: Workplace, record: SlideRecord, tmp_path: Path
) -> None:
    assert record.taken_in is not None
    image = tile(workplace, record, 0, 0, 0)
    assert image.shape == (132, 410, 3)
    assert image[72 + 20, 5 + 40 + 15].astype(int) == pytest.approx((10, 60, 120), abs=8)
    with pytest.raises(NoTileError):
        tile(workplace, record, 0, 1, 0)
    with pytest.raises(NoTileError):
        tile(workplace, record, 1, 0, 0)
    with pytest.raises(NoTileError):
        tile(workplace, record, 10**12, 0, 0)  # two to it would fill all memory


def test_a_scan_with_reduced_copies_is_read_from_them(tmp_path: Path) -> None:
    path = tmp_path / "scan.tiff"
    image = np.full((3000, 4000, 3), 240, np.uint8)
    image[1000:1400, 2000:2600] = (200, 40, 60)
    with TiffWriter(path) as tiff:
        for level in range(3):
            reduced = image[:: 2**level, :: 2**level]
            tiff.write(
                reduced, tile=(256, 256), photometric="rgb", compression="zlib", subfiletype=int(level > 0)
            )
    overview = open_overview(path)
    assert overview is not None
    assert (overview.width_px, overview.height_px) == (4000, 3000)
    part = overview.read(1600, 800, 300, 200, 4)
    assert part.shape == (200, 300, 3)
    assert part[100, 150].tolist() == [200, 40, 60]
    assert part[20, 20].tolist() == [240, 240, 240]
    region = open_slide(path).read_field("scan.tiff#x=906,y=860")
    assert np.array_equal(overview.read(906, 860, 1280, 1280, 1), region.image)


def test_other_slides_have_no_copies_of_their_own(record: SlideRecord) -> None:
    assert open_overview(record.slide.folder / "field1.png") is None
