"""Small constellations of cells by which photographs of one place recognise each other.

As star trackers do it (Lang et al. 2010, astrometry.net): a cell and four of its nearest neighbours are
described by where three of them lie between the two that are farthest apart. That does not change when the
picture is turned, shifted or scaled, and hardly when it is lit or compressed otherwise. Cells lie as
irregularly as stars, so equal descriptions are rare by chance, and all of a slide's are compared at once by
sorting.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

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
AT_ONCE = 50
"""Photographs whose pairs with all later ones are held in memory at a time."""
PART = 100_000
"""Constellations whose boxes are computed at a time."""
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


@dataclass(frozen=True, slots=True)
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
    """Of all photographs, one after another; there are millions of them, so each takes 32 bytes.

    Attributes
    ----------
    points
        (P,) cells of all photographs, in their own cell widths.
    photograph
        (P,) on which each lies.
    start, end
        (N,) the two outermost cells of each constellation, by their positions among the P.
    code
        (N, 6) its description.
    """

    points: NDArray[np.complex64]
    photograph: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    code: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.start)

    def span(self, which: NDArray[np.integer] | slice) -> NDArray[np.complex64]:
        """From the start to the end of each."""
        return self.points[self.end[which]] - self.points[self.start[which]]


@dataclass(frozen=True, eq=False)
class _Grid:
    """Constellations sorted into boxes by their description.

    Attributes
    ----------
    order
        (N,) their positions, box by box, in each box by photograph.
    begins
        (N + 1,) whether a box begins there in that order; after the last one, too.
    """

    order: NDArray[np.int32]
    begins: NDArray[np.bool_]


def guesses(patterns: Sequence[Pattern]) -> list[Guess]:
    """Alignments for which several constellations of two photographs speak, in their order.

    On a large slide most are chance, and these grow as the square of the number of photographs: with 150
    cells on each, about 1 of 16 pairs is guessed at. Memory hardly does: what a few photographs have in
    common with all later ones is looked at together.
    """
    found = _constellations(patterns)
    grids = [_grid(found, offset) for offset in OFFSETS]
    edges = np.arange(0, len(patterns) + AT_ONCE, AT_ONCE)
    guessed: list[Guess] = []
    for begin, end in pairwise(np.searchsorted(found.photograph[found.start], edges).tolist()):
        guessed += _voted(found, *_alike(found, grids, begin, end), patterns)
    return guessed


def _constellations(patterns: Sequence[Pattern]) -> _Constellations:
    chosen = np.array(list(combinations(range(1, NEIGHBOURS + 1), CELLS - 1)))
    cells = [len(pattern.points) for pattern in patterns]
    room = sum(cells) * len(chosen)
    start, end = np.empty(room, np.int32), np.empty(room, np.int32)
    code = np.empty((room, 2 * (CELLS - 2)), np.float32)
    filled = 0
    for pattern, before in zip(patterns, np.cumsum([0, *cells]).tolist(), strict=False):
        sets = _sets_of(pattern.points, chosen)
        part = slice(filled, filled + len(sets))
        outermost, code[part] = _described(pattern.points[sets])
        start[part], end[part] = before + np.take_along_axis(sets, outermost, axis=1).T
        filled = part.stop
    points = np.concatenate([np.empty(0), *(pattern.points for pattern in patterns)]).astype(np.complex64)
    photograph = np.repeat(np.arange(len(patterns), dtype=np.int32), cells)
    return _Constellations(points, photograph, start[:filled], end[:filled], code[:filled])


def _sets_of(points: NDArray[np.complex128], chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """(K, CELLS): the points of each constellation of one photograph, by their positions."""
    if len(points) < CELLS:
        return np.empty((0, CELLS), np.int64)
    at = np.stack([points.real, points.imag], axis=1)
    _, nearest = KDTree(at).query(at, k=NEIGHBOURS + 1, distance_upper_bound=FARTHEST)
    if _is_lattice(points, nearest):
        return np.empty((0, CELLS), np.int64)
    around = nearest[:, chosen].reshape(-1, CELLS - 1)
    sets = np.concatenate([np.repeat(nearest[:, 0], len(chosen))[:, None], around], axis=1)
    sets = np.sort(sets[(sets < len(points)).all(axis=1)], axis=1)
    # Each set once: several of its cells have the others for neighbours.
    _, first = np.unique(sets @ len(points) ** np.arange(CELLS), return_index=True)
    return np.asarray(sets[first], np.int64)


def _described(cells: NDArray[np.complex128]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Which two of each constellation's cells are its start and end, and its description."""
    pairs = np.array(list(combinations(range(CELLS), 2)))
    outermost = pairs[np.abs(cells[:, pairs[:, 0]] - cells[:, pairs[:, 1]]).argmax(axis=1)]
    rows = np.arange(len(cells))[:, None]
    start, end = cells[rows, outermost].T
    inner = np.ones(cells.shape, bool)
    inner[rows, outermost] = False
    between = (cells[inner].reshape(-1, CELLS - 2) - start[:, None]) / (end - start)[:, None]
    # Which of the two is the start, and the order of the others, follow from the picture alone.
    swapped = (between.real.sum(axis=1) > (CELLS - 2) / 2)[:, None]
    between = np.sort(np.where(swapped, 1 - between, between), axis=1)
    code = np.concatenate([between.real, between.imag], axis=1)
    return np.where(swapped, outermost[:, ::-1], outermost), code


