"""Which part of a picture is the field: a phone at the eyepiece shows a disc in black, a screen adds bars.

The rim of the lit area cuts cells as the picture's border does. What lies in the dark is not of the slide. Of
a flat bright surround nobody can be as sure: it may be the empty part of a smear.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.crops import background_of
from core.cells.levels import MEDIAN, counts, percentile

LOOKED_AT_PX = 384
"""Longer side of the picture that the rim is looked for on."""
DARK, DIM = 0.25, 0.5
"""Share of the field's light below which no stain leaves a pixel; and that where a shaded rim is drawn."""
SAME_COLOUR, AT_LEAST_PX = 3, 8
"""Levels, either way, within which bars and paper have one colour; and how far they reach from a corner along
both sides, on that smaller picture."""
OTHER_COLOUR = 24
"""Levels, in any channel, by which a surround differs from the background of the field in it."""
MOST_INSIDE = 0.1
"""Share of a surround that may lie inside the hull of the lit area: a cell in a corner lies there whole."""
MOST_OUTSIDE = 0.05
"""Share of the picture outside the hull that may be something else, say a time in white letters."""
LEAST_IN_DARK, LEAST_IN_COLOUR, LEAST_AROUND = 0.04, 0.25, 0.01
"""Share of the picture below which nothing is taken for its lit area, in the dark or in one colour, where a
large cell on bright ground is no field; and for a surround."""
CORNERS = ((0, 0), (0, -1), (-1, 0), (-1, -1))
CELL_PLACES = 5
"""Places of that smaller picture, either way, that a cell fills, and a small letter on a bar does not."""
RIM = 2
"""Places of that smaller picture from the dark on that are painted over: what is dark there is no caption."""
NEAR_RIM = 0.02
"""Distance from the rim, over the box's side, within which a cell is taken to be cut."""

Value = TypeVar("Value", np.float32, np.bool_)


