"""A large image cut into overlapping regions, each cell of it belonging to exactly one."""

import math
from dataclasses import dataclass
from itertools import pairwise

from core.slides.field import Rectangle

REGION_PX = 1280
OVERLAP_UM = 24.0  # three red cells side by side; the largest white cells spread to about 20
OVERLAP_PX = 256  # where the scale is unknown: a red cell of 8 µm fits down to 0.03 µm a pixel
_LARGEST_SLIDE_PIXELS = 10**12  # a whole glass slide of 26 x 76 mm at 0.05 µm a pixel has 8 * 10**11
_LONGEST_SLIDE_PX = 2_000_000  # the same slide is 1,520,000 pixels long


@dataclass(frozen=True)
class Region:
    """One region of a large image.

    Attributes
    ----------
    area
        Where it lies, in pixels of the large image.
    owned
        Where the centre of a cell must lie to belong to this region, in pixels of the region.
    """

    area: Rectangle
    owned: Rectangle

    def moved(self, right: int, down: int) -> "Region":
        """The same region where what was cut lies in a larger image."""
        return Region(self.area.moved(right, down), self.owned)


@dataclass(frozen=True)
class Cutting:
    """How large images are cut.

    Attributes
    ----------
    region_px
        Side of a region; an image no larger in both directions stays whole.
    overlap_px
        Least overlap of neighbours; None for 24 µm where the scale is known, else 256 px, and never
        more than half a region.
    """

    region_px: int = REGION_PX
    overlap_px: int | None = None

    def __post_init__(self) -> None:
        if self.overlap_px is not None and not 0 <= self.overlap_px <= self.region_px // 2:
            raise ValueError(
                f"overlap_px is {self.overlap_px}; half of region_px, {self.region_px // 2}, is the most"
            )

    def regions(self, width_px: int, height_px: int, um_per_pixel: float | None) -> list[Region]:
        """Regions of an image, row by row (see `cut_regions`).

        Raises
        ------
        ValueError
            A size that no slide has: a damaged header would ask for more regions than memory holds.
        """
        shortest_px, longest_px = sorted((width_px, height_px))
        if (
            shortest_px < 1
            or longest_px > _LONGEST_SLIDE_PX
            or shortest_px * longest_px > _LARGEST_SLIDE_PIXELS
        ):
            raise ValueError(f"a size of {width_px} x {height_px} pixels")
        overlap_px = self.overlap_px
        if overlap_px is None:
            wanted = OVERLAP_PX if um_per_pixel is None else math.ceil(OVERLAP_UM / um_per_pixel)
            overlap_px = min(wanted, self.region_px // 2)
        return cut_regions(width_px, height_px, self.region_px, overlap_px)


def cut_regions(width_px: int, height_px: int, region_px: int, overlap_px: int) -> list[Region]:
    """Cut an image into regions of one size that overlap by at least `overlap_px`, row by row.

    Two things hold for every image:

    - the owned rectangles, moved to where their regions lie, cover each pixel exactly once;
    - every object narrower and lower than the overlap lies whole in the region that owns its centre.

    So a cell found in each region and kept where its centre is owned is found once, and uncut. Regions
    are spread evenly, so that none is a narrow remnant whose focus or stain could not be judged.
    """
    columns = _segments(width_px, region_px, overlap_px)
    rows = _segments(height_px, region_px, overlap_px)
    return [
        Region(
            area=Rectangle(column.start, row.start, column.end, row.end),
            owned=Rectangle(
                column.owned_start - column.start,
                row.owned_start - row.start,
                column.owned_end - column.start,
                row.owned_end - row.start,
            ),
        )
        for row in rows
        for column in columns
    ]


@dataclass(frozen=True)
class _Segment:
    start: int
    end: int
    owned_start: int
    owned_end: int


def _segments(length_px: int, region_px: int, overlap_px: int) -> list[_Segment]:
    if length_px <= region_px:
        return [_Segment(0, length_px, 0, length_px)]
    count = math.ceil((length_px - overlap_px) / (region_px - overlap_px))
    # No step exceeds region_px - overlap_px: their mean does not, and rounding reaches the next whole number.
    starts = [index * (length_px - region_px) // (count - 1) for index in range(count)]
    borders = [(start + region_px + following) // 2 for start, following in pairwise(starts)]
    return [
        _Segment(start, start + region_px, owned_start, owned_end)
        for start, owned_start, owned_end in zip(starts, [0, *borders], [*borders, length_px], strict=True)
    ]
