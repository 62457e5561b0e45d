"""Small constellations of cells by which photographs of one place recognise each other.

As star trackers do it (Lang et al. 2010, astrometry.net): a cell and four of its nearest neighbours are
described by where three of them lie between the two that are farthest apart. That does not change when the
picture is turned, shifted or scaled, and hardly when it is lit or compressed otherwise. Cells lie as
irregularly as stars, so equal descriptions are rare by chance, and all of a slide's are compared at once by
sorting.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

NEIGHBOURS = 6
"""Of a cell's nearest neighbours four are chosen out of this many: one or two may be missed on a picture."""
CELLS = 5
FARTHEST = 3.5
"""Distance of a neighbour from its cell, in widths of a cell, beyond which it is none."""
CODE_STEP = 0.05
"""Side of the boxes into which descriptions are sorted. Centres located twice differ by .02 of a cell's width
(median), so descriptions by about .01."""
SAME_CODE = 0.75 * CODE_STEP
SIZE_STEP = 0.2
"""The same for the logarithm of a constellation's size in cell widths: the width is that of the picture's own
cells, which is measured anew on each."""
OFFSETS = (0.0, 0.5)
"""Of two grids of boxes: what a border of one parts is together in the other."""
LINKS = 12
"""Photographs of one place that each is compared with at most: the others follow by way of these."""
LATTICE_STEP, LATTICE_SHARE = 0.2, 0.4
"""Steps to neighbours that are alike, in cell widths, and the share of cells that take one, from which on
they form a lattice. Of 1,049 real fields of seven sets the largest share was .3, among ten cells."""
LARGEST_SCALE = 0.12
"""Logarithm of the ratio, either way, of sizes that may be one."""
TURN_STEP = 0.12
SHIFT_STEP = 0.8
"""Sides of the boxes, in radians and cell widths, into which alignments are sorted."""
VOTES = 2
"""Pairs of constellations that must ask for one alignment before it is tried."""


@dataclass(frozen=True, eq=False)
class Pattern:
    """The cells of a photograph as points.

    Attributes
    ----------
    points
        (N,) complex128: their centres, x + iy, in widths of the photograph's own cells.
    width, height
        Of the photograph, in the same unit.
    """

    points: NDArray[np.complex128]
    width: float
    height: float


@dataclass(frozen=True)
class Guess:
    """How one photograph may lie on another.

    Attributes
    ----------
    first, second
        Their positions in the slide, the first before the second.
    turn, shift
        A point z of the first lies at ``turn * z + shift`` on the second.
    """

    first: int
    second: int
    turn: complex
    shift: complex


@dataclass(frozen=True, eq=False)
class _Constellations:
    """Of all photographs: where each belongs, its two outermost cells, and its description."""

    photograph: NDArray[np.int32]
    start: NDArray[np.complex64]
    end: NDArray[np.complex64]
    code: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.photograph)


def guesses(patterns: Sequence[Pattern]) -> list[Guess]:
    """Alignments for which several constellations of two photographs speak, in their order."""
    found = _constellations(patterns)
    if len(found) == 0:
        return []
    first, second = _alike(found)
    return _voted(found, first, second, patterns)


def _constellations(patterns: Sequence[Pattern]) -> _Constellations:
    chosen = np.array(list(combinations(range(1, NEIGHBOURS + 1), CELLS - 1)))
    parts = [_cells_of(pattern.points, chosen) for pattern in patterns]
    photograph = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part) for part in parts])
    cells = np.concatenate(parts) if parts else np.empty((0, CELLS), np.complex128)
    pairs = np.array(list(combinations(range(CELLS), 2)))
    outermost = pairs[np.abs(cells[:, pairs[:, 0]] - cells[:, pairs[:, 1]]).argmax(axis=1)]
    rows = np.arange(len(cells))[:, None]
    start, end = cells[rows, outermost].T
    inner = np.ones(cells.shape, bool)
    inner[rows, outermost] = False
    between = (cells[inner].reshape(-1, CELLS - 2) - start[:, None]) / (end - start)[:, None]
    # Which of the two is the start, and the order of the others, follow from the picture alone.
    swapped = between.real.sum(axis=1) > (CELLS - 2) / 2
    start, end = np.where(swapped, end, start), np.where(swapped, start, end)
    between = np.sort(np.where(swapped[:, None], 1 - between, between), axis=1)
    code = np.concatenate([between.real, between.imag], axis=1).astype(np.float32)
    return _Constellations(photograph, start.astype(np.complex64), end.astype(np.complex64), code)


