"""A small line chart as SVG, to stand in an HTML page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 300, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 26, 24
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_STEPS_OF_X = tuple(step * 10**power for power in range(9) for step in (1, 2, 5))


@dataclass(frozen=True)
class Line:
    """One line of a chart.

    Attributes
    ----------
    name
        Shown with its points; the CSS class of line and points.
    points
        x and y; one whose y is NaN is left out.
    """

    name: str
    points: tuple[tuple[float, float], ...]


def line_chart(title: str, lines: Sequence[Line], mark: float) -> str:
    """Draw lines over whole numbers, epochs for example.

    Lines and points are of the classes `line` and `point` and of that of their name, axes of `axis`, for the
    page's style sheet. Each point tells its values to who rests on it.

    Parameters
    ----------
    title
        Above the chart.
    lines
        In the order they are drawn.
    mark
        A place on the x axis that a dashed line goes through.

    Returns
    -------
    An `svg` element; without any point it says that there is none.
    """
    known = [(x, y) for line in lines for x, y in line.points if math.isfinite(y)]
    head = (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}">'
        f'<text x="{_LEFT}" y="15" class="title">{escape(title)}</text>'
    )
    if not known:
        return f'{head}<text x="{_LEFT}" y="{_HEIGHT // 2}">nothing is defined</text></svg>'
    ticks = round_ticks(min(y for _, y in known), max(y for _, y in known))
    first, last = min(x for x, _ in known), max(x for x, _ in known)

    def across(x: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (x - first) / max(last - first, 1)

    def down(y: float) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * (y - ticks[0]) / (ticks[-1] - ticks[0])

    parts = [head]
    for tick in ticks:
        y = down(tick)
        parts.append(
            f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text x="{_LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{tick:.4g}</text>'
        )
    every = next(step for step in _STEPS_OF_X if step >= (last - first) / 8)
    for number in range(math.ceil(first), math.floor(last) + 1):
        if number % every == 0:
            parts.append(
                f'<text x="{across(number):.1f}" y="{_HEIGHT - 7}" text-anchor="middle">{number}</text>'
            )
    if first <= mark <= last:
        x = across(mark)
        parts.append(f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>')
    for line in lines:
        name = escape(line.name)
        points = [(x, y) for x, y in line.points if math.isfinite(y)]
        places = " ".join(f"{across(x):.1f},{down(y):.1f}" for x, y in points)
        parts.append(f'<polyline class="line {name}" points="{places}"/>')
        parts += [
            f'<circle class="point {name}" cx="{across(x):.1f}" cy="{down(y):.1f}" r="2.6">'
            f"<title>{name}, {x:g}: {y:.4g}</title></circle>"
            for x, y in points
        ]
    return "".join([*parts, "</svg>"])


def round_ticks(least: float, largest: float) -> list[float]:
    """Three to six round numbers, the first not above the least value, the last not below the largest."""
    width = largest - least
    if width < 1e-9:
        # All alike: a range of its own, or the line would lie on the axis.
        least, largest, width = least - 0.5, largest + 0.5, 1.0
    rough = width / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * one for one in _STEPS if power * one >= rough * 0.999)
    low, high = math.floor(least / step + 1e-9), math.ceil(largest / step - 1e-9)
    return [number * step for number in range(low, high + 1)]
