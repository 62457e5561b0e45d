"""The tables of a slide: what is written is read back, and looks the same to other programs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cells.located import WhyNot
from core.cells.quality import FieldQuality
from core.results import tables
from core.results.fields import FieldRow, read_fields, write_fields
from core.results.tables import (
    NUMBER_OF_REASON,
    REASONS,
    CellRows,
    RankedCell,
    first_ranked,
    read_candidates_list,
    read_cells,
    write_candidates_list,
    write_cells,
)

NAN = float("nan")
DUPLICATE = NUMBER_OF_REASON[WhyNot.DUPLICATE]
NAMES = ("b.png", 'Lame n\u00b0 1, "bord".png', "c.png")


def rows_of(*cells: int) -> tuple[FieldRow, ...]:
    quality = FieldQuality(0.04, 240.0, 0.1, float("nan"), 0.15)
    return tuple(
        FieldRow(f"{number}.png", 640, 480, count, count, 0, quality, f"hash {number}", "")
        for number, count in enumerate(cells)
    )


def cells_on(*cells: int, score: float = 0.25) -> CellRows:
    """So many cells on each field; every other one is out of focus."""
    field = np.repeat(np.arange(len(cells), dtype=np.int32), cells)
    why_not = np.where(np.arange(len(field)) % 2 == 0, 0, NUMBER_OF_REASON[WhyNot.OUT_OF_FOCUS])
    return CellRows(
        field=field,
        boxes=np.arange(4 * len(field), dtype=np.float32).reshape(-1, 4),
        detection_score=np.linspace(0, 1, len(field), dtype=np.float32),
        infected_score=np.full(len(field), score, np.float32),
        second_score=np.full(len(field), np.nan, np.float32),
        why_not=why_not.astype(np.uint8),
    )


def scored_once_and_twice(first: Sequence[float], second: Sequence[float]) -> CellRows:
    """Cells of one field with the scores of the first and of the second look."""
    return replace(
        cells_on(len(first)),
        infected_score=np.array(first, np.float32),
        second_score=np.array(second, np.float32),
    )


def assert_equal(found: CellRows, expected: CellRows) -> None:
    for name in ("field", "boxes", "detection_score", "infected_score", "second_score", "why_not"):
        one, other = getattr(found, name), getattr(expected, name)
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype, name


@given(st.data())
def test_cells_come_back_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("cells")
    counts = data.draw(st.lists(st.integers(0, 5), min_size=1, max_size=4))
    rows, total = rows_of(*counts), sum(counts)
    why_not = np.array(
        data.draw(st.lists(st.integers(0, len(REASONS) - 1), min_size=total, max_size=total)), np.uint8
    )
    score = np.array(
        data.draw(st.lists(st.floats(0, 1, width=32), min_size=total, max_size=total)), np.float32
    )
    cells = CellRows(
        field=np.repeat(np.arange(len(counts), dtype=np.int32), counts),
        boxes=np.arange(4 * total, dtype=np.float32).reshape(-1, 4),
        detection_score=score[::-1].copy(),
        infected_score=np.where(why_not == DUPLICATE, np.float32(np.nan), score),
        second_score=np.where(score > 0.5, 1 - score, np.float32(np.nan)),
        why_not=why_not,
    )
    write_cells(folder / "cells.parquet", rows, cells)
    assert_equal(read_cells(folder / "cells.parquet", rows), cells)


@pytest.mark.parametrize("cells_of_fields", [(130,), (1, 49, 50, 30), (0, 120, 0, 10), (50, 80)])
def test_row_groups_are_cut_by_rows_not_by_fields(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cells_of_fields: tuple[int, ...]
) -> None:
    monkeypatch.setattr(tables, "ROWS_IN_A_GROUP", 50)
    write_cells(tmp_path / "cells.parquet", rows_of(*cells_of_fields), cells_on(*cells_of_fields))
    table = pq.ParquetFile(tmp_path / "cells.parquet")
    assert [table.metadata.row_group(group).num_rows for group in range(table.num_row_groups)] == [50, 50, 30]
    assert table.read()["field"].to_pylist() == [
        f"{number}.png" for number, cells in enumerate(cells_of_fields) for _ in range(cells)
    ]


def test_cells_that_do_not_count_are_counted_by_reason() -> None:
    assert cells_on(5, 2).by_reason() == {"out of focus": 3}
    assert cells_on(1).by_reason() == {}


def test_a_slide_without_any_cell_gives_an_empty_table_with_its_columns(tmp_path: Path) -> None:
    write_cells(tmp_path / "cells.parquet", rows_of(0), cells_on(0))
    table = pq.read_table(tmp_path / "cells.parquet")
    assert (len(table), table.schema.equals(tables.CELLS_SCHEMA)) == (0, True)
    assert first_ranked(rows_of(0), cells_on(0), 10) == ()
    assert len(read_cells(tmp_path / "cells.parquet", rows_of(0))) == 0


def test_equal_scores_are_ranked_by_field_and_cell() -> None:
    listed = first_ranked(rows_of(2, 2), cells_on(2, 2), 3)
    assert [(cell.rank, cell.field, cell.box[0], cell.picture) for cell in listed] == [
        (1, "0.png", 0, "0001.png"),
        (2, "0.png", 4, "0002.png"),
        (3, "1.png", 8, "0003.png"),
    ]


def test_the_list_holds_all_that_is_looked_at_whether_it_counts_or_not() -> None:
    cells = replace(cells_on(3), infected_score=np.array([0.2, 0.9, 0.1], np.float32))
    listed = first_ranked(rows_of(3), cells, 10)
    assert [(cell.infected_score, str(cell.why_not), cell.evaluable) for cell in listed] == [
        (0.9, "out of focus", False),
        (0.2, "", True),
        (0.1, "", True),
    ]


def test_what_the_second_look_has_seen_stands_first_by_its_score() -> None:
    cells = scored_once_and_twice([0.9, 0.3, 0.8, 0.5, NAN], [0.1, NAN, 0.7, 0.1, NAN])
    assert cells.ranked.tolist() == [2, 0, 3, 1]
    assert cells.looked_at.tolist() == [True, True, True, True, False]
    listed = first_ranked(rows_of(5), cells, 10)
    assert [cell.infected_score for cell in listed] == [0.7, 0.1, 0.1, 0.3]


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.floats(0, 1, width=32) | st.none()), max_size=30))
def test_a_list_is_in_order_and_holds_each_object_once(scores: list[tuple[float, float | None]]) -> None:
    cells = scored_once_and_twice(
        [first for first, _ in scores], [NAN if second is None else second for _, second in scores]
    )
    ranked = cells.ranked
    assert sorted(ranked.tolist()) == list(range(len(scores)))
    seen_twice = np.isfinite(cells.second_score[ranked])
    assert not (~seen_twice[:-1] & seen_twice[1:]).any()  # once it has not, none after it has
    for one in (ranked[seen_twice], ranked[~seen_twice]):
        assert (np.diff(cells.ranking_score[one]) <= 0).all()


def test_the_rank_is_written_and_null_for_what_is_not_looked_at(tmp_path: Path) -> None:
    cells = scored_once_and_twice([0.2, NAN, 0.9], [NAN, NAN, NAN])
    write_cells(tmp_path / "cells.parquet", rows_of(3), cells)
    table = pq.read_table(tmp_path / "cells.parquet")
    assert table["rank"].to_pylist() == [2, None, 1]
    assert table["second_score"].to_pylist() == [None, None, None]
    assert table["infected_score"].to_pylist() == [pytest.approx(0.2), None, pytest.approx(0.9)]


def test_cells_that_0_1_0_wrote_are_ranked_by_their_one_score(tmp_path: Path) -> None:
    table = pa.table(
        {
            "field": ["0.png"] * 3,
            **{side: np.array([1, 2, 3], np.float32) for side in ("x", "y", "width", "height")},
            "detection_score": np.full(3, 0.9, np.float32),
            "infected_score": pa.array([0.2, 0.7, None], pa.float32()),
            "evaluable": [True, True, False],
            "why_not": ["", "", "edge"],
            "call": ["healthy", "infected", None],
        }
    )
    pq.write_table(table, tmp_path / "cells.parquet")
    cells = read_cells(tmp_path / "cells.parquet", rows_of(3))
    assert cells.ranked.tolist() == [1, 0]
    assert np.isnan(cells.second_score).all()


def test_the_list_of_candidates_comes_back_as_it_was_written(tmp_path: Path) -> None:
    listed = tuple(
        RankedCell(
            name, (1.25, 0.0, 30.01, 29.5), round(0.9 - number / 7, 6), reason, number + 1, f"{number}.png"
        )
        for number, (name, reason) in enumerate(zip(NAMES, WhyNot, strict=False))
    )
    write_candidates_list(tmp_path / "candidates.csv", listed)
    assert read_candidates_list(tmp_path / "candidates.csv") == listed
    head = (tmp_path / "candidates.csv").read_text(encoding="utf-8").splitlines()[0]
    assert head == "rank,infected_score,field,x,y,width,height,evaluable,why_not,image"


def test_a_field_whose_name_would_be_a_formula_is_harmless_in_both_tables_and_comes_back(
    tmp_path: Path,
) -> None:
    name = "=cmd|' /C calc'!A0.png"
    write_fields(tmp_path, [FieldRow(name, 0, 0, 0, 0, 0, None, "", "unreadable: cut short")])
    assert (tmp_path / "fields.csv").read_text(encoding="utf-8").splitlines()[1].startswith(f'"\'{name}",')
    assert read_fields(tmp_path)[0].name == name
    listed = [RankedCell(name, (1.0, 2.0, 3.0, 4.0), 0.5, WhyNot.EVALUABLE, 1, "0001.png")]
    write_candidates_list(tmp_path / "candidates.csv", listed)
    assert f",'{name}," in (tmp_path / "candidates.csv").read_text(encoding="utf-8")
    assert list(read_candidates_list(tmp_path / "candidates.csv")) == listed


def test_a_cell_is_whole_though_its_field_is_out_of_focus_and_not_where_it_is_cut_or_in_a_clump() -> None:
    cells = replace(cells_on(len(REASONS)), why_not=np.arange(len(REASONS), dtype=np.uint8))
    whole = [str(REASONS[number]) for number in np.flatnonzero(cells.whole)]
    assert whole == ["", "out of focus", "without colour", "too few pixels a cell", "too little detail"]
