"""Parasites taken out of one cell and put into another, by the optical density that they add.

No set shows infected cells on every stain and lens: where one has only healthy cells, a network may learn
that all that looks like this set is healthy. A parasite from another set, laid over its healthy cells,
unlearns it.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.crops import GREY, LEVELS_PER_DENSITY
from datasets.cells import STORED_SIZE_PX

REACH_PX = 19.0
"""From the middle of a cell to where nothing more is taken: the rim of a cell is dark without a parasite."""
FADE_PX = 3.0
LEAST_DENSITY = 0.05
"""Density above the cell's median from which something counts as lying in the cell."""
VISIBLE_DENSITY = 0.12
"""Density, averaged over 3x3 pixels, that something must reach somewhere to be worth moving."""
LEAST_AREA_PX = 200

_OFFSET = np.arange(STORED_SIZE_PX) + 0.5 - STORED_SIZE_PX / 2
_RADIUS = np.hypot(_OFFSET[:, None], _OFFSET)
_INSIDE = _RADIUS < REACH_PX
_WEIGHT = np.clip((REACH_PX - _RADIUS) / FADE_PX, 0, 1).astype(np.float32)[..., None]


def parasite_of(crop: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.float32] | None:
    """Density that lies over the median of an infected cell; None where nothing stands out.

    Parameters
    ----------
    crop, mask
        (S, S, 3) levels of `core.cells.crops.normalise` and (S, S), S = `datasets.cells.STORED_SIZE_PX`.

    Returns
    -------
    (S, S, 3) natural optical density, zero or above.
    """
    inner = mask & _INSIDE
    if inner.sum() < LEAST_AREA_PX:
        return None
    density = (GREY - crop.astype(np.float32)) / LEVELS_PER_DENSITY
    over = np.clip(density - np.median(density[inner], axis=0) - LEAST_DENSITY, 0, None)
    parasite = (over * _WEIGHT * mask[..., None]).astype(np.float32)
    seen = cv2.blur(parasite.mean(axis=2), (3, 3)).max()
    return parasite if seen >= VISIBLE_DENSITY else None


def with_parasite(crop: NDArray[np.uint8], parasite: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A healthy cell's crop (S, S, 3) with the density of a parasite laid over it."""
    return np.clip(crop - LEVELS_PER_DENSITY * parasite + 0.5, 0, 255).astype(np.uint8)
