"""Tables as CSV: the one place where Smearscope writes them."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from core.files import replacing, write_bytes

RFC_4180 = "\r\n"
"""The line end of the standard, which the tables of trainings and studies have; others have a line feed."""


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]], line_end: str = "\n") -> str:
    """A head and rows as CSV; a text is in quotation marks where it needs them, None is empty."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_end)
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def write_csv(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]], line_end: str = "\n"
) -> None:
    """Write a head and rows as a CSV file in UTF-8, whole or not at all; raises `core.files.OutputError`."""
    write_bytes(path, csv_text(columns, rows, line_end).encode())


def write_table(path: Path, table: pa.Table) -> None:
    """Write an Arrow table likewise; all its texts are in quotation marks, so that empty is not null.

    Raises
    ------
    core.files.OutputError
        Where the file cannot be written.
    """
    with replacing(path) as temporary:
        pa_csv.write_csv(table, temporary)
