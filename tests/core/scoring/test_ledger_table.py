"""Rows of a ledger: what is a column, and that an entry comes back from its row as it was."""

from dataclasses import replace

import numpy as np
import pytest

from core.cells.quality import FieldQuality
from core.scoring.ledger_table import (
    SCHEMA,
    LedgerEntry,
    entries_to_table,
    entry_from_table,
    quality_from_json,
)
from tests.core.scoring.test_ledger import same, scored, seen_twice

UNREADABLE = LedgerEntry("cut.png", "1 bytes, 1 ns", 2, None, "cut short")
ENTRIES = [scored("Größe 7\n.png", cells=5), UNREADABLE, scored("empty.png", cells=0, generation=3)]
SEEN = seen_twice(scored("seen.png", cells=4), [np.nan, 0.5, 0.25, np.nan])


@pytest.mark.parametrize("row", range(3))
def test_an_entry_comes_back_from_its_row_among_others(row: int) -> None:
    found = entry_from_table(entries_to_table(ENTRIES), row)
    assert replace(found, scored=None) == replace(ENTRIES[row], scored=None)
    assert same(found.scored, ENTRIES[row].scored)


def test_features_come_back_a_row_for_each_cell_that_the_second_look_has_seen() -> None:
    found = entry_from_table(entries_to_table([*ENTRIES, SEEN]), 3).scored
    assert found is not None
    assert found.second_features.tolist() == [[0.5, -0.5], [0.25, -0.25]]
    assert found.second_features.dtype == np.float16


def test_a_row_says_what_it_holds_without_its_cells_being_read() -> None:
    table = entries_to_table(ENTRIES)
    assert table.schema == SCHEMA
    assert [entry.cells for entry in ENTRIES] == table["cells"].to_pylist() == [5, 0, 0]
    assert [len(boxes) for boxes in table["boxes"].to_pylist()] == [20, 0, 0]
    assert table["unreadable"].to_pylist() == ["", "cut short", ""]
    assert table["generation"].to_pylist() == [1, 2, 3]


def test_a_field_that_was_not_read_has_no_size_no_hash_and_no_quality() -> None:
    (row,) = entries_to_table([UNREADABLE]).to_pylist()
    assert (row["width"], row["height"], row["content_hash"], row["quality"]) == (0, 0, "", None)


def test_no_entries_are_a_table_without_rows() -> None:
    assert entries_to_table([]).schema == SCHEMA
    assert entries_to_table([]).num_rows == 0


def test_quality_comes_back_with_what_could_not_be_measured() -> None:
    table = entries_to_table(ENTRIES)
    found = quality_from_json(table["quality"][0].as_py())
    assert isinstance(found, FieldQuality)
    assert ENTRIES[0].scored is not None
    assert repr(found) == repr(ENTRIES[0].scored.quality)  # texts, because NaN differs from itself
    assert quality_from_json(None) is None
