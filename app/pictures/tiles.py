"""Pictures of cells for the screen: cut from the slide's fields when first asked for, and kept."""

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.boxes import Box
from core.cells.crops import CROP_CELL_DIAMETER_PX, CROP_SIZE_PX, background_colour
from core.errors import SmearscopeError
from core.files import shown_path, write_bytes
from core.reports.review_tiles import (
    ScaleBar,
    cut_out,
    jpeg,
    map_layer,
    mosaic,
    nearest_boxes,
    png,
    scale_bar,
    window_around,
    with_corners,
)
from core.results.folder import fields_of, tables_of
from core.slides import Slide as OpenedSlide
from core.slides import content_hash, open_slide
from core.store.records import Candidate, StoredSlide, TakenIn

CELL_WIDTHS = {"cell": 2.4, "around": 10.0, "small": 1.7}
"""How much of the field each kind of picture shows, in widths of its cell."""
SIDE_PX = {"cell": 480, "around": 480, "small": 128}
KINDS = (*CELL_WIDTHS, "neighbours")
"""Of pictures that are cut from a field."""
METHODS = ("guided-grad-cam", "score-cam-paper", "cam")
"""Of activation maps, in the order in which they are offered. The first is drawn by scoring: it lies on the
parasite of a red cell far more often than the others (docs/RESULTS.md)."""
DRAWN_BY_SCORING = METHODS[0]
MAP = "map-"
"""Begins the kind of an activation map; the method's name follows."""
NEIGHBOURS_ACROSS, NEIGHBOURS_DOWN, NEIGHBOUR_PX = 2, 2, 160
NEIGHBOUR_CELL_WIDTHS = 1.35
MAP_CELL_WIDTHS = CROP_SIZE_PX / CROP_CELL_DIAMETER_PX
JPEG, PNG = "image/jpeg", "image/png"


class NoTileError(SmearscopeError):
    """A picture that is not to be had: a kind that does not exist, or a cell without a map."""


class NoMapYetError(NoTileError):
    """A map by a method that is offered, which was not made so far."""


@dataclass(frozen=True)
class Picture:
    """A picture as a browser takes it."""

    content: bytes
    media_type: str


def cell_key(field: str, box: Box) -> str:
    """Name of a cell that is the same in every result of its slide."""
    text = "|".join([field, *(f"{side:.2f}" for side in box)])
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def bars_of(box: Box, um_per_pixel: float | None) -> tuple[ScaleBar, ScaleBar] | None:
    """Scale bars of the large picture and of the field around it; None where no scale is known."""
    if um_per_pixel is None:
        return None
    cell, around = (
        scale_bar(window_around(box, CELL_WIDTHS[kind]), um_per_pixel) for kind in ("cell", "around")
    )
    return cell, around


@dataclass(frozen=True, eq=False)
class PicturedCell:
    """A cell of which pictures are cut.

    Attributes
    ----------
    field, box
        Where it lies.
    content_hash
        Hash of the field's pixels: pictures of a field that was replaced are other pictures.
    other_boxes
        (M, 4) boxes of the field's whole cells that are not among the first of the list.
    """

    field: str
    box: Box
    content_hash: str
    other_boxes: NDArray[np.float32]

    def key(self, kind: str) -> str:
        """Names what a picture shows: equal for equal pictures, in every result of the slide."""
        shown = [self.field, self.content_hash, *(f"{side:.2f}" for side in self.box)]
        if kind == "neighbours":
            shown += [f"{side:.2f}" for side in self._neighbours().ravel()]
        return hashlib.blake2b("|".join(shown).encode(), digest_size=12).hexdigest()

    def cut(self, image: NDArray[np.uint8], kind: str) -> bytes:
        """A picture as JPEG, cut from the (H, W, 3) field."""
        if kind == "neighbours":
            return jpeg(_mosaic_of(image, self._neighbours()))
        window = window_around(self.box, CELL_WIDTHS[kind])
        picture = cut_out(image, window, SIDE_PX[kind], background_colour(image))
        return jpeg(with_corners(picture, window, self.box) if kind == "around" else picture)

    def _neighbours(self) -> NDArray[np.float32]:
        """The nearest of the other cells of the field."""
        most = NEIGHBOURS_ACROSS * NEIGHBOURS_DOWN
        return self.other_boxes[nearest_boxes(self.other_boxes, self.box, most)]


def _mosaic_of(image: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.uint8]:
    beyond = background_colour(image)
    pictures = [
        cut_out(
            image,
            window_around((float(x), float(y), float(width), float(height)), NEIGHBOUR_CELL_WIDTHS),
            NEIGHBOUR_PX,
            beyond,
        )
        for x, y, width, height in boxes
    ]
    return mosaic(pictures, columns=NEIGHBOURS_ACROSS, rows=NEIGHBOURS_DOWN, side_px=NEIGHBOUR_PX, gap_px=6)


