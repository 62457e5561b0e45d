"""Scored fields as rows of a table: how they stand in the parts of a ledger."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pyarrow as pa

from core.cells.quality import FieldQuality
from core.cells.scored_field import ScoredField

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


def scored_fields_to_table(fields: Sequence[ScoredField]) -> pa.Table:
    """Rows for the ledger, one a field, the cells as lists."""
    return pa.Table.from_pylist([_row(field) for field in fields], SCHEMA)


def scored_field_from_table(table: pa.Table, row: int) -> ScoredField:
    """One row of `scored_fields_to_table` as it was."""
    plain = {name: table[name][row].as_py() for name in ("name", "source", "generation", "width", "height")}
    quality = table["quality"][row].as_py()
    return ScoredField(
        **plain,
        content_hash=table["content_hash"][row].as_py(),
        unreadable=table["unreadable"][row].as_py(),
        quality=None if quality is None else FieldQuality(**json.loads(quality)),
        cell_colour=tuple(table["cell_colour"][row].as_py()),
        feature_statistics=tuple(table["feature_statistics"][row].as_py()),
        boxes=table["boxes"][row].values.to_numpy().reshape(-1, 4),
        detection_score=table["detection_score"][row].values.to_numpy(),
        infected_score=table["infected_score"][row].values.to_numpy(),
        why_not=np.asarray(table["why_not"][row].values.to_pylist(), np.str_),
    )


def _row(field: ScoredField) -> dict[str, object]:
    return {
        "name": field.name,
        "source": field.source,
        "generation": field.generation,
        "width": field.width,
        "height": field.height,
        "content_hash": field.content_hash,
        "unreadable": field.unreadable,
        "cells": len(field),
        "quality": None if field.quality is None else json.dumps(asdict(field.quality)),
        "cell_colour": field.cell_colour,
        "feature_statistics": field.feature_statistics,
        "boxes": field.boxes.ravel(),
        "detection_score": field.detection_score,
        "infected_score": field.infected_score,
        "why_not": field.why_not,
    }
