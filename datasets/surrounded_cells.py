"""Cells with their surroundings, for the second look: what is cut from crop sets and located fields."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from core.cells.crops import (
    CROP_CELL_DIAMETER_PX,
    SURROUNDED_CELL_DIAMETER_PX,
    cell_colour,
    disk_masks,
    raw_crops,
)
from datasets.cells import index_of
from datasets.fields import AnnotationError, read_rgb
from datasets.located_objects import LocatedField, Truth
from datasets.single_cells import SingleCell, single_cell

STORED_SURROUNDED_PX = 128
"""Larger than the network's crop, so that a turned or shrunk cell still has its surroundings."""
BRIGHTER = (1.25, 1.45, 1.25)
"""Background over the typical cell, about, in red, green and blue: for cells that come without background."""
TYPICAL_A_SOURCE = 1500
LEADING_SHARE = 0.08
"""Share of a source's healthy objects, the best by the first look, that count as put forward."""
INNER_DISK = 0.85
"""Width of the disk that a cell's colour is taken from over that of its box."""
CROP_SETS = MappingProxyType(
    {"nih_cells": "patient", "westlake_cells": "field", "plasmocount_cells": "field"}
)
"""Crop sets for a second look, and the column of their index whose cells have one colour."""
CELLS_OF_A_CLASS = 3000
"""Most healthy and most infected cells that are taken of a crop set."""


@dataclass(frozen=True, eq=False)
class SurroundedCells:
    """Objects of one source as aligned arrays.

    Attributes
    ----------
    source
        Name of the set.
    crops
        (N, S, S, 3) uint8, S = `STORED_SURROUNDED_PX`, the cell `SURROUNDED_CELL_DIAMETER_PX` wide.
    colour
        (N, 3) float32: the typical cell's of the same slide or field.
    infected
        (N,) bool.
    put_forward
        (N,) bool: whether a first look that has not been trained on the field ranks it among its best.
    """

    source: str
    crops: NDArray[np.uint8]
    colour: NDArray[np.float32]
    infected: NDArray[np.bool_]
    put_forward: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.crops)

    @property
    def typical(self) -> NDArray[np.intp]:
        """Indices of healthy cells that nothing distinguishes; they stand for the slide's own cells."""
        return np.flatnonzero(~self.infected & ~self.put_forward)

    @property
    def leading(self) -> NDArray[np.intp]:
        """Indices of healthy objects that a first look puts forward; of typical ones where there are none."""
        found = np.flatnonzero(~self.infected & self.put_forward)
        return found if len(found) else self.typical


def of_located_fields(fields: Sequence[LocatedField], seed: int) -> SurroundedCells:
    """What of a source's located objects the second look is trained on.

    All infected ones; of the healthy ones those that lead the list of the first look whose scores the fields
    have, and some of the typical cells. What lies beside a parasite, or of which nobody could tell, is left
    out.

    Raises
    ------
    AnnotationError
        Where nothing is known of any object.
    """
    random = np.random.default_rng(seed)
    scores = np.concatenate([field.scored.infected_score for field in fields])
    healthy = np.concatenate([field.truth == Truth.HEALTHY for field in fields])
    evaluable = np.concatenate([field.scored.why_not == "" for field in fields])
    infected = np.concatenate([field.truth == Truth.INFECTED for field in fields])
    if not (healthy | infected).any():
        raise AnnotationError(
            f"{fields[0].annotated.source}: of {len(scores)} located objects none is marked; compare the "
            "marks with the images, or leave the source out"
        )
    leading = (
        healthy & (scores >= np.quantile(scores[healthy], 1 - LEADING_SHARE)) if healthy.any() else healthy
    )
    typical = np.flatnonzero(healthy & evaluable & ~leading)
    taken = infected | leading
    taken[random.permutation(typical)[:TYPICAL_A_SOURCE]] = True
    ends = np.cumsum([len(field.scored) for field in fields])
    crops, colours = [], []
    for field, own in zip(fields, np.split(taken, ends[:-1]), strict=True):
        if own.any():
            image = field.reference.burned_in.painted_over(field.annotated.image())
            crops.append(_cut(image, field.scored.boxes[own]))
            colour = np.array(field.scored.cell_colour, np.float32)
            colours.append(np.tile(colour, (int(own.sum()), 1)))
    return SurroundedCells(
        source=fields[0].annotated.source,
        crops=np.concatenate(crops),
        colour=np.concatenate(colours),
        infected=infected[taken],
        put_forward=leading[taken],
    )


def of_crop_set(root: Path, source: str, seed: int) -> SurroundedCells:
    """Single cells of one of `CROP_SETS`, as many healthy and infected ones as `CELLS_OF_A_CLASS`.

    What was painted black around a cell becomes background. Cells of one patient or field have one colour.
    """
    grouped_by = CROP_SETS[source]
    rows = index_of(root, grouped_by)
    random = np.random.default_rng(seed)
    order = random.permutation(len(rows))
    ill = np.array([row["infected"] == "1" for row in rows])[order]
    taken = np.sort(np.concatenate([order[ill == flag][:CELLS_OF_A_CLASS] for flag in (False, True)]))
    crops, infected, groups = [], [], []
    for index in taken:
        image = read_rgb(root / rows[index]["path"])
        cell = single_cell(image)
        if cell is not None:
            crops.append(_cut(_with_background(cell), cell.box))
            infected.append(rows[index]["infected"] == "1")
            groups.append(rows[index][grouped_by])
    cut, names = np.concatenate(crops), np.array(groups)
    unit = np.array([[0, 0, 1, 1]], np.float32)
    disk = disk_masks(
        unit, STORED_SURROUNDED_PX, INNER_DISK * SURROUNDED_CELL_DIAMETER_PX / CROP_CELL_DIAMETER_PX
    )[0]
    colour = np.empty((len(cut), 3), np.float32)
    for name in np.unique(names):
        own = names == name
        colour[own] = cell_colour(cut[own], np.broadcast_to(disk, (int(own.sum()), *disk.shape)))
    flags = np.array(infected)
    return SurroundedCells(source, cut, colour, flags, np.zeros_like(flags))


def _cut(image: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.uint8]:
    return raw_crops(image, boxes, STORED_SURROUNDED_PX, SURROUNDED_CELL_DIAMETER_PX)


def _with_background(cell: SingleCell) -> NDArray[np.uint8]:
    """The picture of a cell, its black paint in the colour of a background."""
    if cell.shown is None:
        return cell.image
    shown = cv2.erode(cell.shown, np.ones((3, 3), np.uint8)) > 0
    if not shown.any():
        return cell.image
    typical = np.median(cell.image[shown], axis=0)
    background = np.clip(typical * np.array(BRIGHTER), 0, 250).astype(np.uint8)
    return np.where(shown[..., None], cell.image, background)
