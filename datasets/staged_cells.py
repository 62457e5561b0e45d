"""Parasites of which a set names the stage, smear by smear, as the second look sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.cells.crops import (
    SURROUNDED_SIZE_PX,
    cell_colour,
    densities,
    disk_masks,
    raw_crops,
    surrounded_crops,
)
from datasets.cells import index_of
from datasets.fields import STAGES, AnnotatedField, AnnotationError
from datasets.malaria_fields import iml_malaria
from datasets.surrounded_cells import of_crop_set

FIRST_FIELDS = (0, 119, 217)
"""Where the smears of `iml_malaria` begin, which names none: there the colour of all cells changes."""
HEALTHY_A_FIELD, HEALTHY_A_SMEAR = 10, 400
"""Healthy cells by which the second look measures a smear."""


@dataclass(frozen=True, eq=False)
class StagedCells:
    """The staged parasites of one smear.

    Attributes
    ----------
    source, smear
        The set, and which smear of it.
    crops
        (N, S, S, 3) uint8 as `core.cells.crops.surrounded_crops` cuts them.
    stage
        (N,) numbers in `datasets.fields.STAGES`.
    block
        (N,) the field that each lies on.
    healthy
        (M, S, S, 3) cells by which the smear is measured; none where a set has infected cells alone.
    """

    source: str
    smear: str
    crops: NDArray[np.uint8]
    stage: NDArray[np.int64]
    block: NDArray[np.str_]
    healthy: NDArray[np.uint8]


class _Reader(Protocol):
    def __call__(self, root: Path) -> list[StagedCells]: ...


def _of_iml_malaria(root: Path) -> list[StagedCells]:
    fields = iml_malaria(root)
    ends = (*FIRST_FIELDS[1:], len(fields))
    return [
        _of_smear(fields[first:end], f"iml_malaria, smear {number}")
        for number, (first, end) in enumerate(zip(FIRST_FIELDS, ends, strict=True), start=1)
        if fields[first:end]
    ]


def _of_smear(fields: Sequence[AnnotatedField], smear: str) -> StagedCells:
    """Fields without a whole healthy cell are left out: nothing tells the colour of their cells."""
    crops, stages, blocks, healthy = [], [], [], []
    for field in fields:
        image, staged = field.image(), np.array([bool(stage) for stage in field.stage], bool)
        typical = field.boxes[~field.infected & _whole(field.boxes, image)]
        if len(typical) == 0:
            continue
        colour = cell_colour(raw_crops(image, typical), disk_masks(typical))
        crops.append(surrounded_crops(image, field.boxes[staged], colour))
        stages += [STAGES.index(stage) for stage in field.stage if stage]
        blocks += [field.path.stem] * int(staged.sum())
        step = -(-len(typical) // HEALTHY_A_FIELD)
        healthy.append(surrounded_crops(image, typical[::step], colour))
    if not stages:
        raise AnnotationError(f"{smear}: no staged parasite beside a whole healthy cell; unpack the set anew")
    measured = np.concatenate(healthy)
    spread = np.linspace(0, len(measured) - 1, min(HEALTHY_A_SMEAR, len(measured))).astype(int)
    return StagedCells(
        fields[0].source,
        smear,
        np.concatenate(crops),
        np.array(stages, np.int64),
        np.array(blocks),
        measured[spread],
    )


def _whole(boxes: NDArray[np.float32], image: NDArray[np.uint8]) -> NDArray[np.bool_]:
    height, width = image.shape[:2]
    inside = (boxes[:, :2] >= 0).all(axis=1) & (boxes[:, :2] + boxes[:, 2:] <= (width, height)).all(axis=1)
    return np.asarray(inside, bool)


def _of_plasmocount_cells(root: Path) -> list[StagedCells]:
    rows = index_of(root, "field")
    cells = of_crop_set(root, "plasmocount_cells", seed=0)
    for number, row in enumerate(rows, start=2):
        if row.get("stage") not in STAGES:
            raise AnnotationError(
                f"{root / 'index.csv'}: line {number}: stage {row.get('stage')!r} is none of "
                f"{', '.join(STAGES)}; unpack the set anew"
            )
    rim = (cells.crops.shape[1] - SURROUNDED_SIZE_PX) // 2
    middle = slice(rim, rim + SURROUNDED_SIZE_PX)
    return [
        StagedCells(
            "plasmocount_cells",
            "plasmocount_cells",
            densities(cells.crops[:, middle, middle], cells.colour),
            np.array([STAGES.index(row["stage"]) for row in rows], np.int64),
            np.array([row["field"] for row in rows]),
            np.empty((0, SURROUNDED_SIZE_PX, SURROUNDED_SIZE_PX, 3), np.uint8),
        )
    ]


STAGED_SETS: Mapping[str, _Reader] = MappingProxyType(
    {"iml_malaria": _of_iml_malaria, "plasmocount_cells": _of_plasmocount_cells}
)
"""Sets that name stages, and what reads them from their folder."""
