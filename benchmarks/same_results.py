"""Whether two versions of Smearscope say the same of a slide: their result folders, file by file.

Score the same slide with both versions, then ``python -m benchmarks.same_results BEFORE AFTER``. A file is
the same byte for byte, or equal: the same rows and fields, and numbers that agree to 1e-9. Ends with
status 1 where anything differs.
"""

import argparse
import csv
import json
import math
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

FILES = ("cells.parquet", "fields.parquet", "candidates/candidates.csv", "result.json")
TOLERANCE = 1e-9
NOT_COMPARED = ("versions",)
"""Of `result.json`: another version of Smearscope is what is compared."""


def main() -> None:
    """Compare two result folders, print a line a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    folders = parser.parse_args()
    differences = 0
    for name in FILES:
        before, after = folders.before / name, folders.after / name
        if before.read_bytes() == after.read_bytes():
            print(f"{name}: the same bytes")
            continue
        found = differences_of(values_of(before), values_of(after))
        differences += len(found)
        print(f"{name}: " + (f"differs in {len(found)} places" if found else "equal, other bytes"))
        for line in found[:20]:
            print(f"  {line}")
    sys.exit(bool(differences))


def values_of(path: Path) -> Any:  # noqa: ANN401 - whatever JSON or a table can hold
    """The content of a file as plain values."""
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pydict()
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    document = json.loads(path.read_text(encoding="utf-8"))
    return {key: value for key, value in document.items() if key not in NOT_COMPARED}


def differences_of(before: Any, after: Any, place: str = "") -> list[str]:  # noqa: ANN401 - as `values_of`
    """Places in which two values differ, numbers by more than `TOLERANCE`."""
    if isinstance(before, dict) and isinstance(after, dict):
        lines = [f"{place}/{key}: only before" for key in before if key not in after]
        lines += [f"{place}/{key}: only after" for key in after if key not in before]
        for key in before.keys() & after.keys():
            lines += differences_of(before[key], after[key], f"{place}/{key}")
        return sorted(lines)
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [
            line
            for number, pair in enumerate(zip(before, after, strict=True))
            for line in differences_of(*pair, f"{place}/{number}")
        ]
    if isinstance(before, float) and isinstance(after, float):
        same = math.isclose(before, after, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    else:
        same = before == after
    return [] if same else [f"{place}: {before!r}, now {after!r}"]


if __name__ == "__main__":
    main()
