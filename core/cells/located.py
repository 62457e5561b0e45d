"""Red cells on a field: what a detector gives, and which of the located cells may be counted."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.cells.blank import is_bare
from core.cells.cell_width import SURE, at_own_width, is_negative
from core.cells.crops import disk_masks, field_level, green_crops
from core.cells.detection import CellDetector, Cells, ObjectKind
from core.cells.focus import edge_blur
from core.cells.levels import counts, percentile
from core.cells.lit_area import LitArea, lit_area
from core.cells.reference import SlideReference
from core.slides.field import Field, Rectangle

SMALLEST, LARGEST = 0.45, 1.9
"""Mean side of a red cell's box over the slide's typical one; anything outside is not a red cell."""
WIDEST_BLUR = 0.085
"""Blur of a cell's edge, over the cell's width, beyond which a ring can no longer be seen."""
CLUMPED = 0.4
"""Share of a box inside another's beyond which the two cells cannot be judged apart."""
NEAR_WHITE_CELL = 0.08
"""The same for a white cell: a corner of its nucleus in a red cell's disk looks like a parasite."""
LEAST_STAINED = 0.4
"""Share of the disk nearer to the typical cell's colour than to the background; scale bars, threads and pale
debris have less, and of marked red cells, however pale in the middle, not one in 500."""
INNER_DISK = 0.85
"""Width of the inner disk over the box's: the cell without the room around it."""
NEAR_BORDER = 0.02
"""Distance from the border, over the box's side, within which a cell is taken to be cut."""


class WhyNot(StrEnum):
    """Why a located object is not an evaluable red cell; empty where it is one."""

    EVALUABLE = ""
    EDGE = "edge"
    OUT_OF_FOCUS = "out of focus"
    WITHOUT_COLOUR = "without colour"
    TOO_FEW_PIXELS = "too few pixels a cell"
    TOO_LITTLE_DETAIL = "too little detail"
    NEGATIVE = "negative image"
    CLUMP = "clump"
    NOT_A_RED_CELL = "not a red cell"
    COVERED = "covered"
    DUPLICATE = "duplicate"
    SEEN_ELSEWHERE = "seen elsewhere"


@dataclass(frozen=True)
class LocatedCells:
    """The objects of one field, and which of them are red cells that count.

    Attributes
    ----------
    cell_diameter_px
        Width of its red cells, in pixels of the field's image: its own where it is of another magnification
        than its slide, else the slide's.
    negative
        Whether the picture is a photographic negative: what is located on it are not its cells.
    lit
        What of it is lit.
    boxes
        (N, 4) float32: x, y, width, height in pixels of the field's image.
    detection_score
        (N,) float32 in [0, 1].
    kind
        (N,) uint8, values of `ObjectKind`.
    blur
        (N,) float32: spread of the cell's edge over the cell's width; larger is less sharp.
    why_not
        (N,) str, values of `WhyNot`: empty, or the reason why the object does not count.
    """

    cell_diameter_px: float
    negative: bool
    lit: LitArea
    boxes: NDArray[np.float32]
    detection_score: NDArray[np.float32]
    kind: NDArray[np.uint8]
    blur: NDArray[np.float32]
    why_not: NDArray[np.str_]


def find_cells(field: Field, detector: CellDetector, reference: SlideReference) -> LocatedCells:
    """Locate a field's objects and say of each whether it is an evaluable red cell.

    The field is brought to the one cell width that the detector was trained on; boxes come back in the
    field's own pixels. A field whose cells turn out to be of another width than the slide's, as in a folder
    of pictures by several microscopes or objectives, is brought to its own width instead. In the dark
    round a lit area there are no objects, and its rim cuts cells as the border of the picture does.

    Where several reasons hold the weightiest is given, in this order: duplicate, not a red cell by size or
    kind, covered by a scale bar or caption, edge, out of focus, clump, not a red cell by stain or score.
    """
    height, width = field.image.shape[:2]
    if is_bare(field):
        return _nothing(width, height, reference)
    lit = lit_area(field.image)
    image = lit.painted_over(field.image)
    photograph = field.owned == Rectangle(0, 0, width, height)
    # A region has the magnification of its scan; what a user gave against what is seen is taken at its word.
    tried = lit.cropped(image) if photograph and reference.seen_diameter_px is None else None
    diameter_px, small, cells = at_own_width(image, detector, reference.cell_diameter_px, tried=tried)
    negative = is_negative(image, detector, diameter_px, cells)
    per_pixel = np.array([width / small.shape[1], height / small.shape[0]], np.float32)
    boxes = (cells.boxes * np.tile(per_pixel, 2)).astype(np.float32)
    if (dark := lit.in_dark(boxes)).any():
        cells = Cells(cells.boxes[~dark], cells.detection_score[~dark], cells.kind[~dark])
        boxes = boxes[~dark]
    blur = edge_blur(small, cells.boxes)
    reasons = np.full(len(boxes), str(WhyNot.EVALUABLE), dtype="<U16")
    # Later assignments win: the weightier reason comes last.
    stained = stained_share(small, cells, reference)
    reasons[(cells.detection_score < SURE) | (stained < LEAST_STAINED)] = WhyNot.NOT_A_RED_CELL
    reasons[clumped(boxes, cells.kind)] = WhyNot.CLUMP
    reasons[blur > WIDEST_BLUR] = WhyNot.OUT_OF_FOCUS
    reasons[cut_by_border(boxes, width, height) | lit.cuts(boxes)] = WhyNot.EDGE
    reasons[reference.burned_in.covers(boxes, width, height)] = WhyNot.COVERED
    reasons[~red_cell_like(boxes, cells.kind, diameter_px)] = WhyNot.NOT_A_RED_CELL
    # A centre beyond the border belongs to whoever owns the border there.
    centre_x = np.clip(boxes[:, 0] + boxes[:, 2] / 2, 0, width - 1)
    centre_y = np.clip(boxes[:, 1] + boxes[:, 3] / 2, 0, height - 1)
    owned = (
        (centre_x >= field.owned.left)
        & (centre_x < field.owned.right)
        & (centre_y >= field.owned.top)
        & (centre_y < field.owned.bottom)
    )
    reasons[~owned] = WhyNot.DUPLICATE
    return LocatedCells(diameter_px, negative, lit, boxes, cells.detection_score, cells.kind, blur, reasons)


