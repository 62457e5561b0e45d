"""The folder that scoring leaves for a slide, read back: its document, its fields and its cells."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import ValidationError

from core.cells.boxes import Box
from core.errors import SmearscopeError
from core.files import shown_path
from core.results.features import FEATURES, read_features
from core.results.fields import FieldRow, read_fields
from core.results.result import SlideResult
from core.results.tables import (
    CellRows,
    RankedCell,
    first_ranked,
    ranked_cell,
    read_candidates_list,
    read_cells,
)
from core.wording import sentence

DOCUMENT, CELLS = "result.json", "cells.parquet"
LIST = "candidates/candidates.csv"
FILES = (DOCUMENT, CELLS, "fields.parquet", LIST)


class ResultFolderError(SmearscopeError):
    """A folder that holds no finished result of a slide, or one whose files are gone or damaged."""


@dataclass(frozen=True)
class ResultTables:
    """The tables of a result.

    Attributes
    ----------
    fields
        All fields of the slide, in order.
    cells
        All located objects.
    """

    fields: tuple[FieldRow, ...]
    cells: CellRows

    @cached_property
    def number_of_field(self) -> dict[str, int]:
        """Position in `fields`, by name."""
        return {row.name: number for number, row in enumerate(self.fields)}

    def on_field(self, name: str) -> NDArray[np.int64]:
        """Positions of the objects that were located on a field."""
        return np.flatnonzero(self.cells.field == self.number_of_field[name])

    def after_rank(self, rank: int, count: int) -> tuple[RankedCell, ...]:
        """The next `count` objects of the list; fewer where it ends."""
        return tuple(
            ranked_cell(self.fields, self.cells, position, number)
            for number, position in enumerate(self.cells.ranked[rank : rank + count].tolist(), start=rank + 1)
        )

    def at_ranks(self, ranks: Sequence[int]) -> tuple[RankedCell, ...]:
        """The objects of the list that have these ranks."""
        return tuple(
            ranked_cell(self.fields, self.cells, int(self.cells.ranked[rank - 1]), rank) for rank in ranks
        )

    def at(self, field: str, box: Box) -> RankedCell | None:
        """The object of the list at a box of a field, with two decimals; None where there is none."""
        if field not in self.number_of_field:
            return None
        for position in self.on_field(field).tolist():
            cell = ranked_cell(self.fields, self.cells, position, int(self.cells.rank[position]))
            if cell.box == box and cell.rank:
                return cell
        return None

    def drawn_after_rank(
        self, rank: int, count: int, known: frozenset[tuple[str, Box]], seed: int
    ) -> tuple[RankedCell, ...]:
        """Objects drawn at random from the list beyond a rank, none of them `known` by field and box."""
        found: list[RankedCell] = []
        for number in (
            rank + np.random.default_rng(seed).permutation(len(self.cells.ranked[rank:]))
        ).tolist():
            cell = ranked_cell(self.fields, self.cells, self.cells.ranked[number], number + 1)
            if (cell.field, cell.box) not in known:
                found.append(cell)
            if len(found) == count:
                break
        return tuple(found)


@dataclass(frozen=True)
class ResultFolder:
    """A finished result.

    Attributes
    ----------
    document, sha256
        The text of `result.json`, and the hash of its bytes.
    listed
        The first of the list, by rank: those within the review budget, which have pictures.
    tables
        Its fields and cells.
    """

    document: str
    sha256: str
    result: SlideResult
    listed: tuple[RankedCell, ...]
    tables: ResultTables


def read_result_folder(folder: Path) -> ResultFolder:
    """Read a finished result; what lies beside `result.json` is checked to belong to it.

    Raises
    ------
    ResultFolderError
        Where there is no finished result, or its files do not belong together.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise ResultFolderError(sentence("store.no_result", folder=shown_path(folder), missing=missing[0]))
    try:
        content = (folder / DOCUMENT).read_bytes()
        result = SlideResult.model_validate_json(content)
        tables = _tables(folder)
        listed = read_candidates_list(folder / LIST)
        unchanged = (folder / DOCUMENT).read_bytes() == content
    except (ValidationError, *_DAMAGE) as error:
        raise ResultFolderError(sentence("store.unreadable_result", folder=shown_path(folder))) from error
    _features(folder, tables.cells)
    of_tables = first_ranked(tables.fields, tables.cells, result.cells.listed)
    if not unchanged or listed != of_tables or len(listed) != result.cells.listed:
        raise ResultFolderError(sentence("store.mixed_result", folder=shown_path(folder)))
    return ResultFolder(content.decode(), hashlib.sha256(content).hexdigest(), result, listed, tables)


def read_tables(folder: Path) -> ResultTables:
    """Read the tables of a result that was whole when it was taken in.

    Raises
    ------
    ResultFolderError
        Where they are gone or damaged.
    """
    with _still_readable(folder):
        return _tables(folder)


@lru_cache(maxsize=2)
def tables_of(folder: Path, sha256: str) -> ResultTables:
    """As `read_tables`, kept; of the result whose `result.json` has this hash and of no other."""
    tables = read_tables(folder)
    _check_document(folder, sha256)
    return tables


@lru_cache(maxsize=16)
def fields_of(folder: Path, sha256: str) -> tuple[FieldRow, ...]:
    """As `tables_of`, the fields alone."""
    with _still_readable(folder):
        rows = read_fields(folder)
    _check_document(folder, sha256)
    return rows


@lru_cache(maxsize=2)
def features_of(folder: Path, sha256: str) -> NDArray[np.float16] | None:
    """As `tables_of`, what the second look saw, for ranking a list anew.

    Returns
    -------
    (K, D): a row for each of the K objects that it has seen, in the order of `CellRows.seen_again`. None for
    a result of a version that did not keep it.
    """
    features = _features(folder, tables_of(folder, sha256).cells)
    _check_document(folder, sha256)
    return features


_DAMAGE = (OSError, pa.ArrowInvalid, KeyError, ValueError, TypeError)


def _tables(folder: Path) -> ResultTables:
    rows = read_fields(folder)
    return ResultTables(rows, read_cells(folder / CELLS, rows))


def _features(folder: Path, cells: CellRows) -> NDArray[np.float16] | None:
    file = folder / FEATURES
    if not file.exists():
        return None
    try:
        return read_features(file, cells)
    except _DAMAGE as error:
        raise ResultFolderError(sentence("store.lost_features", file=shown_path(file))) from error


def _check_document(folder: Path, sha256: str) -> None:
    """Refuse tables that were read while another result took their place: its document is written last."""
    with _still_readable(folder):
        found = hashlib.sha256((folder / DOCUMENT).read_bytes()).hexdigest()
    if found != sha256:
        raise ResultFolderError(sentence("store.lost_result", folder=shown_path(folder)))


@contextmanager
def _still_readable(folder: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise ResultFolderError(sentence("store.lost_result", folder=shown_path(folder))) from error
