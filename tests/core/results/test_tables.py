import csv
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from core.cells.located import WhyNot
from core.results import tables as slide_tables
from core.results.tables import write_cells, write_fields
from core.scoring.ledger import Ledger
from core.scoring.survey import survey_slide, suspects_of
from tests.core.scoring.test_ledger import IDENTITY, scored


def no_failure(quality: object) -> WhyNot:
    return WhyNot.EVALUABLE


@pytest.mark.parametrize("cells_of_fields", [(130,), (1, 49, 50, 30), (0, 120, 0, 10), (50, 80)])
def test_row_groups_are_cut_by_rows_not_by_fields(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cells_of_fields: tuple[int, ...]
) -> None:
    monkeypatch.setattr(slide_tables, "ROWS_IN_A_GROUP", 50)
    names = [f"{number}.png" for number in range(len(cells_of_fields))]
    with Ledger(tmp_path / "ledger", IDENTITY, resume=True) as ledger:
        for name, cells in zip(names, cells_of_fields, strict=True):
            ledger.add(scored(name, cells))
        ledger.flush()
        survey = survey_slide(ledger, names, no_failure)
        reasons = write_cells(tmp_path / "cells.parquet", ledger, survey, 0.5)
    table = pq.ParquetFile(tmp_path / "cells.parquet")
    assert [table.metadata.row_group(group).num_rows for group in range(table.num_row_groups)] == [50, 50, 30]
    fields = table.read()["field"].to_pylist()
    assert fields == [name for name, cells in zip(names, cells_of_fields, strict=True) for _ in range(cells)]
    assert reasons == {"out of focus": sum(cells // 2 for cells in cells_of_fields)}


def test_a_slide_without_any_cell_gives_an_empty_table_with_its_columns(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger", IDENTITY, resume=True) as ledger:
        ledger.add(scored("a.png", 0))
        ledger.flush()
        survey = survey_slide(ledger, ["a.png"], no_failure)
        assert write_cells(tmp_path / "cells.parquet", ledger, survey, 0.5) == {}
        assert suspects_of(ledger, survey, 0.5, 10) == ()
    table = pq.read_table(tmp_path / "cells.parquet")
    assert (len(table), table.schema.equals(slide_tables.CELLS_SCHEMA)) == (0, True)


def test_fields_are_written_for_programs_and_for_a_spreadsheet_alike(tmp_path: Path) -> None:
    names = ["a.png", 'Lame n\u00b0 1, "bord".png']
    with Ledger(tmp_path / "ledger", IDENTITY, resume=True) as ledger:
        for name in names:
            ledger.add(scored(name, 4))
        ledger.flush()
        write_fields(tmp_path, ledger, survey_slide(ledger, names, no_failure), 0.5)
    table = pq.read_table(tmp_path / "fields.parquet")
    with (tmp_path / "fields.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == table.column_names
    assert [row["field"] for row in rows] == table["field"].to_pylist() == names
    assert [int(row["cells"]) for row in rows] == table["cells"].to_pylist() == [4, 4]


def test_equal_scores_are_ranked_by_field_and_cell(tmp_path: Path) -> None:
    names = ["b.png", "a.png"]
    with Ledger(tmp_path / "ledger", IDENTITY, resume=True) as ledger:
        for name in names:
            ledger.add(scored(name, 5))  # evaluable: cells 0, 2 and 4, all with a score of 0.25
        ledger.flush()
        suspects = suspects_of(ledger, survey_slide(ledger, names, no_failure), 0.25, most=5)
    places = [(suspect.rank, suspect.field_name, suspect.box[0]) for suspect in suspects]
    assert places == [(1, "b.png", 0), (2, "b.png", 8), (3, "b.png", 16), (4, "a.png", 0), (5, "a.png", 8)]


def test_a_suspect_carries_the_colour_of_its_field(tmp_path: Path) -> None:
    dark, pale = (120.0, 60.0, 80.0), (210.0, 150.0, 180.0)
    with Ledger(tmp_path / "ledger", IDENTITY, resume=True) as ledger:
        for name, colour in (("dark.png", dark), ("pale.png", pale)):
            ledger.add(replace(scored(name, 1), cell_colour=colour))
        ledger.flush()
        survey = survey_slide(ledger, ["dark.png", "pale.png"], no_failure)
        suspects = suspects_of(ledger, survey, 0.25, most=2)
    assert [suspect.cell_colour for suspect in suspects] == [dark, pale]
