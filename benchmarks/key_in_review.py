"""Processor time that each key in review costs: writing the call, reading the record, judging it anew.

    python -m benchmarks.key_in_review

The slide is made without a network; what its model is worth has two steps, detection and classification, as
that of the released model has.
"""

import json
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

from core.review import tally_of
from core.store import Role, Store
from core.tally import Performance, RankCurve
from tests.scored_slides import NOT_PARASITE, scored_slide

KEYS = 100
WORTH = Performance("dots", "drawn discs", RankCurve((1e-4, 1e-3, 1e-2), (400, 2000, 3000), 3900))


def main() -> None:
    """Measure, print a line of JSON."""
    with tempfile.TemporaryDirectory() as folder:
        times = measure(Path(folder))
    print(
        json.dumps(
            {
                "keys": KEYS,
                **{
                    f"{name}_{what}_ms": round(1000 * of(values), 2)
                    for name, values in times.items()
                    for what, of in (("median", statistics.median), ("first", lambda all_: all_[0]))
                },
                "cores": os.cpu_count(),
                "load": round(os.getloadavg()[0], 1),
                "system": platform.platform(),
            }
        )
    )


def measure(folder: Path) -> dict[str, list[float]]:
    """Read every candidate of a slide; processor's seconds of each key's parts."""
    store = Store.in_folder(folder / "data")
    record = scored_slide(store, folder / "slide", listed=KEYS, fields=40, worth=WORTH)
    times: dict[str, list[float]] = {"written": [], "record": [], "verdict": []}
    for candidate in record.candidates:
        begun = time.process_time()
        store.read(record.slide.id, candidate.id, NOT_PARASITE, reader="Anna", role=Role.FIRST)
        written = time.process_time()
        record = store.record(record.slide.id)
        read = time.process_time()
        tally_of(record)
        times["written"].append(written - begun)
        times["record"].append(read - written)
        times["verdict"].append(time.process_time() - read)
    return times


if __name__ == "__main__":
    main()
