"""Whether a picture shows nothing at all, as most regions of a whole-slide scan do: bare or not scanned."""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.slides import Field, is_region

PLACES = 200
"""Longer side of the smaller picture that is looked at: the smallest cells that are located fill two of its
places, either way, in a region of a scan, and noise is gone."""
AROUND = 21
"""Places, either way, whose median is what lies around one: light that falls off to a side is no object."""
LEAST_CONTRAST = 6
"""Levels by which anything differs from what lies around it. The palest cells do by thirty, noise by 3."""
LEAST_LIGHT = 100
"""Level of the glass below which nothing is called blank: in little light cells differ from it by little."""


def is_blank(image: NDArray[np.uint8]) -> bool:
    """Whether a lit (H, W, 3) RGB picture is nowhere darker or brighter in green than what lies around."""
    height, width = image.shape[:2]
    by = min(1.0, PLACES / max(height, width))
    size = max(1, round(width * by)), max(1, round(height * by))
    small = cv2.resize(np.ascontiguousarray(image[..., 1]), size, interpolation=cv2.INTER_AREA)
    if float(np.median(small)) < LEAST_LIGHT:
        return False
    return int(cv2.absdiff(small, cv2.medianBlur(small, AROUND)).max()) < LEAST_CONTRAST


def is_bare(field: Field) -> bool:
    """Whether a field is a region of a scan that shows nothing.

    Somebody chose to take a photograph, and its cells may be as wide as half of it: it is always looked at.
    """
    return is_region(field.name) and is_blank(field.image)
