"""The table of a scored slide's fields: written here and read here."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from core.cells.located import WhyNot
from core.cells.quality import FieldQuality
from core.files import harmless, replacing

FIELDS_SCHEMA = pa.schema(
    [
        ("field", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("cells", pa.int32()),
        ("evaluable_cells", pa.int32()),
        ("listed", pa.int32()),
        *((one.name, pa.bool_() if one.type is bool else pa.float64()) for one in fields(FieldQuality)),
        ("content_hash", pa.string()),
        ("excluded", pa.bool_()),
        ("why_excluded", pa.string()),
        ("planes", pa.int32()),
        ("seen_elsewhere", pa.int32()),
        ("overlaps", pa.string()),
    ]
)

_NAMES_OF_0_1_0 = {"called_infected": "listed"}
"""Of columns of `fields.parquet`: what 0.1.0 laid before readers were the cells it had called."""


@dataclass(frozen=True)
class FieldRow:
    """A field of a slide.

    Attributes
    ----------
    name
        The field.
    width, height
        Pixels of its image; 0 where it could not be read.
    cells, evaluable_cells, listed
        Located objects, those of them that are cells that count, and those, counted or not, that stand in the
        list within the review budget.
    quality
        Focus and stain; None where it could not be read.
    content_hash
        Hash of the pixels; empty where it could not be read.
    why_excluded
        Why none of its cells counts; empty where they do.
    planes
        How many pictures show its place at several depths of focus; the field is the sharpest of them.
    seen_elsewhere, overlaps
        Located objects looked at on another field, and the fields that share a part of the slide.
    """

    name: str
    width: int
    height: int
    cells: int
    evaluable_cells: int
    listed: int
    quality: FieldQuality | None
    content_hash: str
    why_excluded: str
    planes: int = 1
    seen_elsewhere: int = 0
    overlaps: tuple[str, ...] = ()

    @property
    def was_read(self) -> bool:
        """Whether its image could be read."""
        return self.width > 0

    @property
    def looked_at(self) -> bool:
        """Whether its objects are looked at, counted or not: they are those of no other field."""
        return self.was_read and not self.why_excluded.startswith(WhyNot.DUPLICATE)


def write_fields(folder: Path, rows: Sequence[FieldRow]) -> None:
    """Write `fields.parquet`, one row a field, in order; and the same as `fields.csv`, for a spreadsheet."""
    table = pa.Table.from_pylist([_as_written(row) for row in rows], FIELDS_SCHEMA)
    with replacing(folder / "fields.parquet") as temporary:
        pq.write_table(table, temporary)
    # Arrow puts all texts in quotation marks, so that empty is not null.
    for number, column in enumerate(table.schema):
        if column.type == pa.string():
            texts = pa.array(map(harmless, table[column.name].to_pylist()), pa.string())
            table = table.set_column(number, column, texts)
    with replacing(folder / "fields.csv") as temporary:
        pa_csv.write_csv(table, temporary)


def read_fields(folder: Path) -> tuple[FieldRow, ...]:
    """Read what `write_fields` wrote; raises as `read_cells` does."""
    table = pq.read_table(folder / "fields.parquet")
    names = [_NAMES_OF_0_1_0.get(name, name) for name in table.column_names]
    return tuple(_as_read(row) for row in table.rename_columns(names).to_pylist())


def _as_written(row: FieldRow) -> dict[str, Any]:
    measures = {} if row.quality is None else asdict(row.quality)
    return {
        "field": row.name,
        "width": row.width,
        "height": row.height,
        "cells": row.cells,
        "evaluable_cells": row.evaluable_cells,
        "listed": row.listed,
        # Null where the field shows no cell, and none at all where it was not read.
        **{name: None if math.isnan(value) else value for name, value in measures.items()},
        "content_hash": row.content_hash,
        "excluded": bool(row.why_excluded),
        "why_excluded": row.why_excluded,
        "planes": row.planes,
        "seen_elsewhere": row.seen_elsewhere,
        "overlaps": " | ".join(row.overlaps),
    }


def _as_read(row: dict[str, Any]) -> FieldRow:
    # Earlier versions measured less.
    known = [one.name for one in fields(FieldQuality) if one.name in row]
    measures: dict[str, Any] = {name: math.nan if row[name] is None else row[name] for name in known}
    return FieldRow(
        name=row["field"],
        width=row["width"],
        height=row["height"],
        cells=row["cells"],
        evaluable_cells=row["evaluable_cells"],
        listed=row["listed"],
        quality=FieldQuality(**measures) if row["width"] else None,
        content_hash=row["content_hash"],
        why_excluded=row["why_excluded"],
        planes=row.get("planes", 1),  # before 0.4.0 each picture was a field
        seen_elsewhere=row.get("seen_elsewhere", 0),  # earlier versions knew no overlaps
        overlaps=tuple(row["overlaps"].split(" | ")) if row.get("overlaps") else (),
    )
