"""Pictures of accepted cells, cut from their fields, that are kept beside a signed document."""

import math
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.cells.boxes import Box
from core.cells.crops import raw_crops
from core.files import shown_path
from core.review.decisions import ACCEPTED, ReadCell
from core.slides import open_slide
from core.slides.pixels import encoded
from core.store import StoreError
from core.wording import sentence

VIEW_OVER_CELL = 2.3
"""Width of what a picture shows over that of the cell in its middle."""
FEWEST_PX = 8


def accepted_pictures(images: Path, cells: Iterable[ReadCell]) -> dict[int, bytes]:
    """PNG files of the cells that anybody accepted, by number of the candidate.

    First those agreed on, each by rank. Each is as large as it is on its field: whoever prints it enlarges
    it from what was photographed.

    Raises
    ------
    core.errors.SmearscopeError
        Where a field is gone or cannot be read.
    """
    accepted = [cell for cell in cells if cell.decision in ACCEPTED]
    if not accepted:
        return {}
    accepted.sort(key=lambda cell: ACCEPTED.index(cell.decision))
    by_field: dict[str, list[ReadCell]] = defaultdict(list)
    for cell in accepted:
        by_field[cell.candidate.field].append(cell)
    slide = open_slide(images)
    pictures: dict[int, bytes] = {}
    for field, of_field in by_field.items():
        if field not in slide.field_names():
            raise StoreError(sentence("signing.no_field", field=field, folder=shown_path(images)))
        # Read once, however many of its cells were accepted.
        image = slide.read_field(field).image
        pictures |= {cell.candidate.id: cell_picture(image, cell.candidate.box) for cell in of_field}
    return {cell.candidate.id: pictures[cell.candidate.id] for cell in accepted}


def cell_picture(image: NDArray[np.uint8], box: Box) -> bytes:
    """A square around the box as PNG; beyond the image's border it has the colour of the background."""
    side_px = max(FEWEST_PX, round(VIEW_OVER_CELL * math.sqrt(box[2] * box[3])))
    boxes = np.array([box], np.float32)
    (view,) = raw_crops(image, boxes, side_px, side_px / VIEW_OVER_CELL)
    return encoded(view, ".png")
