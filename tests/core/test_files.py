"""Files and folders written whole or not at all, and paths as they are shown."""

import csv
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.files import (
    OutputError,
    as_it_was,
    check_writable,
    csv_text,
    harmless,
    read_csv,
    remove_unfinished,
    replacing,
    replacing_folder,
    shown_path,
    write_bytes,
)


def test_a_file_is_replaced_whole_or_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    write_bytes(path, b"before")

    def broken_off() -> None:
        with replacing(path) as temporary:
            temporary.write_bytes(b"half of what comes af")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert path.read_bytes() == b"before"
    write_bytes(path, b"after")
    assert path.read_bytes() == b"after"


def test_a_folder_is_replaced_whole_or_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "candidates"

    def write(name: str, *, broken_off: bool) -> None:
        with replacing_folder(path) as temporary:
            (temporary / name).touch()
            if broken_off:
                raise KeyboardInterrupt

    write("1.png", broken_off=False)
    with pytest.raises(KeyboardInterrupt):
        write("2.png", broken_off=True)
    assert [file.name for file in path.iterdir()] == ["1.png"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["candidates"]  # what broke off is gone
    write("3.png", broken_off=False)
    assert [file.name for file in path.iterdir()] == ["3.png"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["candidates"]


def test_what_cannot_be_written_is_named_on_one_line_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(OutputError, match=r"cannot write .*a file/b: .*--out") as error:
        check_writable(tmp_path / "a file" / "b")
    assert "\n" not in str(error.value)
    with pytest.raises(OutputError):
        write_bytes(tmp_path / "a file" / "b", b"")


def test_paths_are_shown_on_one_line() -> None:
    assert shown_path("a\nb\té \x1b[31m") == "a\\nb\\té \\x1b[31m"
    assert shown_path(os.fsdecode(b"caf\xe9")) == "caf\\udce9"


def test_what_killed_processes_had_begun_is_taken_away_and_nothing_else(tmp_path: Path) -> None:
    for name in (".cells.parquet.123.part", ".result.json.4.part", "a.part", ".hidden"):
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / ".candidates.part").mkdir()
    remove_unfinished(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"a.part", ".hidden", ".candidates.part"}


def test_what_broke_off_leaves_no_part_behind(tmp_path: Path) -> None:
    def break_off() -> None:
        with replacing(tmp_path / "table") as temporary:
            temporary.write_bytes(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError):
        break_off()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1", "-"]
)
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == "'" + text


@pytest.mark.parametrize("text", ["-0.5", "+3", "-1e-05", "-.5", "7", "a=b", "'quoted", "", "field 1.png"])
def test_numbers_and_other_texts_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


@given(st.text(max_size=12) | st.from_regex("'*[=+@-]?.*", fullmatch=True))
def test_every_text_comes_back_as_it_was(text: str) -> None:
    assert as_it_was(harmless(text)) == text


def test_no_cell_of_a_table_begins_a_formula_and_its_reader_gives_what_was_written() -> None:
    rows = [["=HYPERLINK(1)", -0.5, "'=b"], ["a,b", 2, None]]
    text = csv_text(["name", "number", "remark"], rows)
    assert [row[0] for row in csv.reader(io.StringIO(text))][1:] == ["'=HYPERLINK(1)", "a,b"]
    assert list(read_csv(io.StringIO(text))) == [
        {"name": "=HYPERLINK(1)", "number": "-0.5", "remark": "'=b"},
        {"name": "a,b", "number": "2", "remark": ""},
    ]
