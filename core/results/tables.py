"""The tables of a scored slide: its fields, its located cells, and those put before a reader.

Each table is written here and read here, as the same plain arrays and records.
"""

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.cells.boxes import Box, rounded_box
from core.cells.located import WhyNot
from core.cells.quality import FieldQuality
from core.files import replacing, write_csv

ROWS_IN_A_GROUP = 65_536
SIDES = ("x", "y", "width", "height")
REASONS = tuple(WhyNot)
"""Why a cell does not count, by the number that stands for it in `CellRows`; 0 is a cell that counts."""
NUMBER_OF_REASON = {str(reason): number for number, reason in enumerate(REASONS)}
CALLS = HEALTHY, INFECTED = "healthy", "infected"
"""What the machine calls a cell that counts."""

CELLS_SCHEMA = pa.schema(
    [
        ("field", pa.string()),
        *((side, pa.float32()) for side in SIDES),
        ("detection_score", pa.float32()),
        ("infected_score", pa.float32()),
        ("evaluable", pa.bool_()),
        ("why_not", pa.string()),
        ("call", pa.string()),
    ]
)

FIELDS_SCHEMA = pa.schema(
    [
        ("field", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("cells", pa.int32()),
        ("evaluable_cells", pa.int32()),
        ("called_infected", pa.int32()),
        *((measure.name, pa.float64()) for measure in fields(FieldQuality)),
        ("content_hash", pa.string()),
        ("excluded", pa.bool_()),
        ("why_excluded", pa.string()),
    ]
)

CANDIDATE_COLUMNS = ("rank", "infected_score", "field", *SIDES, "image")


@dataclass(frozen=True)
class FieldRow:
    """A field of a slide.

    Attributes
    ----------
    name
        The field.
    width, height
        Pixels of its image; 0 where it could not be read.
    cells, evaluable_cells, called_infected
        Located cells, those of them that count, and those of these that the machine called infected.
    quality
        Focus and stain; None where it could not be read.
    content_hash
        Hash of the pixels; empty where it could not be read.
    why_excluded
        Why none of its cells counts; empty where they do.
    """

    name: str
    width: int
    height: int
    cells: int
    evaluable_cells: int
    called_infected: int
    quality: FieldQuality | None
    content_hash: str
    why_excluded: str

    @property
    def was_read(self) -> bool:
        """Whether its image could be read."""
        return self.width > 0


@dataclass(frozen=True, eq=False)
class CellRows:
    """The located cells of a slide as aligned arrays, in the order of its fields.

    Attributes
    ----------
    field
        (N,) int32 position of each cell's field among the fields of the slide.
    boxes
        (N, 4) float32: x, y, width, height in pixels of the field's image.
    detection_score
        (N,) float32 in [0, 1].
    infected_score
        (N,) float32 in [0, 1]; NaN for a cell that does not count.
    why_not
        (N,) uint8 positions in `REASONS`; 0 for a cell that counts.
    called
        (N,) bool: cells that count and that the machine called infected.
    """

    field: NDArray[np.int32]
    boxes: NDArray[np.float32]
    detection_score: NDArray[np.float32]
    infected_score: NDArray[np.float32]
    why_not: NDArray[np.uint8]
    called: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.field)

    @cached_property
    def evaluable(self) -> NDArray[np.bool_]:
        """(N,) which cells count."""
        return np.asarray(self.why_not == 0)

    def by_reason(self) -> dict[str, int]:
        """Number of cells that do not count, by reason, in the order of `WhyNot`."""
        counts = np.bincount(self.why_not, minlength=len(REASONS)).tolist()
        return {str(reason): count for reason, count in zip(REASONS, counts, strict=True) if reason and count}

    def ranked(self) -> NDArray[np.int64]:
        """Positions of the called cells, highest score first; equal scores keep the order of the table."""
        called = np.flatnonzero(self.called)
        return called[np.argsort(-self.infected_score[called], kind="stable")]


@dataclass(frozen=True)
class ScoredCell:
    """A cell that counts.

    Attributes
    ----------
    field, box
        Where it lies; the box with two decimals, as scoring writes it.
    infected_score
        In [0, 1].
    """

    field: str
    box: Box
    infected_score: float


@dataclass(frozen=True)
class RankedCell(ScoredCell):
    """A cell that the machine called infected, on the list that is put before a reader.

    Attributes
    ----------
    rank
        1 for the highest score of the slide.
    picture
        File name in `candidates/`; None where the review budget ends before it.
    """

    rank: int
    picture: str | None


def scored_cell(rows: Sequence[FieldRow], cells: CellRows, position: int) -> ScoredCell:
    """The cell at a position of a table."""
    return ScoredCell(
        rows[cells.field[position]].name,
        rounded_box(cells.boxes[position].tolist()),
        round(float(cells.infected_score[position]), 6),
    )


def ranked_cells(rows: Sequence[FieldRow], cells: CellRows, drawn: int) -> tuple[RankedCell, ...]:
    """All called cells, by rank; the first `drawn` of them have pictures."""
    found = []
    for rank, position in enumerate(cells.ranked().tolist(), start=1):
        cell, picture = scored_cell(rows, cells, position), image_name(rank) if rank <= drawn else None
        found.append(RankedCell(cell.field, cell.box, cell.infected_score, rank, picture))
    return tuple(found)


def image_name(rank: int) -> str:
    """File name of a candidate's picture."""
    return f"{rank:04d}.png"


