"""Tables as CSV: what stands in the file, byte for byte, and that it is there whole or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.files import RFC_4180, OutputError, csv_text, write_csv


def test_head_and_rows_stand_as_they_are_given(tmp_path: Path) -> None:
    path = tmp_path / "made for it" / "table.csv"
    write_csv(path, ["field", "cells"], [["lame n° 3, é.png", 7], ['a "b"', None], ["", 0.5]])
    assert path.read_bytes() == 'field,cells\n"lame n° 3, é.png",7\n"a ""b""",\n,0.5\n'.encode()


def test_lines_end_as_the_standard_has_it_where_that_is_asked_for(tmp_path: Path) -> None:
    write_csv(tmp_path / "curves.csv", ["epoch"], [[1], ["two\nlines"]], RFC_4180)
    assert (tmp_path / "curves.csv").read_bytes() == b'epoch\r\n1\r\n"two\nlines"\r\n'


def test_the_text_is_that_of_the_file(tmp_path: Path) -> None:
    write_csv(tmp_path / "table.csv", ["a", "b"], [[1, "x"]])
    assert csv_text(["a", "b"], [[1, "x"]]) == (tmp_path / "table.csv").read_text() == "a,b\n1,x\n"


def test_a_row_that_cannot_be_made_leaves_the_earlier_file(tmp_path: Path) -> None:
    def rows() -> Iterator[list[int]]:
        yield [1]
        raise ValueError("no second row")

    write_csv(tmp_path / "table.csv", ["a"], [[7]])
    with pytest.raises(ValueError, match="no second row"):
        write_csv(tmp_path / "table.csv", ["a"], rows())
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("table.csv", "a\n7\n")]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file/table\.csv"):
        write_csv(tmp_path / "file" / "table.csv", ["a"], [])
