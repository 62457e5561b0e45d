"""A signed result as a table: one row a cell that was laid before readers."""

from collections.abc import Iterator

from core.files import csv_text
from core.review import SignedResult
from core.store import Role

_CELL = ("candidate", "kind", "rank", "infected_score", "why_not", "field", "x", "y", "width", "height")
_READING = ("reader", "call", "reason", "stage", "species", "at")


def signed_result_csv(signed: SignedResult) -> str:
    """Give the cells of a signed result with their readings, as CSV with a head.

    Texts that a spreadsheet would take for a formula get an apostrophe before them.
    """
    by_role = [f"{role}_{column}" for role in Role for column in _READING]
    columns = ["slide", "version", *_CELL, "decision", "gametocyte", *by_role, "notice"]
    return csv_text(columns, _rows(signed))


def _rows(signed: SignedResult) -> Iterator[list[object]]:
    for cell in signed.readings:
        readings = {reading.role: reading.model_dump(mode="json") for reading in cell.readings}
        values = cell.model_dump(mode="json")
        yield [
            signed.slide,
            signed.signature.version,
            *(values[column] for column in _CELL),
            cell.decision,
            "yes" if cell.gametocyte else "no",
            *(readings.get(role, {}).get(column) for role in Role for column in _READING),
            signed.notice,
        ]