def write_cells(path: Path, rows: Sequence[FieldRow], cells: CellRows) -> None:
    """Write `cells.parquet`: one row a located cell, in the order of fields.

    Row groups have a fixed number of rows, so the file does not depend on how the fields were scored.
    """
    names = np.array([row.name for row in rows], object)
    with replacing(path) as temporary, pq.ParquetWriter(temporary, CELLS_SCHEMA) as writer:
        for part in _groups(len(cells)):
            writer.write_table(_cells_table(names, cells, part), row_group_size=ROWS_IN_A_GROUP)


def read_cells(path: Path, rows: Sequence[FieldRow]) -> CellRows:
    """Read what `write_cells` wrote, given the slide's fields.

    Raises
    ------
    OSError, pyarrow.ArrowInvalid, KeyError
        Where the file is gone, is no such table, or is of other fields.
    """
    columns = ["field", *SIDES, "detection_score", "infected_score", "why_not", "call"]
    table = pq.read_table(path, columns=columns)
    numbers = {row.name: number for number, row in enumerate(rows)}
    return CellRows(
        field=_numbered(table["field"], numbers).astype(np.int32),
        boxes=np.stack([table[side].to_numpy() for side in SIDES], axis=1),
        detection_score=table["detection_score"].to_numpy(),
        infected_score=table["infected_score"].to_numpy(),
        why_not=_numbered(table["why_not"], NUMBER_OF_REASON).astype(np.uint8),
        called=_numbered(table["call"], {INFECTED: 1, HEALTHY: 0}).astype(bool),
    )


def write_fields(folder: Path, rows: Sequence[FieldRow]) -> None:
    """Write `fields.parquet`, one row a field, in order; and the same as `fields.csv`, for a spreadsheet."""
    table = pa.Table.from_pylist([_as_written(row) for row in rows], FIELDS_SCHEMA)
    with replacing(folder / "fields.parquet") as temporary:
        pq.write_table(table, temporary)
    # Arrow puts all texts in quotation marks, so that empty is not null.
    with replacing(folder / "fields.csv") as temporary:
        pa_csv.write_csv(table, temporary)


def read_fields(folder: Path) -> tuple[FieldRow, ...]:
    """Read what `write_fields` wrote; raises as `read_cells` does."""
    return tuple(_as_read(row) for row in pq.read_table(folder / "fields.parquet").to_pylist())


def write_candidates_list(path: Path, ranked: Sequence[RankedCell]) -> None:
    """Write `candidates.csv`: the cells put before a reader, by rank."""
    rows = (
        [cell.rank, f"{cell.infected_score:.6f}", cell.field, *map("{:.2f}".format, cell.box), cell.picture]
        for cell in ranked
    )
    write_csv(path, CANDIDATE_COLUMNS, rows)


def read_candidates_list(path: Path) -> tuple[RankedCell, ...]:
    """Read what `write_candidates_list` wrote; raises as `read_cells` does, and ValueError."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            RankedCell(
                row["field"],
                rounded_box([float(row[side]) for side in SIDES]),
                float(row["infected_score"]),
                int(row["rank"]),
                row["image"],
            )
            for row in csv.DictReader(file)
        )


def _groups(count: int) -> Iterator[slice]:
    return (slice(start, start + ROWS_IN_A_GROUP) for start in range(0, count, ROWS_IN_A_GROUP))


def _cells_table(names: NDArray[np.object_], cells: CellRows, part: slice) -> pa.Table:
    evaluable = cells.evaluable[part]
    reasons, calls = (
        np.array([str(reason) for reason in REASONS], object),
        np.array(CALLS, object),
    )
    columns = {
        "field": pa.array(names[cells.field[part]], pa.string()),
        **dict(zip(SIDES, cells.boxes[part].T, strict=True)),
        "detection_score": cells.detection_score[part],
        "infected_score": pa.array(cells.infected_score[part], mask=~evaluable),
        "evaluable": evaluable,
        "why_not": pa.array(reasons[cells.why_not[part]], pa.string()),
        "call": pa.array(calls[cells.called[part].astype(int)], pa.string(), mask=~evaluable),
    }
    return pa.table(columns, CELLS_SCHEMA)


def _numbered(column: pa.ChunkedArray, numbers: dict[str, int]) -> NDArray[np.int64]:
    """The number of each text of a column; 0 where there is none."""
    encoded = column.combine_chunks().dictionary_encode()
    if len(encoded) == 0:
        return np.empty(0, np.int64)
    known = np.array([numbers[text] for text in encoded.dictionary.to_pylist()] or [0], np.int64)
    present = encoded.is_valid().to_numpy(zero_copy_only=False)
    return np.where(present, known[encoded.indices.fill_null(0).to_numpy()], 0)


def _as_written(row: FieldRow) -> dict[str, Any]:
    measures = {} if row.quality is None else asdict(row.quality)
    return {
        "field": row.name,
        "width": row.width,
        "height": row.height,
        "cells": row.cells,
        "evaluable_cells": row.evaluable_cells,
        "called_infected": row.called_infected,
        # Null where the field shows no cell, and none at all where it was not read.
        **{name: None if math.isnan(value) else value for name, value in measures.items()},
        "content_hash": row.content_hash,
        "excluded": bool(row.why_excluded),
        "why_excluded": row.why_excluded,
    }


def _as_read(row: dict[str, Any]) -> FieldRow:
    measures = {measure.name: row[measure.name] for measure in fields(FieldQuality)}
    return FieldRow(
        name=row["field"],
        width=row["width"],
        height=row["height"],
        cells=row["cells"],
        evaluable_cells=row["evaluable_cells"],
        called_infected=row["called_infected"],
        quality=FieldQuality(
            **{name: math.nan if value is None else value for name, value in measures.items()}
        )
        if row["width"]
        else None,
        content_hash=row["content_hash"],
        why_excluded=row["why_excluded"],
    )
