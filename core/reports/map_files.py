"""Activation maps written for people and for programs: a picture and arrays an image, a list, sheets."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.files import cannot_write, remove, write_bytes, write_csv
from core.reports.overlays import MapTile, map_sheet, reduced
from core.slides.pixels import encoded

ROWS_A_SHEET = 16
PICTURE_PX = 320
TILE_PX = 160
IMAGES = "images"
_ARRAY = 10
"""Column of the array in the list; the picture follows."""

Window = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class MethodMap:
    """What one method gave for an image.

    Attributes
    ----------
    method, layer
        Name of the method, and of the layer whose activations it used.
    values
        (h, w) float32, not negative, as the method gave them.
    placed
        (H, W) float32: the same at the size of the network's input, each cell where the network looked
        (`core.cam.placing`). This is what is drawn.
    window
        x, y, width, height of what the network was given, in pixels of the image; it may reach over its
        border.
    """

    method: str
    layer: str
    values: NDArray[np.float32]
    placed: NDArray[np.float32]
    window: Window

    @property
    def is_empty(self) -> bool:
        """Whether it is zero everywhere: nothing in the layer speaks for the class."""
        return not self.values.any()

    def drawn(self, height: int, width: int, scale: float) -> NDArray[np.float32]:
        """(height, width) in [0, 1] for the image at a scale: by its largest value, 0 outside its window."""
        largest = float(self.placed.max())
        shown = self.placed / largest if largest > 0 else self.placed
        x, y, across, down = (scale * side for side in self.window)
        # In pixels of the network's input; centres lie at halves in windows, at whole numbers in arrays.
        columns = (np.arange(width) + 0.5 - x) / across * shown.shape[1] - 0.5
        rows = (np.arange(height) + 0.5 - y) / down * shown.shape[0] - 0.5
        grid_x, grid_y = np.meshgrid(columns.astype(np.float32), rows.astype(np.float32))
        smooth = cv2.remap(shown, grid_x, grid_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        across_map = (columns >= -0.5) & (columns <= shown.shape[1] - 0.5)
        down_map = (rows >= -0.5) & (rows <= shown.shape[0] - 0.5)
        inside = down_map[:, None] & across_map
        return np.asarray(np.where(inside, smooth, 0).clip(0, 1), np.float32)


@dataclass(frozen=True, eq=False)
class ExplainedImage:
    """An image with what its network says, and why.

    Attributes
    ----------
    name
        Unique in its folder of results, without the file's ending.
    source
        Where the image lies.
    image
        (H, W, 3) uint8, RGB.
    class_name, probability
        The class that the maps speak of, and the network's probability of it.
    maps
        One a method.
    remark
        Why the probability is unsure; empty where there is nothing to say.
    """

    name: str
    source: str
    image: NDArray[np.uint8]
    class_name: str
    probability: float
    maps: tuple[MethodMap, ...]
    remark: str = ""


class MapFiles:
    """The results of one run, written as the images come; memory does not grow with their number.

    Parameters
    ----------
    folder
        Gets `maps.csv`, `sheet.png` (further pages `sheet_2.png` …) and `images/`.
    title
        Heads the sheets and pictures: the network and what it was made for.
    methods
        In the order of the maps of each image.

    Notes
    -----
    Each file is replaced in one step, and `maps.csv` names all that belong together. What the list of an
    earlier run names is taken away before the first list of this one takes its place. Every method raises
    `core.files.OutputError` where the folder cannot be written.
    """

    def __init__(self, folder: Path, title: str, methods: Sequence[str]) -> None:
        self._folder = folder
        self._title = title
        self._columns = ("image", *methods)
        self._rows: list[list[str]] = []
        self._page: list[list[MapTile]] = []
        self._pages = 0
        self._has_list = False

    def add(self, explained: ExplainedImage) -> None:
        """Write the picture and the arrays of an image."""
        tiles = self._tiles(explained)
        picture = f"{IMAGES}/{explained.name}.png"
        summary = f"{explained.class_name}; {self._title}; layer {explained.maps[0].layer}"
        page = map_sheet(explained.name, summary, self._columns, [tiles], tile_px=PICTURE_PX)
        self._write_picture(picture, page)
        for each in explained.maps:
            array = f"{IMAGES}/{explained.name}_{each.method}.npy"
            buffer = io.BytesIO()
            np.save(buffer, each.values.astype(np.float32), allow_pickle=False)
            write_bytes(self._folder / array, buffer.getvalue())
            self._rows.append(_row(explained, each, array, picture))
        self._page.append([reduced(tile, TILE_PX) for tile in tiles])
        if len(self._page) == ROWS_A_SHEET:
            self._end_page()

    def close(self) -> None:
        """Write the last sheet and the list, and take away sheets that an earlier run left beyond it."""
        if not self._rows:
            return
        if self._page:
            self._end_page()
        page = self._pages + 1
        while (left_over := self._sheet(page)).exists():
            remove(left_over)
            page += 1

    def _tiles(self, explained: ExplainedImage) -> list[MapTile]:
        probability = f"{explained.class_name}: {explained.probability:.3f}"
        remarks = (explained.remark,) if explained.remark else ()
        captions = (explained.name, "probability of", probability, *remarks)
        first = reduced(MapTile(explained.image, captions), PICTURE_PX)
        height, width = first.image.shape[:2]
        scale = PICTURE_PX / max(explained.image.shape[:2])
        tiles = [first]
        for each in explained.maps:
            remark = ("empty map",) if each.is_empty else ()
            tiles.append(MapTile(first.image, remark, each.drawn(height, width, scale)))
        return tiles

    def _end_page(self) -> None:
        self._pages += 1
        first = (self._pages - 1) * ROWS_A_SHEET + 1
        summary = f"images {first} to {first + len(self._page) - 1}"
        page = map_sheet(self._title, summary, self._columns, self._page, tile_px=TILE_PX)
        self._write_picture(self._sheet(self._pages).name, page)
        self._page = []
        self._write_list()

    def _sheet(self, page: int) -> Path:
        return self._folder / ("sheet.png" if page == 1 else f"sheet_{page}.png")

    def _write_picture(self, name: str, page: NDArray[np.uint8]) -> None:
        write_bytes(self._folder / name, encoded(page, ".png"))

    def _take_away_earlier(self) -> None:
        """Remove the pictures and arrays that only an earlier run's list names."""
        path = self._folder / "maps.csv"
        if not path.exists():
            return
        try:
            with path.open(newline="", encoding="utf-8", errors="replace") as file:
                rows = list(csv.DictReader(file))
        except OSError as error:
            raise cannot_write(path, error) from error
        listed = {row.get(column) or "" for row in rows for column in ("array", "picture")}
        written = {name for row in self._rows for name in row[_ARRAY : _ARRAY + 2]}
        for name in listed - written:
            # Whatever the list says, only what a run can have written: files right in its folder of images.
            if name.startswith(f"{IMAGES}/") and Path(name).name == name.removeprefix(f"{IMAGES}/"):
                remove(self._folder / name)

    def _write_list(self) -> None:
        if not self._has_list:
            self._take_away_earlier()
            self._has_list = True
        columns = [
            "image", "method", "class", "probability", "layer", "empty_map",
            "x", "y", "width", "height", "array", "picture", "remark",
        ]  # fmt: skip
        write_csv(self._folder / "maps.csv", columns, self._rows)


def _row(explained: ExplainedImage, each: MethodMap, array: str, picture: str) -> list[str]:
    return [
        explained.source,
        each.method,
        explained.class_name,
        f"{explained.probability:.6f}",
        each.layer,
        "yes" if each.is_empty else "no",
        *(f"{side:.2f}" for side in each.window),
        array,
        picture,
        explained.remark,
    ]
