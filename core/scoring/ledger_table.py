"""The rows of a ledger: a field each, with its scored cells or the reason why it could not be read."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa

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
        ("why_not", pa.list_(pa.string())),
    ]
)


def entries_to_table(entries: Sequence[LedgerEntry]) -> pa.Table:
    """Rows for the ledger, one a field, the cells as lists."""
    return pa.Table.from_pylist([_row(entry) for entry in entries], SCHEMA)


def entry_from_table(table: pa.Table, row: int) -> LedgerEntry:
    """One row of `entries_to_table` as it was."""
    name, source, generation, unreadable = (
        table[column][row].as_py() for column in ("name", "source", "generation", "unreadable")
    )
    quality = quality_from_json(table["quality"][row].as_py())
    if quality is None:
        return LedgerEntry(name, source, generation, None, unreadable)
    scored = ScoredField(
        width=table["width"][row].as_py(),
        height=table["height"][row].as_py(),
        content_hash=table["content_hash"][row].as_py(),
        quality=quality,
        cell_colour=tuple(table["cell_colour"][row].as_py()),
        feature_statistics=tuple(table["feature_statistics"][row].as_py()),
        boxes=table["boxes"][row].values.to_numpy().reshape(-1, 4),
        detection_score=table["detection_score"][row].values.to_numpy(),
        infected_score=table["infected_score"][row].values.to_numpy(),
        why_not=np.asarray(table["why_not"][row].values.to_pylist(), np.str_),
    )
    return LedgerEntry(name, source, generation, scored)


def quality_from_json(text: str | None) -> FieldQuality | None:
    """A field's focus and stain from its column; None where the field could not be read."""
    return None if text is None else FieldQuality(**json.loads(text))


def _row(entry: LedgerEntry) -> dict[str, object]:
    row: dict[str, object] = {
        "name": entry.name,
        "source": entry.source,
        "generation": entry.generation,
        "unreadable": entry.unreadable,
        "cells": entry.cells,
    }
    scored = entry.scored
    if scored is None:
        nothing: list[object] = []
        lists = ("feature_statistics", "boxes", "detection_score", "infected_score", "why_not")
        return {
            **row,
            "width": 0,
            "height": 0,
            "content_hash": "",
            "quality": None,
            "cell_colour": (0.0, 0.0, 0.0),
            **dict.fromkeys(lists, nothing),
        }
    return {
        **row,
        "width": scored.width,
        "height": scored.height,
        "content_hash": scored.content_hash,
        "quality": json.dumps(asdict(scored.quality)),
        "cell_colour": scored.cell_colour,
        "feature_statistics": scored.feature_statistics,
        "boxes": scored.boxes.ravel(),
        "detection_score": scored.detection_score,
        "infected_score": scored.infected_score,
        "why_not": scored.why_not,
    }
