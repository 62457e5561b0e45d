"""From the scored fields of a slide to its tables: which fields count, and which cells are called."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from core.cells.located import WhyNot
from core.cells.quality import FieldQuality
from core.cells.scored_field import ScoredField
from core.files import replacing
from core.scoring.ledger import Ledger
from core.scoring.survey import Counted, Survey

ROWS_IN_A_GROUP = 65_536

CELLS_SCHEMA = pa.schema(
    [
        ("field", pa.string()),
        ("x", pa.float32()),
        ("y", pa.float32()),
        ("width", pa.float32()),
        ("height", pa.float32()),
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


def write_cells(path: Path, ledger: Ledger, survey: Survey, threshold: float) -> dict[str, int]:
    """Write `cells.parquet`: one row a located cell, in the order of fields; count the reasons in `why_not`.

    Row groups have a fixed number of rows, so the file does not depend on how the fields were scored, and no
    more than one group is in memory.
    """
    reasons: dict[str, int] = {}
    tables = (_cells_table(ledger.get(field.name), field, threshold) for field in survey.fields)
    with replacing(path) as temporary, pq.ParquetWriter(temporary, CELLS_SCHEMA) as writer:
        for table in _in_groups(tables):
            writer.write_table(table, row_group_size=ROWS_IN_A_GROUP)
            for entry in table["why_not"].value_counts().to_pylist():
                reasons[entry["values"]] = reasons.get(entry["values"], 0) + entry["counts"]
    return {str(reason): reasons[reason] for reason in WhyNot if reason and reason in reasons}


def write_fields(folder: Path, ledger: Ledger, survey: Survey, threshold: float) -> None:
    """Write `fields.parquet`, one row a field, in order; and the same as `fields.csv`, for a spreadsheet."""
    evaluable = np.bincount(survey.field_index, minlength=len(survey.fields))
    called = np.bincount(survey.field_index[survey.score >= threshold], minlength=len(survey.fields))
    rows = []
    for index, field in enumerate(survey.fields):
        scored = ledger.get(field.name)
        rows.append(
            {
                "field": field.name,
                "width": scored.width,
                "height": scored.height,
                "cells": len(scored),
                "evaluable_cells": evaluable[index],
                "called_infected": called[index],
                **_measures(scored.quality),
                "content_hash": scored.content_hash,
                "excluded": bool(field.why_excluded),
                "why_excluded": field.why_excluded,
            }
        )
    table = pa.Table.from_pylist(rows, FIELDS_SCHEMA)
    with replacing(folder / "fields.parquet") as temporary:
        pq.write_table(table, temporary)
    with replacing(folder / "fields.csv") as temporary:
        pa_csv.write_csv(table, temporary)


def _measures(quality: FieldQuality | None) -> dict[str, float | None]:
    """Columns of a quality; null where the field shows no cell, and none at all where it was not read."""
    if quality is None:
        return {}
    return {name: None if math.isnan(value) else value for name, value in asdict(quality).items()}


def _cells_table(scored: ScoredField, field: Counted, threshold: float) -> pa.Table:
    why_not = np.where(scored.evaluable, str(field.why_not), scored.why_not)
    evaluable = why_not == ""
    call = np.where(scored.infected_score >= threshold, "infected", "healthy")
    columns = {
        "field": pa.repeat(field.name, len(scored)),
        **dict(zip(("x", "y", "width", "height"), scored.boxes.T, strict=True)),
        "detection_score": scored.detection_score,
        "infected_score": pa.array(scored.infected_score, mask=~evaluable),
        "evaluable": evaluable,
        "why_not": why_not,
        "call": pa.array(call, mask=~evaluable),
    }
    return pa.table(columns, CELLS_SCHEMA)


def _in_groups(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Concatenate and cut: tables of exactly `ROWS_IN_A_GROUP` rows, and one with the rest."""
    pending: list[pa.Table] = []
    rows = 0
    for table in tables:
        pending.append(table)
        rows += len(table)
        if rows >= ROWS_IN_A_GROUP:
            joined = pa.concat_tables(pending)
            whole = rows - rows % ROWS_IN_A_GROUP
            for start in range(0, whole, ROWS_IN_A_GROUP):
                yield joined.slice(start, ROWS_IN_A_GROUP).combine_chunks()
            pending = [joined.slice(whole)]
            rows -= whole
    if rows:
        yield pa.concat_tables(pending).combine_chunks()
