"""Whether the objects of two photographs bear out that they share a strip, before its cells count once.

Pictures that show little may be alike by chance. A cell that is wrongly taken as seen elsewhere may hide a
parasite, so a strip is one only if each photograph shows there what the other does.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.overlap.alignment import inside
from core.overlap.constellations import Pattern
from core.overlap.pairs import Overlap
from core.overlap.places import shared_objects

LEAST_PAIRED = 3
"""Objects that both show, whole or cut: two agree wherever two photographs are laid on each other."""
WITHIN = 0.75
"""Cell widths from the border of the other photograph from which on a cell lies whole on it."""
MAY_LACK = 0.1
"""Share of the whole cells in a strip that may have no partner: a detector passes over a few of many."""


@dataclass(frozen=True, eq=False)
class PlacedObjects:
    """The objects of a photograph, in its cell widths.

    Attributes
    ----------
    centres
        (N,) complex128.
    is_whole
        (N,) which are cells of which nothing is missing.
    frame
        The photograph.
    """

    centres: NDArray[np.complex128]
    is_whole: NDArray[np.bool_]
    frame: Pattern


def objects_agree(overlap: Overlap, first: PlacedObjects, second: PlacedObjects) -> bool:
    """Whether each of two photographs shows, where they are said to overlap, the objects of the other."""
    pairs = shared_objects(overlap, first.centres, second.centres)
    expected = inside(overlap.placement.of(first.centres), second.frame, WITHIN) & first.is_whole
    expected_back = (
        inside(overlap.placement.backwards.of(second.centres), first.frame, WITHIN) & second.is_whole
    )
    whole = int(expected.sum()) + int(expected_back.sum())
    expected[pairs.first] = False
    expected_back[pairs.second] = False
    lacking = int(expected.sum()) + int(expected_back.sum())
    return len(pairs) >= LEAST_PAIRED and lacking <= MAY_LACK * whole
