"""What a camera writes into every picture: scale bars and captions, told by being there on every field."""

from dataclasses import dataclass
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.crops import background_colour
from core.cells.lit_area import lit_area

DARK_LEVEL = 64
"""A pixel below this in all channels is darker than any stain leaves it."""
FIELDS_NEEDED = 4
"""Fields on which something must be: cells lie elsewhere on each."""
JOINED_PX = 9
"""Letters nearer to one another than this are one caption."""
SMALLEST_PX = 20
"""Fewer dark pixels are dust on the sensor or nothing."""
LARGEST_SHARE = 0.05
"""A larger part of the picture is no caption but, say, the dark rim of a round field of view."""

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class BurnedIn:
    """Captions of a slide's fields.

    Attributes
    ----------
    width, height
        Of the fields they were seen on, pixels; fields of another size say nothing about them.
    boxes
        x, y, width, height of each, pixels.
    """

    width: int = 0
    height: int = 0
    boxes: tuple[Box, ...] = ()

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> Self:
        """What `dataclasses.asdict` made of one, as a ledger keeps it in JSON."""
        return cls(values["width"], values["height"], tuple(tuple(box) for box in values["boxes"]))

    def on_field(self, width: int, height: int) -> tuple[Box, ...]:
        """The boxes on a field of this size."""
        return self.boxes if (width, height) == (self.width, self.height) else ()

    def covers(self, boxes: NDArray[np.float32], width: int, height: int) -> NDArray[np.bool_]:
        """(N,) which boxes (x, y, width, height) on a field of this size reach into a caption."""
        covered = np.zeros(len(boxes), bool)
        for x, y, across, down in self.on_field(width, height):
            covered |= (
                (boxes[:, 0] < x + across)
                & (boxes[:, 0] + boxes[:, 2] > x)
                & (boxes[:, 1] < y + down)
                & (boxes[:, 1] + boxes[:, 3] > y)
            )
        return covered

    def painted_over(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The field (H, W, 3) with its captions, and what is not lit, in the colour of the background."""
        return self.over_captions(lit_area(image).painted_over(image))

    def over_captions(self, lit: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A field that is lit, or painted, all over, with its captions in the colour of the background."""
        height, width = lit.shape[:2]
        boxes = self.on_field(width, height)
        if not boxes:
            return lit
        painted, colour = lit.copy(), background_colour(lit)
        for x, y, across, down in boxes:
            painted[y : y + down, x : x + across] = colour
        return painted


NO_CAPTIONS = BurnedIn()


class CaptionSearch:
    """Looks at one field after another and keeps what was dark on all of them."""

    def __init__(self) -> None:
        self._brightest: NDArray[np.uint8] | None = None
        self.fields = 0

    def look_at(self, image: NDArray[np.uint8]) -> None:
        """Take in an (H, W, 3) field, lit all over; one of another size than the first is passed over."""
        level = np.maximum(np.maximum(image[..., 0], image[..., 1]), image[..., 2])
        if self._brightest is None:
            self._brightest = level
        elif level.shape == self._brightest.shape:
            self._brightest = np.minimum(255, np.maximum(self._brightest, level))
        else:
            return
        self.fields += 1

    def result(self) -> BurnedIn:
        """What was found; nothing where too few fields were looked at."""
        if self._brightest is None or self.fields < FIELDS_NEEDED:
            return NO_CAPTIONS
        dark = self._brightest < DARK_LEVEL
        near = cv2.dilate(dark.astype(np.uint8), np.ones((JOINED_PX, JOINED_PX), np.uint8))
        count, labels, statistics, _ = cv2.connectedComponentsWithStats(near)
        dark_pixels = np.bincount(labels[dark], minlength=count)
        height, width = dark.shape
        boxes: list[Box] = []
        for label, (x, y, across, down, _) in enumerate(statistics.tolist()):
            enough = dark_pixels[label] >= SMALLEST_PX
            if label > 0 and enough and across * down <= LARGEST_SHARE * width * height:
                boxes.append((x, y, across, down))
        return BurnedIn(width, height, tuple(boxes))
