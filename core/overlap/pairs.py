"""All pairs of a slide's photographs that overlap."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.overlap.alignment import Alignment, aligned, tree_of
from core.overlap.constellations import Pattern, guesses


@dataclass(frozen=True)
class Overlap:
    """Two photographs that share a part of the smear, by their positions in the slide, and how they lie."""

    first: int
    second: int
    alignment: Alignment


def overlaps(patterns: Sequence[Pattern]) -> list[Overlap]:
    """Find them by the constellations of their cells, in n log n; in the order of their positions.

    The result depends on the patterns and their order alone.
    """
    trees = [tree_of(pattern.points) for pattern in patterns]
    found = []
    for guess in guesses(patterns):
        alignment = aligned(
            guess, patterns[guess.first], patterns[guess.second], trees[guess.second], len(patterns)
        )
        if alignment is not None and alignment.holds:
            found.append(Overlap(guess.first, guess.second, alignment))
    return sorted(found, key=lambda overlap: (overlap.first, overlap.second))
