"""Whether one photograph lies on another as supposed: cells that agree, against what chance would give."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree
from scipy.special import betainc

from core.overlap.constellations import Guess, Pattern

REACHES = (0.4, 0.2, 0.1)
"""Distances, in cell widths, within which cells are paired while the alignment is refined."""
REACH = 0.08
"""The last of them: of cells located on both of two pictures of one place, 9 in 10 lie closer."""
FIXED = 2
"""Pairs of cells that an alignment is fixed by: they agree whatever it is."""
LEAST_MATCHED = 6
LEAST_SHARE = 0.5
"""Share of the cells there that must agree: specks on the camera's glass, on all its pictures, are few."""
CHANCE_WRONG = 1e-3
"""Pairs of photographs of different places that a slide may give by chance, on average."""
WORTH_COMPARING = 1e6
"""The same, up to which the two pictures decide: of so many alignments nearly all are never guessed."""


@dataclass(frozen=True)
class Alignment:
    """How one photograph lies on another.

    Attributes
    ----------
    turn, shift
        A point z of the first lies at ``turn * z + shift`` on the second, both in their own cell widths.
    matched
        Cells that both show at one place.
    share
        Those over the cells that lie where both photographs do, on the one that shows fewer.
    wrong_by_chance
        Logarithm, to base 10, of how many alignments as good a slide of photographs that nowhere overlap
        would give.
    """

    turn: complex
    shift: complex
    matched: int
    share: float
    wrong_by_chance: float

    @property
    def holds(self) -> bool:
        """Whether the photographs overlap, by their cells alone."""
        return self.wrong_by_chance <= math.log10(CHANCE_WRONG)

    @property
    def is_doubtful(self) -> bool:
        """Whether the cells alone do not tell, and the pictures are to be compared."""
        return not self.holds and self.wrong_by_chance <= math.log10(WORTH_COMPARING)


def tree_of(points: NDArray[np.complex128]) -> KDTree:
    """For `one_to_one`."""
    return KDTree(np.stack([points.real, points.imag], axis=1))


def one_to_one(
    points: NDArray[np.complex128], others: KDTree, reach: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of points and others that lie within reach of each other, each of them once at most."""
    distance, other = others.query(np.stack([points.real, points.imag], axis=1), distance_upper_bound=reach)
    near = np.argsort(distance, kind="stable")[: int(np.isfinite(distance).sum())]
    _, nearest = np.unique(other[near], return_index=True)
    kept = np.sort(near[nearest])
    return kept, other[kept]


def aligned(
    guess: Guess, first: Pattern, second: Pattern, tree: KDTree, photographs: int
) -> Alignment | None:
    """Refine a guess on the cells that agree, and judge it; None where too few do.

    With n cells of the first on the second, of which the second shows m an area, a cell agrees by chance
    with probability ``p = m π REACH²``. An alignment is fixed by two pairs of cells, so k agree by chance
    with ``P(Binomial(n - 2, p) ≥ k - 2)`` (a contrario, as Moulon et al. 2012). That is multiplied by the
    number of alignments there are: pairs of photographs, times each cell laid on each, times the turns that
    can be told apart.

    Parameters
    ----------
    tree
        `tree_of` the second's points.
    photographs
        How many the slide has.
    """
    turn, shift = guess.turn, guess.shift
    one, other = one_to_one(turn * first.points + shift, tree, REACHES[0])
    for reach in (*REACHES[1:], REACH):
        if len(one) < LEAST_MATCHED:
            return None
        there = second.points[other]
        here = first.points[one]
        from_middle = here - here.mean()
        turn = complex((from_middle.conj() * there).sum() / (np.abs(from_middle) ** 2).sum())
        shift = complex(there.mean() - turn * here.mean())
        one, other = one_to_one(turn * first.points + shift, tree, reach)
    matched = len(one)
    shown = int(inside(turn * first.points + shift, second).sum())
    shown_by_second = int(inside((second.points - shift) / turn, first).sum())
    fewer = max(1, min(shown, shown_by_second))
    if matched < max(LEAST_MATCHED, LEAST_SHARE * fewer):
        return None
    agrees = min(1.0, max(1, shown_by_second) * np.pi * REACH**2 / shared_area(turn, shift, first, second))
    turns = np.pi * abs(complex(first.width, first.height)) / REACH
    alignments = photographs * (photographs - 1) / 2 * len(first.points) * len(second.points) * turns
    free, fit = max(shown, matched) - FIXED, matched - FIXED
    with np.errstate(divide="ignore"):
        chance = np.log10(betainc(fit, free - fit + 1, agrees))  # so many of the free ones fit, or more
    wrong_by_chance = float(chance + np.log10(alignments))
    return Alignment(turn, shift, matched, matched / fewer, wrong_by_chance)


def corners(pattern: Pattern) -> NDArray[np.complex128]:
    """Of the photograph, in its cell widths."""
    width, height = pattern.width, pattern.height
    return np.array([0, width, complex(width, height), complex(0, height)])


def shared_area(turn: complex, shift: complex, first: Pattern, second: Pattern) -> float:
    """Area that both photographs show, in squares of the second's cell width."""
    moved = turn * corners(first) + shift
    area, _ = cv2.intersectConvexConvex(_as_polygon(moved), _as_polygon(corners(second)))
    return max(float(area), np.pi * REACH**2)


def _as_polygon(corners: NDArray[np.complex128]) -> NDArray[np.float32]:
    return np.stack([corners.real, corners.imag], axis=1).astype(np.float32)


def inside(points: NDArray[np.complex128], pattern: Pattern, margin: float = 0.0) -> NDArray[np.bool_]:
    """Which points lie on a photograph, so many cell widths from its border or more."""
    across = (points.real > margin) & (points.real < pattern.width - margin)
    return np.asarray(across & (points.imag > margin) & (points.imag < pattern.height - margin))
