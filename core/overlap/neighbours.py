"""Which photographs are worth laying on each other: those that follow each other, and neighbours of theirs.

A slide is photographed field by field, so a photograph overlaps the next one, if any. Where rows of them lie
side by side, the placements found along the rows tell which of two rows meet.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence

import numpy as np

from core.overlap.alignment import corners
from core.overlap.constellations import Pattern
from core.overlap.pairs import Overlap
from core.overlap.placement import Placement
from core.overlap.registration import LARGEST_SHARE

PAIRS = 1000
"""Pairs that are looked at on a slide of few photographs, even if fewer follow each other: of 45, all."""
AROUND = 0.5
"""Cell widths added around a photograph: where it lies is implied by way of many, each a little off."""
IMPLIED_EACH = 4
"""Most pairs that are implied, over the photographs: each has eight around it, and a pair has two."""


def pairs_in_order(photographs: int) -> list[tuple[int, int]]:
    """Pairs of so many photographs, by their positions: those in a row, then those one apart, and so on."""
    pairs: list[tuple[int, int]] = []
    for apart in range(1, photographs):
        if pairs and len(pairs) + photographs - apart > PAIRS:
            break
        pairs += [(first, first + apart) for first in range(photographs - apart)]
    return pairs


def implied_pairs(found: Sequence[Overlap], patterns: Sequence[Pattern]) -> list[tuple[int, int]]:
    """Pairs of all photographs that share some of their border by way of overlaps that are found."""
    implied: list[tuple[int, int]] = []
    for placements in _mosaics(found):
        numbers = np.array(sorted(placements))
        frames = [placements[number].of(corners(patterns[number])) for number in numbers.tolist()]
        begin = np.array([(frame.real.min(), frame.imag.min()) for frame in frames]) - AROUND
        end = np.array([(frame.real.max(), frame.imag.max()) for frame in frames]) + AROUND
        shared = np.minimum(end[:, None], end[None]) - np.maximum(begin[:, None], begin[None])
        share = shared.clip(0).prod(axis=2) / (end - begin).prod(axis=1)
        first, second = np.nonzero(np.triu((share > 0) & (share < LARGEST_SHARE)))
        implied += zip(numbers[first].tolist(), numbers[second].tolist(), strict=True)
    return sorted(implied)[: IMPLIED_EACH * len(patterns)]


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
