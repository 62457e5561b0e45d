"""Which objects of overlapping photographs are one, whatever each photograph makes of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from core.overlap.alignment import one_to_one, tree_of
from core.overlap.pairs import Overlap

SAME_PLACE = 0.5
"""Distance of two objects' centres, in cell widths, within which they are one: half of a cell that the border
cuts has its centre a quarter aside, and two whole cells are .8 apart and more."""


def shared_objects(
    overlap: Overlap, first: NDArray[np.complex128], second: NDArray[np.complex128]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of the objects of two photographs that are one, given their centres in cell widths."""
    moved = overlap.alignment.turn * first + overlap.alignment.shift
    return one_to_one(moved, tree_of(second), SAME_PLACE)


def place_of_each(
    objects: int, one: Sequence[NDArray[np.int64]], other: Sequence[NDArray[np.int64]]
) -> NDArray[np.int64]:
    """(N,) number of the place of each object; those that are one, also by way of a third, share it.

    Parameters
    ----------
    objects
        N, how many the slide has.
    one, other
        Positions among them of the pairs that are one, an array for each overlap.
    """
    rows, columns = (np.concatenate([np.empty(0, np.int64), *side]) for side in (one, other))
    joined = coo_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(objects, objects))
    return np.asarray(connected_components(joined, directed=False)[1], np.int64)
