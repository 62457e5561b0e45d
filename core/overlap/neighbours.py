"""Which photographs are worth laying on each other: those that follow each other, and neighbours of theirs.

A slide is photographed field by field, so a photograph overlaps the next one, if any. Where rows of them lie
side by side, the placements found along the rows tell which of two rows meet.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence, Set

import numpy as np

from core.overlap.alignment import corners
from core.overlap.constellations import Pattern
from core.overlap.pairs import Overlap
from core.overlap.placement import Placement
from core.overlap.registration import LARGEST_SHARE

APART = 3
"""Places in the order of the names up to which photographs are looked at, once any two of the slide overlap:
one between may be taken twice."""
AROUND = 0.5
"""Cell widths added around a photograph: where it lies is implied by way of many, each a little off."""
IMPLIED_EACH = 4
"""Most pairs that are implied, over the photographs: each has eight around it, and a pair has two."""


def pairs_in_order(photographs: int, apart: int) -> list[tuple[int, int]]:
    """Pairs of so many photographs, by their positions: each with so many of the next, one after another."""
    return [
        (first, second)
        for first in range(photographs)
        for second in range(first + 1, min(photographs, first + apart + 1))
    ]


def implied_pairs(
    found: Sequence[Overlap], patterns: Sequence[Pattern], tried: Set[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Pairs of all photographs, but those tried, that share some border by way of overlaps that are found."""
    implied: list[tuple[int, int]] = []
    for placements in _mosaics(found):
        numbers = np.array(sorted(placements))
        frames = np.stack([placements[number].of(corners(patterns[number])) for number in numbers.tolist()])
        begin = np.stack([frames.real.min(axis=1), frames.imag.min(axis=1)], axis=1) - AROUND
        end = np.stack([frames.real.max(axis=1), frames.imag.max(axis=1)], axis=1) + AROUND
        # From left to right, each with those that begin before it ends: few, and no table of all pairs.
        order = np.argsort(begin[:, 0], kind="stable")
        numbers, begin, end = numbers[order], begin[order], end[order]
        until = np.searchsorted(begin[:, 0], end[:, 0])
        for one, last in enumerate(until.tolist()):
            others = slice(one + 1, last)
            shared = np.minimum(end[one], end[others]) - np.maximum(begin[one], begin[others])
            smaller = np.minimum((end[one] - begin[one]).prod(), (end[others] - begin[others]).prod(axis=1))
            share = shared.clip(0).prod(axis=1) / smaller
            beside = numbers[others][(share > 0) & (share < LARGEST_SHARE)].tolist()
            first = int(numbers[one])
            implied += [(min(first, other), max(first, other)) for other in beside]
    return sorted(set(implied) - tried)


def _mosaics(found: Sequence[Overlap]) -> Iterator[dict[int, Placement]]:
    """How photographs that hang together lie on one of them, by their positions."""
    beside: dict[int, list[tuple[int, Placement]]] = defaultdict(list)
    for overlap in found:
        beside[overlap.first].append((overlap.second, overlap.placement.backwards))
        beside[overlap.second].append((overlap.first, overlap.placement))
    placed: dict[int, Placement] = {}
    for root in beside:
        if root in placed:
            continue
        mosaic = {root: Placement(1, 0)}
        waiting = deque([root])
        while waiting:
            number = waiting.popleft()
            for other, on_number in beside[number]:
                if other not in mosaic:
                    mosaic[other] = on_number.then(mosaic[number])
                    waiting.append(other)
        placed |= mosaic
        yield mosaic
