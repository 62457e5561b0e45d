"""All pairs of a slide's photographs that overlap."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress

from core.overlap.alignment import aligned, tree_of
from core.overlap.constellations import Pattern, guesses
from core.overlap.placement import Placement


@dataclass(frozen=True)
class Overlap:
    """Two photographs that share a part of the smear, by their positions in the slide, and how they lie."""

    first: int
    second: int
    placement: Placement


def overlaps(
    patterns: Sequence[Pattern], same_pictures: Callable[[Sequence[Overlap]], Sequence[bool]]
) -> list[Overlap]:
    """Find them by the constellations of their cells; in the order of their positions.

    By chance some 4 to 6 of a hundred pairs of photographs are alike enough to be tried, so the time it takes
    grows as the square of their number in the end: `benchmarks.overlaps` measures it for 2,000.

    The result depends on the patterns, their order and what `same_pictures` says, on nothing else.

    Parameters
    ----------
    same_pictures
        Says of overlaps that few cells speak for whether the photographs show one thing there
        (`core.overlap.pictures.correlation`).
    """
    trees = [tree_of(pattern.points) for pattern in patterns]
    found: dict[tuple[int, int], Overlap] = {}
    doubtful = []
    for guess in guesses(patterns):
        first, second = patterns[guess.first], patterns[guess.second]
        if guess.is_mirrored:
            first = first.upside_down
        alignment = aligned(guess, first, second, trees[guess.second], len(patterns))
        if alignment is None:
            continue
        placement = Placement(alignment.turn, alignment.shift)
        if guess.is_mirrored:
            placement = placement.of_upside_down(first.height)
        overlap = Overlap(guess.first, guess.second, placement)
        if alignment.holds:
            found.setdefault((guess.first, guess.second), overlap)
        elif alignment.is_doubtful:
            doubtful.append(overlap)
    for overlap in compress(doubtful, same_pictures(doubtful)):
        found.setdefault((overlap.first, overlap.second), overlap)
    return [found[pair] for pair in sorted(found)]
