"""Whether a picture can be one of a single red cell at all: what a photograph or a whole field is told by."""

import numpy as np

from core.cells.crops import CROP_SIZE_PX
from datasets.foreground import compact_components
from datasets.single_cells import SingleCell, surrounded_cell

MOST_SPREAD = 50.0
"""Levels of standard deviation within the cell's disk, mean of the channels. Of 20,519 NIH and Westlake crops
one has more, and of 2,700 red cells cut from the fields of four other sets one."""
MOST_SPREAD_UNLESS_WHOLE = 40.0
"""The same where no whole dark region lies in the middle, as where cells touch."""
MOST_GREEN = 45.0
"""Levels that green may lie over red or over blue. Haemoglobin absorbs green: in stained cells it is at most
35 over either."""
CELLS_OF_A_FIELD = 4
"""Whole round dark regions from which a picture is a field; single cells had at most 3."""


def why_no_red_cell(cell: SingleCell) -> str:
    """What speaks against a picture being one of a single red cell; empty where nothing does.

    Made not to refuse a cell of any stain (2 of 20,519 NIH and Westlake crops are): some photographs
    pass, 10 % of 294 of ImageNet's at 224 pixels and 18 % of 1,500 at 64.
    """
    image = cell.image
    if cell.shown is None and len(compact_components(image)) >= CELLS_OF_A_FIELD:
        return "shows several cells: it is a field, for `smearscope score`"
    pixels = cell.crop(CROP_SIZE_PX)[cell.mask(CROP_SIZE_PX)].astype(np.float32)
    if len(pixels) == 0:
        return ""
    red, green, blue = np.median(pixels, axis=0)
    if green - min(red, blue) > MOST_GREEN:
        return "is greener than any stained red cell"
    spread = float(pixels.std(axis=0).mean())
    if spread > MOST_SPREAD or (spread > MOST_SPREAD_UNLESS_WHOLE and not _stands_out(cell)):
        return "does not look like one red cell: its colours vary more than those of any cell"
    return ""


def _stands_out(cell: SingleCell) -> bool:
    """Whether a whole dark region lies in the middle, or the picture is painted black around its cell."""
    nowhere = (0.0, 0.0, 0.0, 0.0)
    return cell.shown is not None or bool(surrounded_cell(cell.image, nowhere).box[0, 2] > 0)
