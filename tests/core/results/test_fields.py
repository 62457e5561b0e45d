"""The table of a slide's fields: what is written is read back, and looks the same to other programs."""

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core.cells.quality import FieldQuality
from core.results.fields import FieldRow, read_fields, write_fields

NAMES = ("b.png", 'Lame n\u00b0 1, "bord".png', "c.png")


def test_fields_come_back_as_they_were_written_read_or_not_with_cells_or_without(tmp_path: Path) -> None:
    nan = float("nan")
    rows = (
        FieldRow("a.png", 640, 480, 3, 2, 1, FieldQuality(0.04, 240.0, 0.1, 0.2, 0.15), "hash", ""),
        FieldRow("empty.png", 640, 480, 0, 0, 0, FieldQuality(nan, nan, nan, nan, nan), "hash 2", ""),
        FieldRow("cut.png", 0, 0, 0, 0, 0, None, "", "unreadable: cut short"),
    )
    write_fields(tmp_path, rows)
    assert repr(read_fields(tmp_path)) == repr(rows)  # as texts, because NaN differs from itself
    assert [row.was_read for row in rows] == [True, True, False]


def test_fields_are_written_for_programs_and_for_a_spreadsheet_alike(tmp_path: Path) -> None:
    write_fields(tmp_path, [FieldRow(name, 9, 9, 4, 2, 0, None, "", "") for name in NAMES])
    table = pq.read_table(tmp_path / "fields.parquet")
    with (tmp_path / "fields.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == table.column_names
    assert [row["field"] for row in rows] == table["field"].to_pylist() == list(NAMES)
    assert [int(row["cells"]) for row in rows] == table["cells"].to_pylist() == [4, 4, 4]


def test_fields_that_0_1_0_wrote_list_what_it_called(tmp_path: Path) -> None:
    write_fields(tmp_path, [FieldRow("a.png", 640, 480, 3, 3, 0, None, "hash", "")])
    table = pq.read_table(tmp_path / "fields.parquet")
    names = ["called_infected" if name == "listed" else name for name in table.column_names]
    called = table.set_column(names.index("called_infected"), "listed", pa.array([2], pa.int32()))
    pq.write_table(called.rename_columns(names), tmp_path / "fields.parquet")
    (row,) = read_fields(tmp_path)
    assert (row.cells, row.listed) == (3, 2)


def test_of_how_many_planes_a_field_is_the_sharpest_is_kept(tmp_path: Path) -> None:
    row = FieldRow("a.tif", 0, 0, 0, 0, 0, None, "", "", planes=7)
    write_fields(tmp_path, [row])
    assert read_fields(tmp_path)[0].planes == 7


def test_in_a_spreadsheet_an_empty_text_is_not_a_missing_one(tmp_path: Path) -> None:
    write_fields(tmp_path, [FieldRow("a,b.png", 0, 0, 0, 0, 0, None, "", "unreadable: cut short")])
    line = (tmp_path / "fields.csv").read_text(encoding="utf-8").splitlines()[1]
    assert line == '"a,b.png",0,0,0,0,0,,,,,,,,,,"",true,"unreadable: cut short",1,0,""'
