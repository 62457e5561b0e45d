"""The rows of a ledger: a field each, with its scored cells or the reason why it could not be read."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.cells.quality import FieldQuality
from core.cells.scored_field import ScoredField


@dataclass(frozen=True)
class LedgerEntry:
    """A field that has had its turn.

    Attributes
    ----------
    name
        The field's name.
    source
        State of the file it was read from; another value means that the file has changed since.
    generation
        Lot of fields it came with (`core.scoring.ledger.Ledger.generation`).
    scored
        Its cells; None where it could not be read.
    unreadable
        Why it could not be read; empty where it could.
    """

    name: str
    source: str
    generation: int
    scored: ScoredField | None
    unreadable: str = ""

    @property
    def cells(self) -> int:
        """How many cells were located."""
        return 0 if self.scored is None else len(self.scored)


SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("source", pa.string()),
        ("generation", pa.int32()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("content_hash", pa.string()),
        ("unreadable", pa.string()),
        ("cells", pa.int32()),
        ("quality", pa.string()),  # JSON, so that a measure more does not change the format
        ("cell_colour", pa.list_(pa.float64())),
        ("feature_statistics", pa.list_(pa.float32())),
        ("boxes", pa.list_(pa.float32())),
        ("detection_score", pa.list_(pa.float32())),
        ("infected_score", pa.list_(pa.float32())),
        ("second_score", pa.list_(pa.float32())),
        ("second_features", pa.list_(pa.float16())),
        ("why_not", pa.list_(pa.string())),
    ]
)
_OF_ENTRY = ("name", "source", "generation", "unreadable")
_SCORES = ("detection_score", "infected_score", "second_score")
_NOT_READ: dict[str, object] = {
    "width": 0,
    "height": 0,
    "content_hash": "",
    "cell_colour": (0.0, 0.0, 0.0),
    **dict.fromkeys(("feature_statistics", "boxes", *_SCORES, "second_features", "why_not"), ()),
}


def entries_to_table(entries: Sequence[LedgerEntry]) -> pa.Table:
    """Rows for the ledger, one a field, the cells as lists."""
    return pa.Table.from_pylist([_row(entry) for entry in entries], SCHEMA)


def entry_from_table(table: pa.Table, row: int) -> LedgerEntry:
    """One row of `entries_to_table` as it was."""
    values = {column: table[column][row] for column in SCHEMA.names}
    plain = {column: values[column].as_py() for column in (*_OF_ENTRY, "width", "height", "content_hash")}
    quality = quality_from_json(values["quality"].as_py())
    entry = LedgerEntry(scored=None, **{column: plain.pop(column) for column in _OF_ENTRY})
    if quality is None:
        return entry
    arrays = {column: values[column].values.to_numpy() for column in _SCORES}
    scored = ScoredField(
        **plain,
        **arrays,
        quality=quality,
        cell_colour=tuple(values["cell_colour"].as_py()),
        feature_statistics=tuple(values["feature_statistics"].as_py()),
        boxes=values["boxes"].values.to_numpy().reshape(-1, 4),
        second_features=rows_of_features(values["second_features"].values.to_numpy(), arrays["second_score"]),
        why_not=np.asarray(values["why_not"].values.to_pylist(), np.str_),
    )
    return replace(entry, scored=scored)


def quality_from_json(text: str | None) -> FieldQuality | None:
    """A field's focus and stain from its column; None where the field could not be read."""
    return None if text is None else FieldQuality(**json.loads(text))


def rows_of_features(values: NDArray[np.float16], second_score: NDArray[np.float32]) -> NDArray[np.float16]:
    """(K, D) features from the values of their column: a row for each of K objects with a second score."""
    rows = int(np.isfinite(second_score).sum())
    return values.reshape(rows, len(values) // max(1, rows))


def _row(entry: LedgerEntry) -> dict[str, object]:
    scored = entry.scored
    values = _NOT_READ if scored is None else {one.name: getattr(scored, one.name) for one in fields(scored)}
    if scored is not None:
        values |= {
            "quality": json.dumps(asdict(scored.quality)),
            "boxes": scored.boxes.ravel(),
            "second_features": scored.second_features.ravel(),
        }
    return {**{column: getattr(entry, column) for column in _OF_ENTRY}, "cells": entry.cells, **values}
