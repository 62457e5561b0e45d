"""A folder of a result as it is read again: the fields that its tables name."""

from pathlib import Path

import pytest

from core.results.folder import ResultFolderError, fields_of, tables_of
from core.store import Store
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
