"""Where in a red cell the evidence lies.

Two regions are on offer. The cell itself against its surroundings is `CellSet.masks`, for healthy and
infected cells alike: what makes a cell healthy is all of it. The parasite is here, from the stain, as no set
at hand marks it. A region from the stain guides and never measures: it takes everything dark in the cell for
the parasite, dirt and platelets too, and misses pale ones, so that a map that agrees with it may be wrong and
one that differs right.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.crops import normalise
from datasets.cells import CellSet
from datasets.transplant import VISIBLE_DENSITY, parasite_of

REACH_PX = 2
"""A parasite's pale cytoplasm and the blur of the lens reach this far beyond what is dark."""


def guiding_parasite_regions(cells: CellSet) -> NDArray[np.bool_]:
    """Dark chromatin of infected cells, to guide maps by; never to measure them with.

    Returns
    -------
    (N, S, S) on the grid of the crops. Empty for healthy cells, which have no parasite, and for infected ones
    in which nothing stands out: the measures of an empty region are NaN, and such a cell is left out of the
    term.
    """
    regions = np.zeros(cells.masks.shape, bool)
    for index in np.flatnonzero(cells.infected):
        mask = cells.masks[index]
        levels = normalise(cells.crops[index][None], mask[None], cells.colour[index])[0]
        parasite = parasite_of(levels, mask)
        if parasite is not None:
            regions[index] = parasite_region(parasite, mask)
    return regions


def parasite_region(parasite: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(S, S) where a parasite's (S, S, 3) density is plain to see, and a little beyond, inside the cell.

    Known to the pixel for a parasite that was laid over a healthy cell; from the stain for a cell's own.
    """
    reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * REACH_PX + 1,) * 2)
    dark = cv2.blur(parasite.mean(axis=2), (3, 3)) >= VISIBLE_DENSITY
    return np.asarray((cv2.dilate(dark.astype(np.uint8), reach) > 0) & mask)
