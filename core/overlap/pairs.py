"""All pairs of a slide's photographs that overlap."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import compress

from core.overlap.alignment import Alignment, aligned, tree_of
from core.overlap.constellations import Pattern, guesses


@dataclass(frozen=True)
class Overlap:
    """Two photographs that share a part of the smear, by their positions in the slide, and how they lie."""

    first: int
    second: int
    alignment: Alignment


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
    found, doubtful = [], []
    for guess in guesses(patterns):
        alignment = aligned(
            guess, patterns[guess.first], patterns[guess.second], trees[guess.second], len(patterns)
        )
        if alignment is not None and alignment.holds:
            found.append(Overlap(guess.first, guess.second, alignment))
        elif alignment is not None and alignment.is_doubtful:
            doubtful.append(Overlap(guess.first, guess.second, alignment))
    found += compress(doubtful, same_pictures(doubtful))
    return sorted(found, key=lambda overlap: (overlap.first, overlap.second))
