"""Pictures of cells for the screen: cut from the slide's fields when first asked for, and kept."""

import hashlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.result_tables import boxes_of, cells_of
from core.atomic import write_bytes
from core.crops import CELL_DIAMETER_PX, CROP_SIZE_PX
from core.errors import SmearscopeError
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
from core.slides import Field, open_slide, shown_path
from core.store.records import Box, Candidate, Slide, TakenIn

CELL_WIDTHS = {"cell": 2.4, "around": 10.0, "small": 1.7}
"""How much of the field each kind of picture shows, in widths of its cell."""
SIDE_PX = {"cell": 480, "around": 480, "small": 128}
METHODS = ("guided-grad-cam", "score-cam-paper", "cam")
"""Of activation maps, in the order in which they are offered. The first is drawn by scoring: it lies on the
parasite of a red cell far more often than the others (docs/RESULTS.md)."""
MAP = "map-"
"""Begins the kind of an activation map; the method's name follows."""
NEIGHBOURS_ACROSS, NEIGHBOURS_DOWN, NEIGHBOUR_PX = 2, 2, 160
NEIGHBOUR_CELL_WIDTHS = 1.35
MAP_CELL_WIDTHS = CROP_SIZE_PX / CELL_DIAMETER_PX
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

    def picture(self, slide: Slide, taken_in: TakenIn, candidate: Candidate, kind: str) -> Picture:
        """One picture of a cell.

        Parameters
        ----------
        slide, taken_in, candidate
            The cell, its slide, and the slide's result, from which healthy neighbours are taken.
        kind
            ``cell``, ``around``, ``small``, ``neighbours``, or ``map-`` and the name of a method.

        Raises
        ------
        NoTileError
            Where there is no such picture; `NoMapYetError` for a map that can be made.
        core.errors.UnreadableImageError
            Where the field cannot be read any more.
        """
        key = cell_key(candidate.field, candidate.box)
        if kind.startswith(MAP):
            model = taken_in.result.model.identity
            return Picture(self._map(slide.id, model, key, kind.removeprefix(MAP)), PNG)
        if kind not in (*CELL_WIDTHS, "neighbours"):
            raise NoTileError(f"there are no pictures of the kind {kind!r}")
        # Neighbours depend on the result, which fields added later may change.
        path = self._folder / str(slide.id) / f"{kind}-{taken_in.id}-{key}.jpg"
        if not path.exists():
            with self._cutting:
                if not path.exists():
                    write_bytes(path, self._cut(slide, taken_in, candidate, kind))
        return Picture(path.read_bytes(), JPEG)

    def cut_all(self, slide: Slide, taken_in: TakenIn, candidates: Iterable[Candidate]) -> None:
        """Cut all pictures of some cells, field by field, so that each field is decoded once."""
        for candidate in sorted(candidates, key=lambda one: one.field):
            for kind in (*CELL_WIDTHS, "neighbours"):
                self.picture(slide, taken_in, candidate, kind)

    def keep_maps(
        self, slide_id: int, model: str, field: str, box: Box, maps: Mapping[str, NDArray[np.floating]]
    ) -> None:
        """Keep the activation maps of a cell by a model, by the name of their method: (S, S) in [0, 1].

        The model is named by its identity, as results name it.
        """
        levels = {name: np.rint(255 * values).astype(np.uint8) for name, values in maps.items()}
        for name, values in levels.items():
            path = self._map_path(slide_id, model, cell_key(field, box), name)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, png(values))

    def _map_path(self, slide_id: int, model: str, key: str, method: str) -> Path:
        of_model = hashlib.blake2b(model.encode(), digest_size=6).hexdigest()
        return self._folder / str(slide_id) / "maps" / of_model / f"{key}-{method}.png"

    def _map(self, slide_id: int, model: str, key: str, method: str) -> bytes:
        if method not in METHODS:
            raise NoTileError(f"there are no maps by {method!r}")
        file = self._map_path(slide_id, model, key, method)
        if not file.exists():
            raise NoMapYetError(f"there is no map of this cell by {method!r} yet")
        levels = cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
        values = np.asarray(levels, np.float32) / 255
        return png(map_layer(values, MAP_CELL_WIDTHS, CELL_WIDTHS["cell"], SIDE_PX["cell"]))

    def _cut(self, slide: Slide, taken_in: TakenIn, candidate: Candidate, kind: str) -> bytes:
        image = _field(slide.folder, taken_in.id, candidate.field).image
        if kind == "neighbours":
            return jpeg(_neighbours(image, taken_in, candidate))
        window = window_around(candidate.box, CELL_WIDTHS[kind])
        picture = cut_out(image, window, SIDE_PX[kind])
        return jpeg(with_corners(picture, window, candidate.box) if kind == "around" else picture)


@lru_cache(maxsize=4)
def _field(folder: Path, _result_id: int, name: str) -> Field:
    """A field; `_result_id` tells one that was replaced, and scored again, from the one before."""
    slide = open_slide(folder)
    if name not in slide.field_names():
        raise NoTileError(f"{shown_path(name)} is no longer in {shown_path(folder)}")
    return slide.read_field(name)


def _neighbours(image: NDArray[np.uint8], taken_in: TakenIn, candidate: Candidate) -> NDArray[np.uint8]:
    """The nearest cells of the field that count and are called healthy."""
    cells = cells_of(taken_in.folder, taken_in.sha256, candidate.field)
    boxes = boxes_of(cells.filter(pc.equal(cells["call"], "healthy")))
    most = NEIGHBOURS_ACROSS * NEIGHBOURS_DOWN
    pictures = [
        cut_out(
            image,
            window_around((float(x), float(y), float(width), float(height)), NEIGHBOUR_CELL_WIDTHS),
            NEIGHBOUR_PX,
        )
        for x, y, width, height in boxes[nearest_boxes(boxes, candidate.box, most)]
    ]
    return mosaic(pictures, columns=NEIGHBOURS_ACROSS, rows=NEIGHBOURS_DOWN, side_px=NEIGHBOUR_PX, gap_px=6)
