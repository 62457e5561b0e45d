"""The arms that no other arm is better than."""

import math
from collections.abc import Sequence

FRONT = ("accuracy", "epg", "pixel_overlap")
"""Figures, by `core.study.table.Column.key`, that the front of a study is taken over; more is better."""


def dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether `one` is as good as `other` in every figure and better in one (Pareto); NaN never is."""
    pairs = list(zip(one, other, strict=True))
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


def on_front(points: Sequence[Sequence[float]]) -> tuple[bool, ...]:
    """Whether each of N points is one that no other dominates.

    Points that are alike are on the front together. One with a NaN is not on it, and dominates none.
    """
    return tuple(
        not any(math.isnan(value) for value in point) and not any(dominates(other, point) for other in points)
        for point in points
    )