def _nothing(width: int, height: int, reference: SlideReference) -> LocatedCells:
    return LocatedCells(
        cell_diameter_px=reference.cell_diameter_px,
        negative=False,
        lit=LitArea(width, height, None),
        boxes=np.empty((0, 4), np.float32),
        detection_score=np.empty(0, np.float32),
        kind=np.empty(0, np.uint8),
        blur=np.empty(0, np.float32),
        why_not=np.empty(0, "<U16"),
    )


def red_cell_like(
    boxes: NDArray[np.float32], kind: NDArray[np.uint8], diameter_px: float
) -> NDArray[np.bool_]:
    """(N,) which objects the detector takes for red cells and are of a red cell's size."""
    side = np.sqrt(boxes[:, 2] * boxes[:, 3]) / diameter_px
    return np.asarray((kind == ObjectKind.RED_CELL) & (side >= SMALLEST) & (side <= LARGEST), bool)


def stained_share(image: NDArray[np.uint8], cells: Cells, reference: SlideReference) -> NDArray[np.float32]:
    """(N,) share of each box's inner disk that is rather as dark in green as the cells here than empty.

    The line is drawn half-way between the picture's background and the typical cell of this field, or of the
    slide where the field shows too few for one.
    """
    if len(cells) == 0:
        return np.empty(0, np.float32)
    background = percentile(counts(image[..., 1]), 95)
    crops, disks = green_crops(image, cells.boxes), disk_masks(cells.boxes, margin=INNER_DISK)
    sure = (cells.kind == ObjectKind.RED_CELL) & (cells.detection_score >= SURE)
    typical = field_level(crops[sure], disks[sure], reference.cell_colour[1])
    dark = (crops < (background + typical) / 2) & disks
    return np.asarray(dark.sum(axis=(1, 2)) / disks.sum(axis=(1, 2)), np.float32)


def clumped(boxes: NDArray[np.float32], kind: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(N,) which boxes share too much of the smaller one's area with another cell's box.

    `CLUMPED` between red cells, `NEAR_WHITE_CELL` where one is white. A platelet on a cell does not make a
    clump: it is what a reader must look at.
    """
    cells = np.flatnonzero(kind != ObjectKind.PLATELET)
    corner, far = boxes[cells, :2], boxes[cells, :2] + boxes[cells, 2:]
    shared = np.minimum(far[:, None], far[None]) - np.maximum(corner[:, None], corner[None])
    shared_area = np.clip(shared, 0, None).prod(axis=2)
    area = boxes[cells, 2] * boxes[cells, 3]
    share = shared_area / np.minimum(area[:, None], area[None])
    np.fill_diagonal(share, 0)
    found = np.zeros(len(boxes), bool)
    white = kind[cells] == ObjectKind.WHITE_CELL
    allowed = np.where(white[:, None] | white[None], NEAR_WHITE_CELL, CLUMPED)
    found[cells] = (share > allowed).any(axis=1) if len(cells) else False
    return found


def cut_by_border(boxes: NDArray[np.float32], width: int, height: int) -> NDArray[np.bool_]:
    """(N,) which cells may be cut by the border of a picture of this size: their boxes come close to it.

    A detector draws the box of a cut cell up to the border as often as beyond it, so a box that all but
    touches the border is taken for a cut cell. Whole cells lost so are few, and none is counted twice.
    """
    near = boxes[:, 2:] * NEAR_BORDER
    corner, far = boxes[:, :2] - near, boxes[:, :2] + boxes[:, 2:] + near
    return np.asarray((corner <= 0).any(axis=1) | (far >= (width, height)).any(axis=1), bool)
