"""Drawn fields of different places that show few cells, laid on each other: none may be taken for one place.

    python -m benchmarks.sparse_overlaps [--fields 5]

Ovals of cells on empty glass, 60 px wide on 1280 x 960 and 140 px wide on 1382 x 1030, 3 to 50 to a field;
each of its own shape, or all alike; with noise of 1 to 4 levels, with and without JPEG. Each two fields of a
kind are laid on each other by their borders, then their cells are asked whether they agree.
"""

import argparse
import time
from dataclasses import dataclass
from itertools import combinations, product

import cv2
import numpy as np
from numpy.typing import NDArray

from core.overlap import GreyPicture, Overlap, Pattern, PlacedObjects, in_grey, objects_agree, on_each_other

CELLS = (3, 6, 12, 25, 50)
SIZES = ((60, (1280, 960)), (140, (1382, 1030)))
"""Width of a cell, and width and height of a field, pixels."""
NOISE = (1.0, 2.0, 4.0)
BACKGROUND, CELL, PALE = (235, 235, 240), (200, 140, 150), (220, 180, 190)
APART = 0.95
"""Cell widths between two cells at least."""
SUBPIXEL_BITS = 4


@dataclass(frozen=True, eq=False)
class DrawnField:
    """A field as the search is given it."""

    picture: GreyPicture
    objects: PlacedObjects


def drawn_field(
    draw: np.random.Generator,
    cells: int,
    cell_px: int,
    size: tuple[int, int],
    noise: float,
    *,
    alike: bool,
    jpeg: bool,
) -> DrawnField:
    """A field of so many cells, or as many as there is room for; the border cuts some."""
    width, height = size
    places: list[complex] = []
    for x, y in draw.uniform(0, size, (100 * cells, 2)).tolist():
        if len(places) < cells and all(abs(complex(x, y) - one) > APART * cell_px for one in places):
            places.append(complex(x, y))
    picture = np.full((height, width, 3), BACKGROUND, np.uint8)
    for place in places:
        radii = np.full(2, 0.5) if alike else draw.uniform(0.42, 0.55, 2)
        degrees, pale = (0.0, 0.15) if alike else (draw.uniform(0, 180), draw.uniform(0.07, 0.23))
        for axes, colour in ((radii, CELL), (np.full(2, pale), PALE)):
            middle, half = (np.round(np.array(values) * 2**SUBPIXEL_BITS).astype(int).tolist()
                            for values in ((place.real, place.imag), axes * cell_px))  # fmt: skip
            cv2.ellipse(
                picture, middle, half, degrees, 0, 360, colour, cv2.FILLED, cv2.LINE_AA, SUBPIXEL_BITS
            )
    seen = np.asarray((picture + draw.normal(0, noise, picture.shape)).clip(0, 255), np.uint8)
    if jpeg:
        encoded = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
        seen = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    centres, is_whole = _as_located(np.array(places), cell_px / 2, size)
    frame = Pattern(centres / cell_px, width / cell_px, height / cell_px)
    return DrawnField(in_grey(seen), PlacedObjects(centres / cell_px, is_whole, frame))


def _as_located(
    places: NDArray[np.complex128], radius_px: float, size: tuple[int, int]
) -> tuple[NDArray[np.complex128], NDArray[np.bool_]]:
    """The middles of the cells' boxes, which the border cuts, and which cells are whole."""
    diagonal = complex(radius_px, radius_px)
    corners = [np.stack([one.real, one.imag], axis=1) for one in (places - diagonal, places + diagonal)]
    shown = [one.clip(0, size) for one in corners]
    middle = (shown[0] + shown[1]) / 2
    is_whole = (shown[0] == corners[0]).all(axis=1) & (shown[1] == corners[1]).all(axis=1)
    return middle[:, 0] + 1j * middle[:, 1], is_whole


def taken_for_one(first: DrawnField, second: DrawnField, cell_px: int) -> tuple[bool, bool]:
    """Whether two fields are, by their pictures, and by their cells too."""
    placement = on_each_other(first.picture, second.picture, (cell_px, cell_px))
    if placement is None:
        return False, False
    return True, objects_agree(Overlap(0, 1, placement), first.objects, second.objects)


def main() -> None:
    """Print how many pairs were taken for one place."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fields", type=int, default=5, help="of each kind")
    fields = parser.parse_args().fields
    cv2.setNumThreads(1)
    print("cells  width_px  cells are  pairs  by pictures  and by cells")
    started, laid = time.process_time(), 0
    for number, (cells, (cell_px, size), alike) in enumerate(product(CELLS, SIZES, (False, True))):
        by_pictures = by_cells = pairs = 0
        for kind, (noise, jpeg) in enumerate(product(NOISE, (False, True))):
            draw = np.random.default_rng([number, kind])
            some = [
                drawn_field(draw, cells, cell_px, size, noise, alike=alike, jpeg=jpeg) for _ in range(fields)
            ]
            for first, second in combinations(some, 2):
                held, agreed = taken_for_one(first, second, cell_px)
                by_pictures, by_cells, pairs = by_pictures + held, by_cells + agreed, pairs + 1
        laid += pairs
        how = "alike" if alike else "ovals"
        print(f"{cells:5d}{cell_px:10d}{how:>11}{pairs:7d}{by_pictures:13d}{by_cells:14d}", flush=True)
    print(f"{1000 * (time.process_time() - started) / laid:.0f} ms of one core a pair, drawing included")


if __name__ == "__main__":
    main()