def _is_lattice(points: NDArray[np.complex128], nearest: NDArray[np.int64]) -> bool:
    """Whether points lie so regularly that they fit themselves when shifted, as cells never do."""
    ends = np.append(points, np.nan)[nearest[:, 1:]]  # NaN where there is no such neighbour
    steps = ((ends - points[:, None]) / LATTICE_STEP).round()
    _, alike = np.unique(steps[np.isfinite(steps)], return_counts=True)
    return bool(alike.size and alike.max() > LATTICE_SHARE * len(points))


def _grid(found: _Constellations, offset: float) -> _Grid:
    parts = [slice(begin, begin + PART) for begin in range(0, len(found), PART)]
    boxes = np.concatenate([np.empty(0, np.int64), *(_boxes(found, part, offset) for part in parts)])
    order = np.argsort(boxes, kind="stable").astype(np.int32)  # in each box by photograph, as they come
    boxes = boxes[order]
    return _Grid(order, np.concatenate([[True], boxes[1:] != boxes[:-1], [True]]))


def _boxes(found: _Constellations, part: slice, offset: float) -> NDArray[np.int64]:
    """The number of the box that each lies in."""
    boxes = _box(np.log(np.abs(found.span(part))) / SIZE_STEP, offset) + 32
    for column in found.code[part].T:
        boxes = boxes * 64 + _box(column / CODE_STEP, offset) + 32
    return boxes


def _alike(
    found: _Constellations, grids: Sequence[_Grid], begin: int, end: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of constellations of two photographs with one description, each pair once, by their positions.

    The first is one from `begin` to `end`, the second of a later photograph.
    """
    pairs = [np.empty(0, np.int64)]
    for grid in grids:
        for first, second in _neighbours(grid, begin, end):
            ratio = np.log(np.abs(found.span(first))) - np.log(np.abs(found.span(second)))
            alike = np.abs(ratio) < LARGEST_SCALE
            first, second = first[alike], second[alike]
            alike = (np.abs(found.code[first] - found.code[second]) < SAME_CODE).all(axis=1)
            alike &= found.photograph[found.start[first]] != found.photograph[found.start[second]]
            pairs.append(first[alike].astype(np.int64) * len(found) + second[alike])
    both = np.unique(np.concatenate(pairs))
    return both // max(1, len(found)), both % max(1, len(found))


def _neighbours(grid: _Grid, begin: int, end: int) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32]]]:
    """What lies in one box, at most `LINKS` places apart there, the first of it from `begin` to `end`."""
    at = np.flatnonzero((grid.order >= begin) & (grid.order < end))
    for apart in range(1, LINKS + 1):
        at = at[~grid.begins[at + apart]]
        yield grid.order[at], grid.order[at + apart]


def _voted(
    found: _Constellations,
    one: NDArray[np.int64],
    other: NDArray[np.int64],
    patterns: Sequence[Pattern],
) -> list[Guess]:
    """Of each pair of photographs the alignment that most constellations ask for, `VOTES` at least."""
    first, second = (found.photograph[found.start[which]].astype(np.int64) for which in (one, other))
    turn = found.span(other) / found.span(one)
    middles = np.array([complex(pattern.width, pattern.height) / 2 for pattern in patterns])
    at = found.points[found.start[other]] + turn * (middles[first] - found.points[found.start[one]])
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
