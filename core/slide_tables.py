"""From the scored fields of a slide to its tables: which fields count, and which cells are called."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.atomic import replacing
from core.cells import WhyNot
from core.csv_files import write_table
from core.ledger import Ledger
from core.quality import FieldQuality
from core.scored_field import ScoredField
from core.suspects import Suspect

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


@dataclass(frozen=True)
class Counted:
    """Whether a field's cells count.

    Attributes
    ----------
    name
        The field.
    why_excluded
        Why none of its cells counts; empty where they do.
    why_not
        What its evaluable cells are marked with where they do not count; empty where they do.
    """

    name: str
    why_excluded: str = ""
    why_not: WhyNot = WhyNot.EVALUABLE

    @property
    def reason(self) -> str:
        """`why_excluded` in a word or two, the same for all fields alike."""
        return str(self.why_not) or self.why_excluded.partition(":")[0]


@dataclass(frozen=True)
class Survey:
    """The fields of a slide in order, and the scores of the cells that count.

    Attributes
    ----------
    fields
        All fields, counted or not.
    field_index, cell_index
        (N,) int32: where each cell that counts stands: position in `fields`, row in that field.
    score
        (N,) float32 infected scores of these cells.
    """

    fields: tuple[Counted, ...]
    field_index: NDArray[np.int32]
    cell_index: NDArray[np.int32]
    score: NDArray[np.float32]

    @property
    def counted(self) -> tuple[str, ...]:
        """Names of the fields whose cells count."""
        return tuple(field.name for field in self.fields if not field.why_excluded)

    @property
    def excluded(self) -> dict[str, int]:
        """Number of fields left out, by reason."""
        return dict(Counter(field.reason for field in self.fields if field.why_excluded))

    @property
    def failed(self) -> int:
        """Number of fields left out for their quality."""
        passed = (WhyNot.EVALUABLE, WhyNot.DUPLICATE)
        return sum(field.why_not not in passed for field in self.fields)


def survey_slide(
    ledger: Ledger, names: Sequence[str], field_failure: Callable[[FieldQuality], WhyNot]
) -> Survey:
    """Decide which fields count, and collect the scores of their evaluable cells.

    Of several fields with the same pixels the one that counts is that of the earliest lot of fields, and of
    these the first in the order of `names`: the order in which workers finish has no part in it, and a field
    added later pushes none out. An image without cells cannot be counted twice, so it is never a duplicate.

    Parameters
    ----------
    ledger
        Holds all of `names`.
    names
        The slide's fields in order.
    field_failure
        Gives the reason for which a whole field is left out for its quality; empty for a good one.
    """
    first = _first_of_each_content(ledger, names)
    fields: list[Counted] = []
    field_index, cell_index, score = [], [], []
    for index, name in enumerate(names):
        scored = ledger.get(name)
        fields.append(_counted(scored, first, field_failure))
        if fields[-1].why_excluded:
            continue
        cells = np.flatnonzero(scored.evaluable)
        field_index.append(np.full(len(cells), index, np.int32))
        cell_index.append(cells.astype(np.int32))
        score.append(scored.infected_score[cells])
    return Survey(
        tuple(fields),
        np.concatenate([np.empty(0, np.int32), *field_index]),
        np.concatenate([np.empty(0, np.int32), *cell_index]),
        np.concatenate([np.empty(0, np.float32), *score]),
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
    write_table(folder / "fields.csv", table)


def _measures(quality: FieldQuality | None) -> dict[str, float | None]:
    """Columns of a quality; null where the field shows no cell, and none at all where it was not read."""
    if quality is None:
        return {}
    return {name: None if math.isnan(value) else value for name, value in asdict(quality).items()}


def suspects_of(ledger: Ledger, survey: Survey, threshold: float, most: int) -> tuple[Suspect, ...]:
    """Rank the cells called infected, highest score first, and give the first `most` of them.

    Equal scores keep the order of fields and cells.
    """
    called = np.flatnonzero(survey.score >= threshold)
    order = called[np.argsort(-survey.score[called], kind="stable")][:most]
    suspects = []
    for rank, position in enumerate(order, start=1):
        scored = ledger.get(survey.fields[survey.field_index[position]].name)
        x, y, width, height = (float(side) for side in scored.boxes[survey.cell_index[position]])
        suspects.append(
            Suspect(
                rank,
                float(survey.score[position]),
                scored.name,
                (x, y, width, height),
                scored.cell_colour,
                scored.feature_statistics,
            )
        )
    return tuple(suspects)


def _first_of_each_content(ledger: Ledger, names: Sequence[str]) -> dict[str, str]:
    """Name of the field that counts, for each hash of pixels."""
    generation, content, cells = (
        ledger.column("generation"),
        ledger.column("content_hash"),
        ledger.column("cells"),
    )
    first: dict[str, str] = {}
    for name in sorted(names, key=generation.__getitem__):  # stable: the order of names within a lot
        if cells[name]:
            first.setdefault(content[name], name)
    return first


def _counted(
    scored: ScoredField, first: dict[str, str], field_failure: Callable[[FieldQuality], WhyNot]
) -> Counted:
    if scored.quality is None:
        return Counted(scored.name, f"unreadable: {scored.unreadable}")
    counted = first.get(scored.content_hash, scored.name)
    if counted != scored.name:
        return Counted(scored.name, f"duplicate of {counted}", WhyNot.DUPLICATE)
    failure = field_failure(scored.quality)
    return Counted(scored.name, str(failure), failure)


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
