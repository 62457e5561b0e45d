"""The first of a slide's list drawn for review: each with its activation map, and all on one sheet."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.reports.drawing import INK, PALE_INK, RED, blank, text_width, write
from core.reports.overlays import colour_scale, overlaid, scale_width_px
from core.slides.pixels import Canvas, resized
from core.tally import grouped
from core.wording import RESEARCH_USE_ONLY

CELL_PX = 320
TILE_PX = 128

_MARGIN = 24
_GAP = 14
_HEAD = 108
_CAPTION = 54
_FEWEST_COLUMNS, _MOST_COLUMNS = 5, 10
_LEGEND = (
    "By rank; the corners mark the cell. Below it: rank, score, field. A score is no probability.",
    "A line in red (edge, clump ...) says why an object is looked at and not counted.",
)


@dataclass(frozen=True, eq=False)
class CandidatePicture:
    """A candidate as a reader sees it.

    Attributes
    ----------
    rank
        1 for the first of the slide's list.
    score
        That by which it is ranked, in [0, 1].
    why_not
        Why it is not among the cells examined; empty where it is.
    field_name
        Field the cell lies on.
    crop
        (S, S, 3) uint8, RGB: the cell in the middle of its surroundings.
    activation_map
        (S, S) in [0, 1], on the crop's grid.
    cell_width_px
        Width of the cell in pixels of the crop, for the corners that mark it.
    """

    rank: int
    score: float
    why_not: str
    field_name: str
    crop: NDArray[np.uint8]
    activation_map: NDArray[np.float32]
    cell_width_px: float

    def __post_init__(self) -> None:
        shape = self.crop.shape
        if len(shape) != 3 or shape[0] != shape[1] or shape[2] != 3 or self.crop.dtype != np.uint8:
            raise ValueError(f"crop must be (S, S, 3) uint8; it is {shape} {self.crop.dtype}")
        if self.activation_map.shape != shape[:2]:
            raise ValueError(
                f"activation_map must be {shape[:2]}, as the crop; it is {self.activation_map.shape}"
            )
        low, high = float(self.activation_map.min()), float(self.activation_map.max())
        if not (low >= 0 and high <= 1):
            raise ValueError(f"activation_map must lie in [0, 1]; it goes from {low!r} to {high!r}")


def candidate_image(candidate: CandidatePicture) -> NDArray[np.uint8]:
    """Draw one object large, with its surroundings, and beside it the same with its activation map.

    Returns
    -------
    (H, W, 3) uint8, RGB; the same size for every candidate.
    """
    right = _MARGIN + CELL_PX + _GAP
    rows, below = slice(_MARGIN, _MARGIN + CELL_PX), _MARGIN + CELL_PX + 8
    page = blank(below + 56 + _MARGIN, right + CELL_PX + _MARGIN)
    cell = resized(candidate.crop, CELL_PX)
    page[rows, _MARGIN : _MARGIN + CELL_PX] = _with_corners(cell, candidate)
    page[rows, right : right + CELL_PX] = overlaid(cell, candidate.activation_map)
    rank = f"{candidate.rank}"
    write(page, _MARGIN, below, rank, 22, 80, RED)
    score_left = _MARGIN + text_width(rank, 22) + 14
    score = f"score {candidate.score:.3f}"
    if candidate.why_not:
        score += f"; not counted: {candidate.why_not}"
    write(page, score_left, below + 5, score, 16, right - score_left)
    write(page, _MARGIN, below + 34, candidate.field_name, 14, CELL_PX, PALE_INK)
    write(page, right, below + 6, "where the model looked", 14, CELL_PX - 140, PALE_INK)
    colour_scale(page, right + CELL_PX - scale_width_px(), below + 6)
    write(page, right, below + 34, RESEARCH_USE_ONLY, 14, CELL_PX, PALE_INK)
    return page


def cell_and_map(image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], ...]:
    """The two pictures that `candidate_image` drew; a square picture is one alone."""
    if image.shape[0] == image.shape[1]:
        return (image,)
    rows, right = slice(_MARGIN, _MARGIN + CELL_PX), _MARGIN + CELL_PX + _GAP
    return image[rows, _MARGIN : _MARGIN + CELL_PX], image[rows, right : right + CELL_PX]


def contact_sheet(
    slide_name: str, candidates: Sequence[CandidatePicture], *, looked_at: int, evaluable: int
) -> NDArray[np.uint8]:
    """Draw the first of a slide's list on one sheet, in the order given.

    Parameters
    ----------
    slide_name
        For the title; line breaks become spaces, and what is too long is shortened in its middle.
    candidates
        Those to show, by rank; none only where nothing was located on the slide.
    looked_at, evaluable
        Objects in the whole list, and cells examined.

    Returns
    -------
    (H, W, 3) uint8, RGB.
    """
    columns = min(_MOST_COLUMNS, max(_FEWEST_COLUMNS, math.ceil(math.sqrt(1.6 * len(candidates)))))
    rows = max(1, math.ceil(len(candidates) / columns))
    pitch_down = TILE_PX + _CAPTION + _GAP
    foot = _HEAD + rows * pitch_down
    page = blank(foot + 20 * len(_LEGEND) + 20, 2 * _MARGIN + columns * (TILE_PX + _GAP) - _GAP)
    room = page.shape[1] - 2 * _MARGIN
    write(page, _MARGIN, 16, slide_name, 26, room)
    write(page, _MARGIN, 52, _summary(looked_at, evaluable, len(candidates)), 16, room)
    write(page, _MARGIN, 76, RESEARCH_USE_ONLY, 14, room, RED)
    for position, candidate in enumerate(candidates):
        row, column = divmod(position, columns)
        _draw_tile(page, candidate, _MARGIN + column * (TILE_PX + _GAP), _HEAD + row * pitch_down)
    if candidates:
        for line, meaning in enumerate(_LEGEND):
            write(page, _MARGIN, foot + 20 * line, meaning, 14, room, PALE_INK)
    else:
        write(page, _MARGIN, _HEAD + 50, "No cell was found on this slide.", 22, room)
        remark = "That excludes nothing: the verdict says what the count allows."
        write(page, _MARGIN, _HEAD + 86, remark, 16, room, PALE_INK)
    return page


def _summary(looked_at: int, evaluable: int, shown: int) -> str:
    objects, cells = ("object" if looked_at == 1 else "objects"), ("cell" if evaluable == 1 else "cells")
    return (
        f"The first {grouped(shown)} of {grouped(looked_at)} {objects} looked at; "
        f"{grouped(evaluable)} {cells} counted"
    )


def _draw_tile(page: Canvas, candidate: CandidatePicture, left: int, top: int) -> None:
    tile = _with_corners(resized(candidate.crop, TILE_PX), candidate)
    page[top : top + TILE_PX, left : left + TILE_PX] = tile
    score, below = f"{candidate.score:.3f}", top + TILE_PX
    write(page, left, below + 3, f"{candidate.rank}", 16, 60, RED)
    write(page, left + TILE_PX - text_width(score, 15), below + 4, score, 15, 60)
    write(page, left, below + 24, candidate.field_name, 11, TILE_PX, PALE_INK)
    write(page, left, below + 38, candidate.why_not, 11, TILE_PX, RED)


def _with_corners(image: Canvas, candidate: CandidatePicture) -> Canvas:
    """Mark the cell in the middle of the scaled crop by four corners."""
    side = image.shape[0]
    half = min(side / 2 - 2, side / 2 * candidate.cell_width_px / candidate.crop.shape[0] + side / 40)
    low, high = round(side / 2 - half), round(side / 2 + half) - 1
    arm, thickness = max(4, side // 14), max(1, side // 160)
    marked = image.copy()
    for x, along in ((low, arm), (high, -arm)):
        for y, down in ((low, arm), (high, -arm)):
            cv2.line(marked, (x, y), (x + along, y), INK, thickness)
            cv2.line(marked, (x, y), (x, y + down), INK, thickness)
    return marked
