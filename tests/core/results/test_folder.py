"""A folder of a result as it is read again: its fields and cells, and what the second look saw."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray

from core.results.features import FEATURES, write_features
from core.results.folder import (
    LIST,
    ResultFolderError,
    features_of,
    fields_of,
    read_result_folder,
    read_tables,
    tables_of,
)
from core.results.tables import first_ranked, write_candidates_list, write_cells
from core.store import Store
from core.store.records import TakenIn
from tests.scored_slides import scored_slide, write_score


def test_fields_are_those_that_could_be_read(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path / "slide")
    assert record.taken_in is not None
    fields = fields_of(record.taken_in.folder, record.taken_in.sha256)
    assert [
        (number, row.name, row.evaluable_cells, row.listed)
        for number, row in enumerate(fields)
        if row.was_read
    ] == [
        (0, "field1.png", 10, 2),
        (1, "field2.png", 10, 2),
    ]


def test_tables_of_another_result_in_the_same_folder_are_refused(store: Store, tmp_path: Path) -> None:
    taken_in = scored_slide(store, tmp_path / "slide").taken_in
    assert taken_in is not None
    write_score(taken_in.folder, {"other.png": 3}, [("other.png", 0, 0.9)])
    for read in (fields_of, tables_of):
        with pytest.raises(ResultFolderError, match="score the slide again"):
            read(taken_in.folder, taken_in.sha256)


def keep_features(folder: Path, store: Store) -> tuple[TakenIn, NDArray[np.float16]]:
    """A result in which the second look has seen the first of each field, with features of its own."""
    taken_in = scored_slide(store, folder).taken_in
    assert taken_in is not None
    tables = read_tables(taken_in.folder)
    second = np.full(len(tables.cells), np.nan, np.float32)
    second[[0, 10]] = (0.75, 0.5)
    cells, features = replace(tables.cells, second_score=second), np.array([[1, 2, 3], [4, 5, 6]], np.float16)
    write_cells(taken_in.folder / "cells.parquet", tables.fields, cells)
    write_features(taken_in.folder / FEATURES, cells, features)
    write_candidates_list(taken_in.folder / LIST, first_ranked(tables.fields, cells, 4))
    return taken_in, features


def test_features_stand_beside_the_cells_seen_again(store: Store, tmp_path: Path) -> None:
    taken_in, features = keep_features(tmp_path / "slide", store)
    found = features_of(taken_in.folder, taken_in.sha256)
    assert found is not None
    np.testing.assert_array_equal(found, features)
    tables = tables_of(taken_in.folder, taken_in.sha256)
    seen = tables.cells.seen_again
    assert [tables.fields[number].name for number in tables.cells.field[seen]] == ["field1.png", "field2.png"]
    assert tables.cells.rank[seen].tolist() == [1, 2]
    assert tables.cells.ranking_score[seen].tolist() == [0.75, 0.5]


def test_a_result_of_a_version_that_kept_no_features_is_read_without(store: Store, tmp_path: Path) -> None:
    taken_in = scored_slide(store, tmp_path / "slide").taken_in
    assert taken_in is not None
    assert not (taken_in.folder / FEATURES).exists()
    read_result_folder(taken_in.folder)
    assert features_of(taken_in.folder, taken_in.sha256) is None


def of_other_cells(file: Path) -> None:
    table = pq.read_table(file)
    pq.write_table(table.set_column(0, "row", pa.array([0, 11], pa.int32())), file)


@pytest.mark.parametrize(
    "harm",
    [
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(file.read_bytes()[:-100]),
        lambda file: file.write_bytes(b"PAR1" + bytes(len(file.read_bytes()) - 4)),
        lambda file: pq.write_table(pa.table({"other": [1, 2]}), file),
        of_other_cells,
    ],
    ids=["emptied", "cut short", "overwritten", "another table", "of other cells"],
)
def test_damaged_features_are_named_with_what_to_do(
    store: Store, tmp_path: Path, harm: Callable[[Path], object]
) -> None:
    taken_in, _ = keep_features(tmp_path / "slide", store)
    read_result_folder(taken_in.folder)
    harm(taken_in.folder / FEATURES)
    for read in (
        lambda: features_of(taken_in.folder, taken_in.sha256),
        lambda: read_result_folder(taken_in.folder),
    ):
        with pytest.raises(
            ResultFolderError, match=r"result/features\.parquet is damaged .* score the slide again"
        ):
            read()


def test_features_of_another_result_in_the_same_folder_are_refused(store: Store, tmp_path: Path) -> None:
    taken_in, _ = keep_features(tmp_path / "slide", store)
    tables_of(taken_in.folder, taken_in.sha256)  # kept
    document = taken_in.folder / "result.json"
    document.write_text(document.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(ResultFolderError, match="score the slide again"):
        features_of(taken_in.folder, taken_in.sha256)
