"""Which objects of overlapping photographs are one, whatever each photograph makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.overlap.alignment import one_to_one, tree_of
from core.overlap.pairs import Overlap

SAME_PLACE = 0.5
"""Distance of two objects' centres, in cell widths, within which they are one: half of a cell that the border
cuts has its centre a quarter aside, and two whole cells are .8 apart and more."""


@dataclass(frozen=True, eq=False)
class SharedObjects:
    """Pairs of objects, one of either photograph, that are one.

    Attributes
    ----------
    first, second
        Positions of the objects.
    apart
        How far each two of them lie from each other when one photograph is laid on the other, in cell widths.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    apart: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.first)


def shared_objects(
    overlap: Overlap, first: NDArray[np.complex128], second: NDArray[np.complex128]
) -> SharedObjects:
    """Find them among the objects of two photographs, given their centres in cell widths."""
    moved = overlap.placement.of(first)
    one, other = one_to_one(moved, tree_of(second), SAME_PLACE)
    return SharedObjects(one, other, np.abs(moved[one] - second[other]))


def place_of_each(photograph: NDArray[np.integer], shared: Sequence[SharedObjects]) -> NDArray[np.int64]:
    """(N,) number of the place of each object; those that are one, also by way of a third, share it.

    A photograph shows one object at a place. Where pairs contradict each other, the closest hold: a clump
    that one photograph locates as a single object is near two cells of others, and must not make one of them.

    Parameters
    ----------
    photograph
        (N,) on which each object of the slide lies.
    shared
        Of each overlap, by positions among those N.
    """
    if not shared:
        return np.arange(len(photograph))
    first = np.concatenate([pairs.first for pairs in shared])
    second = np.concatenate([pairs.second for pairs in shared])
    closest_first = np.argsort(np.concatenate([pairs.apart for pairs in shared]), kind="stable")
    place = list(range(len(photograph)))
    shown = photograph.tolist()
    at = {number: [number] for number in np.unique([first, second]).tolist()}
    for one, other in zip(first[closest_first].tolist(), second[closest_first].tolist(), strict=True):
        fewer, more = sorted((place[one], place[other]), key=lambda number: len(at[number]))
        if {shown[number] for number in at[fewer]}.isdisjoint([shown[number] for number in at[more]]):
            for number in at[fewer]:
                place[number] = more
            at[more] += at.pop(fewer)
    return np.array(place, np.int64)
