"""A whole slide for the screen, at every scale: how its fields lie, its tiles, the boxes of its cells."""

import struct
import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.pictures.tiles import JPEG, NoTileError, Picture, decoded_field
from core.files import write_bytes
from core.reports.review_tiles import jpeg
from core.reports.slide_tiles import (
    TILE_PX,
    composed,
    highest_level,
    reduced_copies,
    tile_size,
)
from core.results.fields import FieldRow
from core.results.folder import fields_of, tables_of
from core.slides import (
    PlacedField,
    ScanOverview,
    is_region,
    open_overview,
    place_fields,
)
from core.store import StoredSlide, TakenIn


@dataclass(frozen=True)
class Layout:
    """Where the fields of a result lie beside each other.

    Attributes
    ----------
    width, height
        Of the whole view, in pixels of the fields.
    numbers, rows, placed
        The fields that could be read: their positions in the result, what is known of them, and their
        places, in the same order.
    """

    width: int
    height: int
    numbers: tuple[int, ...]
    rows: tuple[FieldRow, ...]
    placed: tuple[PlacedField, ...]


@lru_cache(maxsize=16)
def layout_of(folder: Path, sha256: str) -> Layout:
    """The layout of a result; `sha256` tells one result in the folder from the next."""
    fields = fields_of(folder, sha256)
    numbers = tuple(number for number, row in enumerate(fields) if row.was_read)
    rows = tuple(fields[number] for number in numbers)
    placed = place_fields([(row.name, row.width, row.height) for row in rows])
    width = max((one.left + one.width for one in placed), default=1)
    height = max((one.top + one.height for one in placed), default=1)
    return Layout(width, height, numbers, rows, placed)


def layout_document(taken_in: TakenIn) -> dict[str, Any]:
    """The layout as the page needs it: size, tiles, each field's number, name, place and count of cells."""
    layout = layout_of(taken_in.folder, taken_in.sha256)
    return {
        "width": layout.width,
        "height": layout.height,
        "tile": TILE_PX,
        "levels": highest_level(layout.width, layout.height),
        "fields": [
            [number, row.name, *_place(one), row.evaluable_cells, row.why_excluded]
            for number, row, one in zip(layout.numbers, layout.rows, layout.placed, strict=True)
        ],
    }


@lru_cache(maxsize=2)
def cell_boxes(folder: Path, sha256: str) -> bytes:
    """All located cells of a result: their number N as uint32, N boxes, N fields, N kinds; little-endian.

    A box is x, y, width, height as float32 in pixels of the whole view; a field is its position in the layout
    as uint32; a kind is a uint8, 1 where the cell counts.
    """
    layout, cells = layout_of(folder, sha256), tables_of(folder, sha256).cells
    # Positions in the layout, and corners of its fields, by position in the result.
    positions = np.zeros(len(fields_of(folder, sha256)), np.uint32)
    positions[list(layout.numbers)] = np.arange(len(layout.numbers), dtype=np.uint32)
    fields = positions[cells.field]
    corners = np.array([(one.left, one.top) for one in layout.placed], np.float32).reshape(-1, 2)
    boxes = cells.boxes.astype("<f4")
    boxes[:, :2] += corners[fields]
    counts = cells.evaluable.astype(np.uint8)
    return b"".join(
        [struct.pack("<I", len(cells)), boxes.tobytes(), fields.astype("<u4").tobytes(), counts.tobytes()]
    )


def _place(field: PlacedField) -> tuple[int, int, int, int]:
    return field.left, field.top, field.width, field.height


class Pyramid:
    """The tiles of whole slides; what they are put together from is kept in `folder`.

    Of a scan that holds reduced copies tiles are read from its file. For every other slide each field is
    decoded once, and reduced copies of it are kept.

    Parameters
    ----------
    folder
        Made where there is none. All that is in it can be thrown away at any time.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._one_at_a_time = threading.Lock()

    def tile(self, slide: StoredSlide, taken_in: TakenIn, level: int, column: int, row: int) -> Picture:
        """One tile.

        Raises
        ------
        NoTileError
            Where there is none.
        core.errors.UnreadableImageError
            Where the slide cannot be read any more.
        """
        layout = layout_of(taken_in.folder, taken_in.sha256)
        # The level first: whoever asks for an enormous one must not have two raised to it.
        exists = level <= highest_level(layout.width, layout.height)
        size = tile_size(layout.width, layout.height, level, column, row) if exists else (0, 0)
        if min(size) < 1:
            raise NoTileError(f"slide {slide.id} has no tile {column}, {row} at level {level}")
        scan = _scan(slide.folder, taken_in.folder, taken_in.sha256)
        if scan is not None:
            side = TILE_PX * 2**level
            return Picture(jpeg(scan.read(column * side, row * side, *size, 2**level)), JPEG)

        rows = {row.name: row for row in layout.rows}

        def image_of(field: PlacedField, reduction: int) -> NDArray[np.uint8]:
            return self._copy(slide, taken_in, rows[field.name], reduction)

        return Picture(jpeg(composed(size, level, column, row, layout.placed, image_of)), JPEG)

    def keep_copies(self, slide_id: int, image: NDArray[np.uint8], content_hash: str) -> None:
        """Keep reduced copies of an (H, W, 3) field, so that nobody waits for the first view of a slide."""
        for reduction, copy in reduced_copies(image).items():
            path = self._path(slide_id, content_hash, reduction)
            if not path.exists():
                write_bytes(path, jpeg(copy))

    def _copy(
        self, slide: StoredSlide, taken_in: TakenIn, row: FieldRow, reduction: int
    ) -> NDArray[np.uint8]:
        if reduction == 1:
            with self._one_at_a_time:
                return decoded_field(slide.folder, taken_in.id, row.name, row.content_hash)
        path = self._path(slide.id, row.content_hash, reduction)
        if not path.exists():
            with self._one_at_a_time:
                image = decoded_field(slide.folder, taken_in.id, row.name, row.content_hash)
                self.keep_copies(slide.id, image, row.content_hash)
        picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR_RGB)
        return np.asarray(picture, np.uint8)

    def _path(self, slide_id: int, content_hash: str, reduction: int) -> Path:
        return self._folder / str(slide_id) / "whole" / f"{content_hash}-{reduction}.jpg"


@lru_cache(maxsize=16)
def _scan(folder: Path, results: Path, sha256: str) -> ScanOverview | None:
    """The scan that a slide is, where that can be shown whole from its file."""
    layout = layout_of(results, sha256)
    if not all(is_region(row.name) for row in layout.rows):
        return None
    scan = open_overview(folder)
    # Its regions may end before it does: not all of the glass was scanned.
    if scan is None or scan.width_px < layout.width or scan.height_px < layout.height:
        return None
    return scan
