"""What the pages need of a result's tables: its fields, and the cells of one of them."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

SIDES = ("x", "y", "width", "height")


@dataclass(frozen=True)
class FieldRow:
    """A field of a slide, as its result has it.

    Attributes
    ----------
    number
        In the order of the result.
    width, height
        Of its image, in pixels.
    cells
        Evaluable ones.
    called
        Cells that the machine called.
    edge_blur
        Measure of focus; None where no cell was seen.
    why_excluded
        Empty where it counts.
    """

    number: int
    name: str
    width: int
    height: int
    cells: int
    called: int
    edge_blur: float | None
    why_excluded: str


@lru_cache(maxsize=16)
def fields_of(folder: Path, _sha256: str) -> tuple[FieldRow, ...]:
    """Fields of a result that could be read; `_sha256` tells one result in the folder from the next."""
    rows = pq.read_table(folder / "fields.parquet").to_pylist()
    return tuple(
        FieldRow(
            number,
            row["field"],
            row["width"],
            row["height"],
            row["evaluable_cells"],
            row["called_infected"],
            row["edge_blur"],
            row["why_excluded"],
        )
        for number, row in enumerate(rows)
        if row["width"]
    )


def cells_of(folder: Path, sha256: str, field: str) -> pa.Table:
    """Cells of one field of a result: `SIDES` of their boxes, whether each counts, and the machine's call."""
    cells = all_cells_of(folder, sha256)
    return cells.filter(pc.equal(cells["field"], field))


def boxes_of(cells: pa.Table) -> NDArray[np.float32]:
    """(N, 4) boxes of cells."""
    return np.stack([cells[side].to_numpy() for side in SIDES], axis=1)


@lru_cache(maxsize=2)
def all_cells_of(folder: Path, _sha256: str) -> pa.Table:
    """Cells of a whole result, with the columns of `cells_of` and ``field``.

    `_sha256` tells one result in the folder from the next.
    """
    return pq.read_table(folder / "cells.parquet", columns=["field", *SIDES, "evaluable", "call"])
