"""A signed result as a table: one row a cell that was laid before readers."""

import csv
import io

from core.review import SignedResult
from core.store import Role

_CELL = ("candidate", "kind", "rank", "infected_score", "field", "x", "y", "width", "height")
_READING = ("reader", "call", "reason", "stage", "species", "at")


def signed_result_csv(signed: SignedResult) -> str:
    """Give the cells of a signed result with their readings, as CSV with a head.

    Texts that a spreadsheet would take for a formula get an apostrophe before them.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    by_role = [f"{role}_{column}" for role in Role for column in _READING]
    writer.writerow(["slide", "version", *_CELL, "decision", "gametocyte", *by_role, "notice"])
    for cell in signed.readings:
        readings = {reading.role: reading.model_dump(mode="json") for reading in cell.readings}
        values = cell.model_dump(mode="json")
        row = [
            signed.slide,
            signed.signature.version,
            *(values[column] for column in _CELL),
            cell.decision,
            "yes" if cell.gametocyte else "no",
            *(readings.get(role, {}).get(column) for role in Role for column in _READING),
            signed.notice,
        ]
        writer.writerow([_no_formula(value) if isinstance(value, str) else value for value in row])
    return text.getvalue()


def _no_formula(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
