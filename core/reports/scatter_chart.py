"""A chart of named dots over two figures, as SVG, to stand in an HTML page."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from core.reports.line_chart import round_ticks

WIDTH, HEIGHT = 760, 430
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 14, 34, 44
_RADIUS = 4.5
_LETTER, _LINE = 6.4, 13.0
"""Width and height that a letter of a name is given; names are in letters of 11."""
_NEAREST, _FURTHEST, _STEP = 8, 400, 8
_WAYS = ((1, 0), (-1, 0), (1, -1), (1, 1), (-1, -1), (-1, 1), (0, -1), (0, 1))


@dataclass(frozen=True)
class Dot:
    """One dot of a chart.

    Attributes
    ----------
    name
        Written beside it.
    x, y
        One with a NaN is left out.
    marked
        A filled diamond, its name bold, instead of a ring.
    """

    name: str
    x: float
    y: float
    marked: bool


@dataclass(frozen=True)
class Box:
    """Edges of a place in the picture."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Whether they have a point in common that is on no edge."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


def scatter_chart(
    title: str, axes: tuple[str, str], dots: Sequence[Dot], front: Sequence[tuple[float, float]]
) -> str:
    """Draw dots with their names, and a line of steps that bounds what a front is better than.

    For the page's style sheet, dots are of the class `dot` and names of `label`, the lines between them of
    `leader`, the steps of `front`, axes of `axis`; marked dots and their names are `marked` too. Each dot
    tells its values to who rests on it.

    Parameters
    ----------
    title
        Above the chart.
    axes
        What x and y are.
    dots
        In the order they are drawn.
    front
        x and y of the corners: of each pair, one has the higher x and the other the higher y.

    Returns
    -------
    An `svg` element; without any dot it says that there is none.
    """
    known = [dot for dot in dots if math.isfinite(dot.x) and math.isfinite(dot.y)]
    parts = [
        f'<svg class="scatter" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f'<text x="{_LEFT}" y="17" class="title">{escape(title)}</text>'
    ]
    if not known:
        return f'{parts[0]}<text x="{_LEFT}" y="{HEIGHT // 2}">nothing is defined</text></svg>'
    across = round_ticks(min(dot.x for dot in known), max(dot.x for dot in known))
    up = round_ticks(min(dot.y for dot in known), max(dot.y for dot in known))

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            _LEFT + (WIDTH - _LEFT - _RIGHT) * (x - across[0]) / (across[-1] - across[0]),
            HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * (y - up[0]) / (up[-1] - up[0]),
        )

    parts += _axes(axes, [(x, place(x, up[0])[0]) for x in across], [(y, place(across[0], y)[1]) for y in up])
    steps = list(_steps([place(*corner) for corner in sorted(front)])) if front else []
    if steps:
        corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in steps)
        parts.append(f'<polyline class="front" points="{corners}"/>')
    places = [place(dot.x, dot.y) for dot in known]
    boxes = label_boxes([dot.name for dot in known], places, steps)
    for dot, (x, y), box in zip(known, places, boxes, strict=True):
        parts.append(_leader(x, y, box))
        marked = " marked" if dot.marked else ""
        values = f"{axes[0]}: {dot.x:.4g}; {axes[1]}: {dot.y:.4g}"
        hint = f"<title>{escape(f'{dot.name} ({values})')}</title>"
        parts.append(f'<path class="dot{marked}" d="{_outline(x, y, marked=dot.marked)}">{hint}</path>')
        parts.append(
            f'<text class="label{marked}" x="{box.left:.1f}" y="{box.bottom - 3:.1f}">'
            f"{escape(dot.name)}</text>"
        )
    return "".join([*parts, "</svg>"])


def label_boxes(
    names: Sequence[str], places: Sequence[tuple[float, float]], steps: Sequence[tuple[float, float]]
) -> list[Box]:
    """Find a box for each name, near its place, within the axes, clear of all places, steps and other names.

    A name that no such box is found for, in a chart that is full, lies right of its place.
    """
    taken = [Box(x - _RADIUS, y - _RADIUS, x + _RADIUS, y + _RADIUS) for x, y in places]
    taken += [
        Box(min(x, other_x) - 1, min(y, other_y) - 1, max(x, other_x) + 1, max(y, other_y) + 1)
        for (x, y), (other_x, other_y) in pairwise(steps)
    ]
    whole = Box(_LEFT, _TOP, WIDTH - _RIGHT, HEIGHT - _BOTTOM)
    found = []
    for name, (x, y) in zip(names, places, strict=True):
        candidates = list(_candidates(x, y, _LETTER * len(name)))
        box = next(
            (one for one in candidates if _within(one, whole) and not any(map(one.meets, taken))),
            candidates[0],
        )
        taken.append(box)
        found.append(box)
    return found


def _candidates(x: float, y: float, width: float) -> Iterator[Box]:
    for reach in range(_NEAREST, _FURTHEST, _STEP):
        for right, down in _WAYS:
            middle_x = x + right * (reach + width / 2)
            middle_y = y + down * (reach + _LINE / 2)
            yield Box(middle_x - width / 2, middle_y - _LINE / 2, middle_x + width / 2, middle_y + _LINE / 2)


def _within(box: Box, whole: Box) -> bool:
    return (
        whole.left <= box.left
        and box.right <= whole.right
        and whole.top <= box.top
        and box.bottom <= whole.bottom
    )


def _axes(
    names: tuple[str, str], across: Sequence[tuple[float, float]], up: Sequence[tuple[float, float]]
) -> Iterator[str]:
    low = HEIGHT - _BOTTOM
    for value, x in across:
        yield (
            f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{low}"/>'
            f'<text x="{x:.1f}" y="{low + 15}" text-anchor="middle">{value:.4g}</text>'
        )
    for value, y in up:
        yield (
            f'<line class="axis" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{value:.4g}</text>'
        )
    yield (
        f'<text x="{WIDTH - _RIGHT}" y="{HEIGHT - 8}" text-anchor="end">{escape(names[0])}</text>'
        f'<text x="12" y="{_TOP}" text-anchor="end" transform="rotate(-90 12 {_TOP})">'
        f"{escape(names[1])}</text>"
    )


def _steps(corners: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """From the left edge, down at each corner, to the lower one."""
    yield _LEFT, corners[0][1]
    for number, (x, y) in enumerate(corners):
        yield x, y
        yield x, corners[number + 1][1] if number + 1 < len(corners) else HEIGHT - _BOTTOM


def _leader(x: float, y: float, box: Box) -> str:
    """A line from a dot to its name, where that is not next to it."""
    end_x, end_y = min(max(x, box.left), box.right), min(max(y, box.top), box.bottom)
    if math.hypot(end_x - x, end_y - y) < 2 * _NEAREST:
        return ""
    return f'<line class="leader" x1="{x:.1f}" y1="{y:.1f}" x2="{end_x:.1f}" y2="{end_y:.1f}"/>'


def _outline(x: float, y: float, *, marked: bool) -> str:
    radius = _RADIUS
    if marked:
        return f"M{x:.1f} {y - radius:.1f}l{radius} {radius} {-radius} {radius} {-radius} {-radius}z"
    arc = f"a{radius} {radius} 0 1 0 "
    return f"M{x - radius:.1f} {y:.1f}{arc}{2 * radius} 0{arc}{-2 * radius} 0z"