@dataclass(frozen=True, eq=False)
class LitArea:
    """The lit area of a picture.

    Attributes
    ----------
    width, height
        Of the picture, pixels.
    depth_px
        (h, w) float32 on a smaller grid: how far from the rim each of its places lies, in pixels of the
        picture, and 0 outside; None where all of the picture is lit.
    dark
        (h, w) which of these places lie in the dark; None where none does.
    """

    width: int
    height: int
    depth_px: NDArray[np.float32] | None
    dark: NDArray[np.bool_] | None = None

    def cuts(self, boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
        """(N,) which cells the rim may cut: round ones of the boxes' size that come close to it."""
        if self.depth_px is None:
            return np.zeros(len(boxes), bool)
        reach = np.sqrt(boxes[:, 2] * boxes[:, 3]) * (0.5 + NEAR_RIM)
        return np.asarray(self._at_middles(self.depth_px, boxes) <= reach, bool)

    def in_dark(self, boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
        """(N,) which boxes (x, y, width, height) have their middle in the dark."""
        if self.dark is None:
            return np.zeros(len(boxes), bool)
        return self._at_middles(self.dark, boxes)

    def _at_middles(self, places: NDArray[Value], boxes: NDArray[np.float32]) -> NDArray[Value]:
        rows, columns = places.shape
        across = (boxes[:, 0] + boxes[:, 2] / 2) * (columns / self.width)
        down = (boxes[:, 1] + boxes[:, 3] / 2) * (rows / self.height)
        row, column = np.clip(down, 0, rows - 1).astype(int), np.clip(across, 0, columns - 1).astype(int)
        return np.asarray(places[row, column])

    def painted_over(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The picture with what lies in the dark in the colour of the field's background."""
        if self.depth_px is None or self.dark is None:
            return image
        lit = self.depth_px > 0
        rows, columns = lit.shape
        small = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_NEAREST)
        colour = background_of(np.asarray(small, np.uint8)[lit])
        rest = cv2.dilate(self.dark.astype(np.uint8), _disc(2 * RIM + 1))
        outside = cv2.resize(rest, (self.width, self.height), interpolation=cv2.INTER_NEAREST)
        return np.where(outside[..., None] > 0, np.asarray(colour, np.uint8), image)

    def cropped(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The smallest part of the picture, or of one of its size, that holds the lit area."""
        if self.depth_px is None:
            return image
        lit = self.depth_px > 0
        rows, columns = (np.flatnonzero(lit.any(axis=axis)) for axis in (1, 0))
        down, across = self.height / lit.shape[0], self.width / lit.shape[1]
        return image[
            int(rows[0] * down) : int((rows[-1] + 1) * down),
            int(columns[0] * across) : int((columns[-1] + 1) * across),
        ]


def lit_area(image: NDArray[np.uint8]) -> LitArea:
    """Find the lit area of an (H, W, 3) picture: all, or a convex part in dark or in one colour.

    A convex part that is not all of a picture leaves a corner of it free. So surrounds are looked for from
    the corners, and what is no surround (a cell in a corner, a pointer, a pale place) is told by the hull of
    the rest, which it lies inside. The light may fade towards the rim; the rim is drawn at half of it.

    Where a smear is thick on one side and empty on the other, the empty part is of one colour too. A cell in
    it tells that it is no surround. Where there is none, the thick part is taken for the field, and nothing
    is lost but the cells at its rim.
    """
    height, width = image.shape[:2]
    step = max(1, max(height, width) // (2 * LOOKED_AT_PX))
    by = min(1.0, LOOKED_AT_PX / max(height, width))
    size = (max(1, round(width * by)), max(1, round(height * by)))
    small = cv2.resize(image[::step, ::step], size, interpolation=cv2.INTER_AREA)
    lit = np.ones(small.shape[:2], np.uint8)
    dark = np.zeros(small.shape[:2], bool)
    left = top = 0
    part = np.asarray(small, np.uint8)
    # Bars of a screen may lie round the black round a disc.
    while (found := _hull_of_lit(part)) is not None:
        hull, in_dark = found
        here = slice(top, top + hull.shape[0]), slice(left, left + hull.shape[1])
        lit[:] = 0
        lit[here] = hull
        dark[here] |= in_dark & (hull == 0)
        x, y, across, down = cv2.boundingRect(hull)
        if (across, down) == hull.shape[::-1]:
            break
        left, top = left + x, top + y
        part = part[y : y + down, x : x + across]
    if lit.all():
        return LitArea(width, height, None)
    # The picture's border is no rim: cells that it cuts are told by the border itself.
    depth = np.clip(cv2.distanceTransform(lit, cv2.DIST_L2, 5) - 0.5, 0, None) / by
    return LitArea(width, height, np.asarray(depth, np.float32), dark if dark.any() else None)


def _hull_of_lit(image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], bool] | None:
    """Mask of the convex lit part of a picture, and whether it lies in the dark; None without a surround."""
    for surround, in_dark in _surrounds(image):
        if surround.mean() < LEAST_AROUND:
            continue
        rest = np.asarray(1 - surround, np.uint8)
        count, labels, statistics, _ = cv2.connectedComponentsWithStats(rest, connectivity=4)
        if count < 2:
            continue
        largest = 1 + int(np.argmax(statistics[1:, cv2.CC_STAT_AREA]))
        outline, _ = cv2.findContours(
            (labels == largest).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        hull = np.zeros_like(rest)
        cv2.fillConvexPoly(hull, cv2.convexHull(np.concatenate(outline)), (1,))
        inside = (surround & hull).sum() / surround.sum()
        outside = rest & (1 - hull)
        least = LEAST_IN_DARK if in_dark else LEAST_IN_COLOUR
        if hull.mean() < least or inside > MOST_INSIDE or outside.mean() > MOST_OUTSIDE:
            continue
        if not in_dark and cv2.erode(outside, _disc(CELL_PLACES)).any():
            continue
        background = np.asarray(background_of(image[hull > 0]), float)
        around = [percentile(counts(image[..., channel], surround > 0), MEDIAN) for channel in range(3)]
        if np.abs(background - around).max() > OTHER_COLOUR:
            return hull, in_dark
    return None


def _surrounds(image: NDArray[np.uint8]) -> Iterator[tuple[NDArray[np.uint8], bool]]:
    """Masks of what may lie round the field, dark or of one colour; and whether it is the dark."""
    level = np.maximum(np.maximum(image[..., 0], image[..., 1]), image[..., 2])
    light = percentile(counts(level[::4, ::4]), 98)
    if any(level[corner] < DARK * light for corner in CORNERS):
        yield _from_corners(level < DIM * light, level < DARK * light), True
    for y, x in CORNERS:
        colour = image[y, x].astype(np.int16)
        along = np.concatenate([image[y, :: 1 + 2 * x][:AT_LEAST_PX], image[:: 1 + 2 * y, x][:AT_LEAST_PX]])
        if (np.abs(along - colour) <= SAME_COLOUR).all():
            of_one = cv2.inRange(image, colour - SAME_COLOUR, colour + SAME_COLOUR) > 0
            yield _from_corners(of_one, of_one), False


def _from_corners(mask: NDArray[np.bool_], seeds: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The connected parts of a mask in which a corner of the picture is seed."""
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    kept = np.zeros(labels.max() + 1, np.uint8)
    kept[[labels[corner] for corner in CORNERS if seeds[corner]]] = 1
    return np.asarray(kept[labels] * mask, np.uint8)


def _disc(places: int) -> NDArray[np.uint8]:
    """A disc so many places wide, to widen or narrow a mask by."""
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (places, places)), np.uint8)
