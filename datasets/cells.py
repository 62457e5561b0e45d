"""Single red cells for the classifier, from crop sets and annotated fields, in one form.

A cell comes with the colour reference it would have on its slide: the median cell colour of its
patient, where a set names patients, else of its field.
"""

import csv
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.cells.crops import cell_colour, disk_masks, raw_crops
from core.cells.detection import ObjectKind
from datasets.fields import AnnotatedField, AnnotationError, read_rgb
from datasets.single_cells import blackened_cell, surrounded_cell

CELL_OVER_PICTURE = 0.8
"""Width of a cell over that of its picture in `plasmocount_cells`, where no cell stands apart."""
STORED_SIZE_PX = 60
"""Larger than the network's crop, so that a shifted or shrunk cell still has its surroundings."""


@dataclass(frozen=True)
class CellSet:
    """Cells as aligned arrays.

    Attributes
    ----------
    crops
        (N, S, S, 3) uint8, S = `STORED_SIZE_PX`, in their own colours and surroundings.
    masks
        (N, S, S) bool: the cell's disk, less what a set has blacked out.
    colour
        (N, 3) float32: median RGB of the cells of the same slide.
    infected
        (N,) bool.
    source, group
        (N,) str: the set, and the patient or field within it that no split may cut through.
    """

    crops: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    colour: NDArray[np.float32]
    infected: NDArray[np.bool_]
    source: NDArray[np.str_]
    group: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.crops)

    def take(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> "CellSet":
        """The cells selected by a mask or by indices."""
        return CellSet(
            self.crops[which],
            self.masks[which],
            self.colour[which],
            self.infected[which],
            self.source[which],
            self.group[which],
        )


def joined(sets: Sequence[CellSet]) -> CellSet:
    """All cells of several sets, in order."""
    names = ("crops", "masks", "colour", "infected", "source", "group")
    return CellSet(*(np.concatenate([getattr(each, name) for each in sets]) for name in names))


def _assembled(
    source: str,
    crops: list[NDArray[np.uint8]],
    masks: list[NDArray[np.bool_]],
    infected: list[bool],
    group: list[str],
) -> CellSet:
    all_crops, all_masks = np.concatenate(crops), np.concatenate(masks)
    groups = np.array(group)
    colour = np.empty((len(groups), 3), np.float32)
    members: dict[str, list[int]] = defaultdict(list)
    for index, name in enumerate(group):
        members[name].append(index)
    for indices in members.values():
        colour[indices] = cell_colour(all_crops[indices], all_masks[indices])
    return CellSet(all_crops, all_masks, colour, np.array(infected), np.full(len(groups), source), groups)


def index_of(root: Path, grouped_by: str) -> list[dict[str, str]]:
    """The rows of the `index.csv` of a set of single cells; `AnnotationError` where it is damaged."""
    path = root / "index.csv"
    if not path.is_file():
        raise AnnotationError(f"{path}: missing; give the folder that the set unpacks to")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise AnnotationError(f"{path}: lists no cell; unpack the set anew")
    for number, row in enumerate(rows, start=2):
        if None in row.values() or not {"path", "infected", grouped_by} <= row.keys():
            raise AnnotationError(
                f"{path}: line {number}: no path, infected and {grouped_by}; unpack the set anew"
            )
        if row["infected"] not in {"0", "1"}:
            raise AnnotationError(
                f"{path}: line {number}: infected is {row['infected']!r}, not 0 or 1; unpack the set anew"
            )
    return rows


def nih_cells(root: Path) -> CellSet:
    """Rajaraman 2018: single cells of P. falciparum patients and healthy ones, all else blacked out."""
    crops, masks, infected, group = [], [], [], []
    for row in index_of(root, "patient"):
        cell = blackened_cell(read_rgb(root / row["path"]))
        if cell is None:
            continue
        crops.append(cell.crop(STORED_SIZE_PX))
        masks.append(cell.mask(STORED_SIZE_PX))
        infected.append(row["infected"] == "1")
        group.append(row["patient"])
    return _assembled("nih_cells", crops, masks, infected, group)


def westlake_cells(root: Path) -> CellSet:
    """Westlake: 80-px crops with their surroundings, one slide; the cell is the dark region at the centre."""
    crops, masks, infected, group = [], [], [], []
    for row in index_of(root, "field"):
        cell = surrounded_cell(read_rgb(root / row["path"]), otherwise=(12, 12, 56, 56))
        crops.append(cell.crop(STORED_SIZE_PX))
        masks.append(cell.mask(STORED_SIZE_PX))
        infected.append(row["infected"] == "1")
        group.append(row["field"])
    return _assembled("westlake_cells", crops, masks, infected, group)


def plasmocount_cells(root: Path) -> CellSet:
    """PlasmoCount: infected cells alone, cut with their surroundings from five fields of a culture."""
    crops, masks, infected, group = [], [], [], []
    for row in index_of(root, "field"):
        image = read_rgb(root / row["path"])
        height, width = image.shape[:2]
        margin = (1 - CELL_OVER_PICTURE) / 2
        middle = (margin * width, margin * height, CELL_OVER_PICTURE * width, CELL_OVER_PICTURE * height)
        cell = surrounded_cell(image, otherwise=middle)
        crops.append(cell.crop(STORED_SIZE_PX))
        masks.append(cell.mask(STORED_SIZE_PX))
        infected.append(row["infected"] == "1")
        group.append(row["field"])
    return _assembled("plasmocount_cells", crops, masks, infected, group)


def field_cells(fields: Iterable[tuple[AnnotatedField, NDArray[np.float32], NDArray[np.bool_]]]) -> CellSet:
    """Cells cut from annotated fields.

    Parameters
    ----------
    fields
        For each field: the field, the boxes (N, 4) to cut, and whether each is infected.
    """
    crops: list[NDArray[np.uint8]] = []
    masks: list[NDArray[np.bool_]] = []
    infected: list[bool] = []
    group: list[str] = []
    source = ""
    for field, boxes, flags in fields:
        if len(boxes) == 0:
            continue
        source = field.source
        crops.append(raw_crops(field.image(), boxes, STORED_SIZE_PX))
        masks.append(disk_masks(boxes, STORED_SIZE_PX))
        infected.extend(bool(flag) for flag in flags)
        group.extend([field.group] * len(boxes))
    return _assembled(source, crops, masks, infected, group)


def marked_cells(fields: Sequence[AnnotatedField]) -> CellSet:
    """The red cells as annotated, in fields whose annotation gives boxes."""
    cut = []
    for field in fields:
        red = (field.kind == ObjectKind.RED_CELL) & np.isfinite(field.boxes).all(axis=1)
        cut.append((field, field.boxes[red], field.infected[red]))
    return field_cells(cut)
