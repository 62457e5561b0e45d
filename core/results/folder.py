"""The folder that `smearscope score` wrote for a slide, read into what the store takes in."""

import csv
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import ValidationError

from core.files import shown_path
from core.results.result import SlideResult
from core.scoring.candidates import image_name
from core.store.records import Box, StoreError
from core.wording import sentence

FILES = ("result.json", "cells.parquet", "fields.parquet", "candidates/candidates.csv")
_BOX = ("x", "y", "width", "height")


@dataclass(frozen=True)
class Cell:
    """A located cell that counts, or one marked by hand.

    Attributes
    ----------
    infected_score
        In [0, 1]; None for one marked by hand.
    rank
        1 for the highest score among those called infected; None for the others.
    picture
        File name in `candidates/`; None where none was drawn.
    """

    field: str
    box: Box
    infected_score: float | None
    rank: int | None
    picture: str | None


@dataclass(frozen=True)
class ResultFolder:
    """A finished result.

    Attributes
    ----------
    document, sha256
        The text of `result.json`, and the hash of its bytes.
    called
        Cells called infected, by rank.
    field_cells
        Evaluable cells by the name of each field that counts.
    """

    document: str
    sha256: str
    result: SlideResult
    called: tuple[Cell, ...]
    field_cells: dict[str, int]


def read_result_folder(folder: Path) -> ResultFolder:
    """Read a finished result; what lies beside `result.json` is checked to belong to it.

    Raises
    ------
    StoreError
        Where there is no finished result, or its files do not belong together.
    """
    path = folder / "result.json"
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise StoreError(sentence("store.no_result", folder=shown_path(folder), missing=missing[0]))
    try:
        content = path.read_bytes()
        result = SlideResult.model_validate_json(content)
        called = _called(_evaluable(folder), result.cells.candidates_written)
        ranked_fields = _ranked_fields(folder)
        fields = pq.read_table(folder / "fields.parquet", columns=["field", "evaluable_cells", "excluded"])
        unchanged = path.read_bytes() == content
    except (ValidationError, OSError, pa.ArrowInvalid, KeyError) as error:
        raise StoreError(sentence("store.unreadable_result", folder=shown_path(folder))) from error
    ranked = [cell.field for cell in called[: result.cells.candidates_written]]
    if not unchanged or len(called) != result.cells.called_infected or ranked != ranked_fields:
        raise StoreError(sentence("store.mixed_result", folder=shown_path(folder)))
    return ResultFolder(
        content.decode(),
        hashlib.sha256(content).hexdigest(),
        result,
        called,
        {row["field"]: row["evaluable_cells"] for row in fields.to_pylist() if not row["excluded"]},
    )


def next_below_threshold(folder: Path, count: int, known: frozenset[tuple[str, Box]]) -> tuple[Cell, ...]:
    """The highest-scoring cells that were not called and are not `known` by field and box, best first.

    Raises
    ------
    StoreError
        Where the files of the result are gone or damaged.
    """
    cells = _not_called(folder)
    score = cells["infected_score"].to_numpy()
    return _first_unknown(cells, np.argsort(-score, kind="stable"), count, known)


def random_unsuspected(
    folder: Path, count: int, known: frozenset[tuple[str, Box]], seed: int
) -> tuple[Cell, ...]:
    """Cells drawn at random among those that were not called and are not `known` by field and box.

    Raises
    ------
    StoreError
        Where the files of the result are gone or damaged.
    """
    cells = _not_called(folder)
    return _first_unknown(cells, np.random.default_rng(seed).permutation(len(cells)), count, known)


def field_size(folder: Path, field: str) -> tuple[int, int]:
    """Width and height of a field's stored image in pixels.

    Raises
    ------
    StoreError
        Where the files of the result are gone or damaged.
    """
    with _still_readable(folder):
        fields = pq.read_table(folder / "fields.parquet", columns=["field", "width", "height"])
        sizes = {row["field"]: (row["width"], row["height"]) for row in fields.to_pylist()}
        return sizes[field]


def rounded_box(box: Box) -> Box:
    """A box with two decimals, as scoring writes them: equal for equal cells."""
    x, y, width, height = (round(float(side), 2) for side in box)
    return x, y, width, height


def _evaluable(folder: Path) -> pa.Table:
    columns = ["field", *_BOX, "infected_score", "call"]
    return pq.read_table(folder / "cells.parquet", columns=columns, filters=pc.field("evaluable"))


def _not_called(folder: Path) -> pa.Table:
    with _still_readable(folder):
        cells = _evaluable(folder)
        return cells.filter(pc.equal(cells["call"], "healthy"))


@contextmanager
def _still_readable(folder: Path) -> Iterator[None]:
    """Name the folder of a result that was whole as it was taken in, and is so no more."""
    try:
        yield
    except (OSError, pa.ArrowInvalid, KeyError) as error:
        raise StoreError(sentence("store.lost_result", folder=shown_path(folder))) from error


def _called(cells: pa.Table, drawn: int) -> tuple[Cell, ...]:
    """Called cells in the order of `core.scoring.survey.suspects_of`: equal scores keep that of the table."""
    called = cells.filter(pc.equal(cells["call"], "infected"))
    order = np.argsort(-called["infected_score"].to_numpy(), kind="stable")
    return tuple(
        Cell(
            row["field"],
            rounded_box(tuple(row[side] for side in _BOX)),
            round(row["infected_score"], 6),
            rank,
            image_name(rank) if rank <= drawn else None,
        )
        for rank, row in enumerate(called.take(order).to_pylist(), start=1)
    )


def _first_unknown(
    cells: pa.Table, order: np.ndarray, count: int, known: frozenset[tuple[str, Box]]
) -> tuple[Cell, ...]:
    found: list[Cell] = []
    for start in range(0, len(order), 1000):
        for row in cells.take(order[start : start + 1000]).to_pylist():
            box = rounded_box(tuple(row[side] for side in _BOX))
            if (row["field"], box) not in known:
                found.append(Cell(row["field"], box, round(row["infected_score"], 6), None, None))
            if len(found) == count:
                return tuple(found)
    return tuple(found)


def _ranked_fields(folder: Path) -> list[str]:
    """Fields of `candidates.csv`, by rank."""
    with (folder / "candidates" / "candidates.csv").open(encoding="utf-8", newline="") as file:
        return [row["field"] for row in csv.DictReader(file)]
