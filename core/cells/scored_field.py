"""One field after scoring: what stands in the ledger, and from which the tables of a slide are made."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.cells.classification import FeatureStatistics
from core.cells.quality import FieldQuality

SCORE_DECIMALS = 6
BOX_DECIMALS = 2


@dataclass(frozen=True)
class ScoredField:
    """A field's cells with their scores, or the reason why it could not be read.

    Attributes
    ----------
    name
        The field's name.
    source
        State of the file it was read from; another value means that the file has changed since.
    generation
        Lot of fields it came with (`core.scoring.ledger.Ledger.generation`).
    width, height
        Pixels; 0 where it could not be read.
    content_hash
        Hash of the pixels; empty where it could not be read.
    unreadable
        Why it could not be read; empty where it could.
    quality
        Focus and stain; None where it could not be read.
    cell_colour
        Red, green, blue of its typical cell, 0 to 255, by which its cells were normalised.
    feature_statistics
        What the classifier compared its cells with; single precision.
    boxes
        (N, 4) float32: x, y, width, height in pixels of the field's image.
    detection_score
        (N,) float32 in [0, 1].
    infected_score
        (N,) float32 in [0, 1]; NaN for a cell that is not evaluable.
    why_not
        (N,) values of `core.cells.located.WhyNot`; empty for an evaluable cell.
    """

    name: str
    source: str
    generation: int
    width: int
    height: int
    content_hash: str
    unreadable: str
    quality: FieldQuality | None
    cell_colour: tuple[float, float, float]
    feature_statistics: FeatureStatistics
    boxes: NDArray[np.float32]
    detection_score: NDArray[np.float32]
    infected_score: NDArray[np.float32]
    why_not: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def evaluable(self) -> NDArray[np.bool_]:
        """(N,) which cells may be counted, seen from this field alone."""
        evaluable: NDArray[np.bool_] = self.why_not == ""
        return evaluable


def unreadable_field(name: str, source: str, generation: int, reason: str) -> ScoredField:
    """Record a field that cannot be read."""
    return ScoredField(
        name=name,
        source=source,
        generation=generation,
        width=0,
        height=0,
        content_hash="",
        unreadable=reason,
        quality=None,
        cell_colour=(0.0, 0.0, 0.0),
        feature_statistics=(),
        boxes=np.empty((0, 4), np.float32),
        detection_score=np.empty(0, np.float32),
        infected_score=np.empty(0, np.float32),
        why_not=np.empty(0, np.str_),
    )


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
