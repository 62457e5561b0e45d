"""Focus, stain and detail of a field, as numbers to compare with what a model was validated on."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.cells.crops import cell_colour, disk_masks, raw_crops
from core.cells.detail import block_steps, fine_detail
from core.cells.detection import ObjectKind
from core.cells.levels import counts, percentile
from core.cells.located import LocatedCells
from core.cells.reference import SlideReference

SAMPLED_CELLS = 24
"""Cells a field's colour is taken from: enough for a median, few enough to cost nothing."""
LEAST_COLOUR = 0.005
"""Optical density that the most and the least absorbed channel must differ by. On 60 fields of four sets they
do by 0.026 and more; in a picture saved in grey they do not, and a stain cannot be told."""


@dataclass(frozen=True)
class FieldQuality:
    """Focus, stain and detail of one field; all NaN where it shows no red cell.

    Attributes
    ----------
    edge_blur
        Median spread of the cells' edges over their width.
    background
        Level of the empty background, 0 to 255, mean of the channels.
    density_red, density_green, density_blue
        Optical density of the cells against the background, decadic, a channel.
    cell_width_px
        Width of its cells in pixels of the picture.
    fine_detail, block_steps
        What the picture still shows of what is fine in its cells, and the traces of its compression
        (`core.cells.detail`).
    negative
        Whether it is a photographic negative.
    """

    edge_blur: float
    background: float
    density_red: float
    density_green: float
    density_blue: float
    cell_width_px: float = math.nan
    fine_detail: float = math.nan
    block_steps: float = math.nan
    negative: bool = False

    @property
    def shows_cells(self) -> bool:
        """Whether there was a red cell to measure on."""
        return not math.isnan(self.edge_blur)

    @property
    def shows_colour(self) -> bool:
        """Whether the cells absorb one colour more than another; True where there is no cell to tell by."""
        densities = (self.density_red, self.density_green, self.density_blue)
        return not max(densities) - min(densities) < LEAST_COLOUR


def field_quality(image: NDArray[np.uint8], cells: LocatedCells, reference: SlideReference) -> FieldQuality:
    """Measure a field on its located red cells."""
    red = np.flatnonzero(cells.kind == ObjectKind.RED_CELL)
    if len(red) == 0:
        nan = float("nan")
        return FieldQuality(nan, nan, nan, nan, nan)
    sample = red[:: max(1, len(red) // SAMPLED_CELLS)][:SAMPLED_CELLS]
    boxes = cells.boxes[sample]
    cell = np.array(cell_colour(raw_crops(image, boxes), disk_masks(boxes)))
    step = max(1, int(cells.cell_diameter_px / 8))
    background = np.array([percentile(counts(image[::step, ::step, channel]), 95) for channel in range(3)])
    density = np.log10((background + 1) / (cell + 1))
    blur = cells.blur[red]
    return FieldQuality(
        edge_blur=round(float(np.median(blur)), 4),
        background=round(float(background.mean()), 1),
        density_red=round(float(density[0]), 4),
        density_green=round(float(density[1]), 4),
        density_blue=round(float(density[2]), 4),
        cell_width_px=round(cells.cell_diameter_px, 1),
        fine_detail=round(fine_detail(image, boxes), 3),
        block_steps=round(block_steps(image, cells.cell_diameter_px), 3),
        negative=cells.negative,
    )
