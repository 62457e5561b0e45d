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
"""Of two grids of boxes: what a border of one parts is together in the other. Mirrored copies share so many
constellations that one grid will do."""
MIRROR = np.array([1.0] * (CELLS - 2) + [-1.0] * (CELLS - 2), np.float32)
"""What a description of the mirror image is multiplied with."""
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
MIRRORED_VOTES = 3
"""The same for mirror images: they are copies of the whole, and share more than chance gives."""


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

    @property
    def upside_down(self) -> "Pattern":
        """That of the picture mirrored: its lowest row is the first."""
        return Pattern(self.points.conj() + 1j * self.height, self.width, self.height)


@dataclass(frozen=True, slots=True)
class Guess:
    """How one photograph may lie on another.

    Attributes
    ----------
    first, second
        Their positions in the slide, the first before the second.
    turn, shift
        A point z of the first lies at ``turn * z + shift`` on the second.
    is_mirrored
        Whether the first is upside down there (`Pattern.upside_down`).
    """

    first: int
    second: int
    turn: complex
    shift: complex
    is_mirrored: bool = False


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
    edges = np.arange(0, len(patterns) + AT_ONCE, AT_ONCE)
    bounds = np.searchsorted(found.photograph[found.start], edges).tolist()
    return [
        guess
        for is_mirrored in (False, True)
        for guess in _guessed(found, patterns, bounds, is_mirrored=is_mirrored)
    ]


def _guessed(
    found: _Constellations, patterns: Sequence[Pattern], bounds: Sequence[int], *, is_mirrored: bool
) -> Iterator[Guess]:
    """The guesses, a few photographs after another: their constellations lie between two of the bounds."""
    offsets = OFFSETS[:1] if is_mirrored else OFFSETS
    grids = [_grid(found, offset, is_mirrored=is_mirrored) for offset in offsets]
    for begin, end in pairwise(bounds):
        one, other = _alike(found, grids, begin, end, is_mirrored=is_mirrored)
        yield from _voted(found, one, other, patterns, is_mirrored=is_mirrored)


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
    nearest = _nearest(points)
    if _repeats(points, nearest):
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


def is_lattice(points: NDArray[np.complex128]) -> bool:
    """Whether points lie so regularly that they fit themselves when shifted, as cells never do.

    Fewer than a constellation has do not tell: two have one step between them.
    """
    return len(points) >= CELLS and _repeats(points, _nearest(points))


def _nearest(points: NDArray[np.complex128]) -> NDArray[np.int64]:
    """(N, 1 + NEIGHBOURS): each point and the nearest others, by their positions; N where there is none."""
    at = np.stack([points.real, points.imag], axis=1)
    return np.asarray(KDTree(at).query(at, k=NEIGHBOURS + 1, distance_upper_bound=FARTHEST)[1], np.int64)


def _repeats(points: NDArray[np.complex128], nearest: NDArray[np.int64]) -> bool:
    ends = np.append(points, np.nan)[nearest[:, 1:]]  # NaN where there is no such neighbour
    steps = ((ends - points[:, None]) / LATTICE_STEP).round()
    _, alike = np.unique(steps[np.isfinite(steps)], return_counts=True)
    return bool(alike.size and alike.max() > LATTICE_SHARE * len(points))


def _grid(found: _Constellations, offset: float, *, is_mirrored: bool) -> _Grid:
    parts = [slice(begin, begin + PART) for begin in range(0, len(found), PART)]
    in_parts = (_boxes(found, part, offset, is_mirrored=is_mirrored) for part in parts)
    boxes = np.concatenate([np.empty(0, np.int64), *in_parts])
    order = np.argsort(boxes, kind="stable").astype(np.int32)  # in each box by photograph, as they come
    boxes = boxes[order]
    return _Grid(order, np.concatenate([[True], boxes[1:] != boxes[:-1], [True]]))


def _boxes(found: _Constellations, part: slice, offset: float, *, is_mirrored: bool) -> NDArray[np.int64]:
    """The number of the box that each lies in; the same for mirror images where these are to be found."""
    boxes = _box(np.log(np.abs(found.span(part))) / SIZE_STEP, offset) + 32
    code = found.code[part]
    # Of a constellation and its mirror image, the one whose inner cells lie to one side.
    on_left = is_mirrored & (code[:, CELLS - 2 :].sum(axis=1) < 0)
    for column, mirrored in zip(code.T, MIRROR, strict=True):
        seen = np.where(on_left, column * mirrored, column)
        boxes = boxes * 64 + _box(seen / CODE_STEP, offset) + 32
    return boxes


def _alike(
    found: _Constellations, grids: Sequence[_Grid], begin: int, end: int, *, is_mirrored: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of constellations of two photographs with one description, each pair once, by their positions.

    The first is one from `begin` to `end`, the second of a later photograph.
    """
    pairs = [np.empty(0, np.int64)]
    as_seen = MIRROR if is_mirrored else np.ones_like(MIRROR)
    for grid in grids:
        for first, second in _neighbours(grid, begin, end):
            ratio = np.log(np.abs(found.span(first))) - np.log(np.abs(found.span(second)))
            alike = np.abs(ratio) < LARGEST_SCALE
            first, second = first[alike], second[alike]
            alike = (np.abs(found.code[first] * as_seen - found.code[second]) < SAME_CODE).all(axis=1)
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
    *,
    is_mirrored: bool,
) -> list[Guess]:
    """Of each pair of photographs the alignment that most constellations ask for, if enough do."""
    enough = MIRRORED_VOTES if is_mirrored else VOTES
    first, second = (found.photograph[found.start[which]].astype(np.int64) for which in (one, other))
    middles = np.array([complex(pattern.width, pattern.height) / 2 for pattern in patterns])
    span, from_start = found.span(one), middles[first] - found.points[found.start[one]]
    if is_mirrored:  # upside down, with the middle where it was
        span, from_start = span.conj(), from_start.conj()
    turn = found.span(other) / span
    at = found.points[found.start[other]] + turn * from_start
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
        for begin, size in zip(begins[sizes >= enough], sizes[sizes >= enough].tolist(), strict=True):
            rows = order[begin : begin + size]
            pair = int(first[rows[0]]), int(second[rows[0]])
            if pair not in best or size > best[pair][0]:
                mean = complex(turn[rows].mean())
                shift = complex(at[rows].mean()) - mean * middles[pair[0]]
                best[pair] = size, Guess(*pair, mean, shift, is_mirrored)
    return [best[pair][1] for pair in sorted(best)]


def _box(values: NDArray[np.floating], offset: float) -> NDArray[np.int64]:
    boxes: NDArray[np.int64] = np.floor(values + offset).astype(np.int64)
    return boxes