class Tiles:
    """The pictures of all slides' cells, in `folder`; what is not there is cut from the slide and put there.

    Parameters
    ----------
    folder
        Made where there is none. All that is in it can be thrown away at any time: it is made again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # Cutting is quick and decoding is not: of many requests for one field, the first decodes it.
        self._cutting = threading.Lock()

    def picture(self, slide: StoredSlide, taken_in: TakenIn, candidate: Candidate, kind: str) -> Picture:
        """One picture of a cell.

        Parameters
        ----------
        slide, taken_in, candidate
            The cell, its slide, and the slide's result, from which its neighbours are taken.
        kind
            ``cell``, ``around``, ``small``, ``neighbours``, or ``map-`` and the name of a method.

        Raises
        ------
        NoTileError
            Where there is no such picture; `NoMapYetError` for a map that can be made.
        core.errors.UnreadableImageError
            Where the field cannot be read any more.
        core.results.folder.ResultFolderError
            Where the tables of the result are gone.
        """
        if kind.startswith(MAP):
            cell, model = pictured_cell(taken_in, candidate), taken_in.result.model.identity
            return Picture(self._map(slide.id, model, cell, kind.removeprefix(MAP)), PNG)
        if kind not in KINDS:
            raise NoTileError(f"there are no pictures of the kind {kind!r}")
        cell = pictured_cell(taken_in, candidate, neighbours=kind == "neighbours")
        path = self._path(slide.id, cell, kind)
        if not path.exists():
            with self._cutting:
                if not path.exists():
                    image = decoded_field(slide.folder, taken_in.id, cell.field, cell.content_hash)
                    write_bytes(path, cell.cut(image, kind))
        return Picture(path.read_bytes(), JPEG)

    def keep_cut(self, slide_id: int, image: NDArray[np.uint8], cell: PicturedCell) -> None:
        """Cut all pictures of a cell from its (H, W, 3) field, which somebody has decoded, and keep them."""
        for kind in KINDS:
            path = self._path(slide_id, cell, kind)
            if not path.exists():
                write_bytes(path, cell.cut(image, kind))

    def keep_maps(
        self, slide_id: int, model: str, cell: PicturedCell, maps: Mapping[str, NDArray[np.floating]]
    ) -> None:
        """Keep the activation maps of a cell by a model, by the name of their method: (S, S) in [0, 1].

        The model is named by its identity, as results name it.
        """
        for name, values in maps.items():
            path = self._map_path(slide_id, model, cell, name)
            write_bytes(path, png(np.rint(255 * values).astype(np.uint8)))

    def has_map(self, slide_id: int, model: str, cell: PicturedCell, method: str) -> bool:
        """Whether a cell's map by a method is kept."""
        return self._map_path(slide_id, model, cell, method).exists()

    def _path(self, slide_id: int, cell: PicturedCell, kind: str) -> Path:
        return self._folder / str(slide_id) / f"{kind}-{cell.key(kind)}.jpg"

    def _map_path(self, slide_id: int, model: str, cell: PicturedCell, method: str) -> Path:
        of_model = hashlib.blake2b(model.encode(), digest_size=6).hexdigest()
        return self._folder / str(slide_id) / "maps" / of_model / f"{cell.key('map')}-{method}.png"

    def _map(self, slide_id: int, model: str, cell: PicturedCell, method: str) -> bytes:
        if method not in METHODS:
            raise NoTileError(f"there are no maps by {method!r}")
        file = self._map_path(slide_id, model, cell, method)
        if not file.exists():
            raise NoMapYetError(f"there is no map of this cell by {method!r} yet")
        levels = cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
        values = np.asarray(levels, np.float32) / 255
        return png(map_layer(values, MAP_CELL_WIDTHS, CELL_WIDTHS["cell"], SIDE_PX["cell"]))


def pictured_cell(taken_in: TakenIn, candidate: Candidate, *, neighbours: bool = False) -> PicturedCell:
    """A candidate as the slide's result has its field; its neighbours only where they are asked for."""
    fields = fields_of(taken_in.folder, taken_in.sha256)
    row = next((row for row in fields if row.name == candidate.field), None)
    if row is None:
        raise NoTileError(f"{shown_path(candidate.field)} is no longer among the fields of its slide")
    others = np.empty((0, 4), np.float32)
    if neighbours:
        tables = tables_of(taken_in.folder, taken_in.sha256)
        here, cells = tables.on_field(candidate.field), tables.cells
        further_down = cells.rank[here] > taken_in.result.cells.listed
        others = cells.boxes[here[cells.whole[here] & further_down]]
    return PicturedCell(candidate.field, candidate.box, row.content_hash, others)


@lru_cache(maxsize=4)
def _opened(folder: Path, _result_id: int) -> OpenedSlide:
    """The slide, listed once a result: a large one has many fields. `_result_id` tells one from the next."""
    return open_slide(folder)


@lru_cache(maxsize=4)
def decoded_field(folder: Path, _result_id: int, name: str, content_hash_scored: str) -> NDArray[np.uint8]:
    """(H, W, 3) of a field as it was scored; `_result_id` tells those of one result from the next.

    Raises
    ------
    NoTileError
        Where the field is gone, or its file was replaced since: a picture would show another cell.
    core.errors.UnreadableImageError
        Where it cannot be read any more.
    """
    slide = _opened(folder, _result_id)
    if name not in slide.field_names():
        raise NoTileError(f"{shown_path(name)} is no longer in {shown_path(folder)}")
    image = slide.read_field(name).image
    if content_hash(image) != content_hash_scored:
        raise NoTileError(f"{shown_path(name)} was replaced since it was scored: score the slide again")
    return image