def _cells_of(points: NDArray[np.complex128], chosen: NDArray[np.int64]) -> NDArray[np.complex128]:
    """(K, CELLS): the points of each constellation of one photograph."""
    if len(points) < CELLS:
        return np.empty((0, CELLS), np.complex128)
    at = np.stack([points.real, points.imag], axis=1)
    _, nearest = KDTree(at).query(at, k=NEIGHBOURS + 1, distance_upper_bound=FARTHEST)
    if _is_lattice(points, nearest):
        return np.empty((0, CELLS), np.complex128)
    around = nearest[:, chosen].reshape(-1, CELLS - 1)
    sets = np.concatenate([np.repeat(nearest[:, 0], len(chosen))[:, None], around], axis=1)
    sets = np.sort(sets[(sets < len(points)).all(axis=1)], axis=1)
    # Each set once: several of its cells have the others for neighbours.
    _, first = np.unique(sets @ len(points) ** np.arange(CELLS), return_index=True)
    cells: NDArray[np.complex128] = points[sets[first]]
    return cells


def _is_lattice(points: NDArray[np.complex128], nearest: NDArray[np.int64]) -> bool:
    """Whether points lie so regularly that they fit themselves when shifted, as cells never do."""
    ends = np.append(points, np.nan)[nearest[:, 1:]]  # NaN where there is no such neighbour
    steps = ((ends - points[:, None]) / LATTICE_STEP).round()
    _, alike = np.unique(steps[np.isfinite(steps)], return_counts=True)
    return bool(alike.size and alike.max() > LATTICE_SHARE * len(points))


def _alike(found: _Constellations) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of constellations of two photographs with one description, each pair once, by their positions."""
    size = np.log(np.abs(found.end - found.start))
    pairs = [np.empty(0, np.int64)]
    for offset in OFFSETS:
        boxes = _box(size / SIZE_STEP, offset) + 32
        for column in found.code.T:
            boxes = boxes * 64 + _box(column / CODE_STEP, offset) + 32
        for first, second in _neighbours(boxes, found.photograph):
            alike = np.abs(size[first] - size[second]) < LARGEST_SCALE
            first, second = first[alike], second[alike]
            alike = (np.abs(found.code[first] - found.code[second]) < SAME_CODE).all(axis=1)
            pairs.append(first[alike] * len(found) + second[alike])
    both = np.unique(np.concatenate(pairs))
    return both // len(found), both % len(found)


def _neighbours(
    boxes: NDArray[np.int64], photograph: NDArray[np.int32]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Positions of what lies in one box and on two photographs, at most `LINKS` places apart there."""
    order = np.argsort(boxes, kind="stable")  # in each box by photograph, as they come
    box = boxes[order]
    for apart in range(1, LINKS + 1):
        together = np.flatnonzero(box[:-apart] == box[apart:])
        first, second = order[together], order[together + apart]
        on_two = photograph[first] != photograph[second]
        yield first[on_two], second[on_two]


def _voted(
    found: _Constellations,
    one: NDArray[np.int64],
    other: NDArray[np.int64],
    patterns: Sequence[Pattern],
) -> list[Guess]:
    """Of each pair of photographs the alignment that most constellations ask for, `VOTES` at least."""
    first, second = found.photograph[one].astype(np.int64), found.photograph[other].astype(np.int64)
    turn = (found.end[other] - found.start[other]) / (found.end[one] - found.start[one])
    middles = np.array([complex(pattern.width, pattern.height) / 2 for pattern in patterns])
    at = found.start[other] + turn * (middles[first] - found.start[one])
    turns = round(2 * np.pi / TURN_STEP)
    best: dict[tuple[int, int], tuple[int, Guess]] = {}
    for offset in OFFSETS:
        boxes = first * len(patterns) + second
        boxes = boxes * turns + _box(np.angle(turn) * turns / (2 * np.pi), offset) % turns
        for column in (at.real, at.imag):
            boxes = boxes * 1024 + _box(column / SHIFT_STEP, offset).clip(-512, 511) + 512
        order = np.argsort(boxes, kind="stable")
        begins = np.flatnonzero(np.diff(boxes[order], prepend=-1))
        sizes = np.diff(begins, append=len(order))
        for begin, size in zip(begins[sizes >= VOTES], sizes[sizes >= VOTES].tolist(), strict=True):
            rows = order[begin : begin + size]
            pair = int(first[rows[0]]), int(second[rows[0]])
            if pair not in best or size > best[pair][0]:
                mean = complex(turn[rows].mean())
                best[pair] = size, Guess(*pair, mean, complex(at[rows].mean()) - mean * middles[pair[0]])
    return [best[pair][1] for pair in sorted(best)]


def _box(values: NDArray[np.floating], offset: float) -> NDArray[np.int64]:
    boxes: NDArray[np.int64] = np.floor(values + offset).astype(np.int64)
    return boxes
