"""Thousands of damaged files of every kind that is read: none may be failed on, hung on, or fill memory.

    python -m benchmarks.mutated_files images --files 10000 --seed 1

Each file is drawn, damaged in one to three ways (bits flipped; bytes zeroed, cut out or doubled; numbers set;
the head or the rest of another kind; cut short), and read as a run reads it, in a process that may ask for
6 GiB. A line of JSON for each is written to ``--log``. A kind and a seed are the same damage each time, to
the same bytes but where a writer puts a time or an identifier of its own into its file (CZI, ledgers,
databases, zips). Ends with status 1 where there was a fault.
"""

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from tests.damaged_reading import FILES, DamagedReader, Reading, kinds_of

FAULTS = ("uncaught", "killed", "hung", "filled memory")


def main() -> None:
    """Damage, read, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("which", choices=FILES)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the first file; each has the next")
    parser.add_argument("--longest-s", type=float, default=60)
    parser.add_argument("--most-bytes", type=int, default=2 << 30)
    parser.add_argument("--log", type=Path)
    given = parser.parse_args()

    kinds = list(kinds_of(FILES[given.which]))
    readings: list[Reading] = []
    log = given.log.open("w", encoding="utf-8") if given.log else None
    with DamagedReader(FILES[given.which], given.longest_s, given.most_bytes) as reader:
        for number in range(given.files):
            reading = reader.read(kinds[number % len(kinds)], given.seed + number // len(kinds))
            readings.append(reading)
            if log:
                log.write(json.dumps(asdict(reading)) + "\n")
                log.flush()
            if reading.is_fault:
                print(f"{reading.kind}, seed {reading.seed}: {reading.outcome}: {reading.said}", flush=True)
    print_table(readings)
    sys.exit(any(reading.is_fault for reading in readings))


def print_table(readings: list[Reading]) -> None:
    """A line for each kind, and one for all."""
    print("| kind | files | read | named | " + " | ".join(FAULTS) + " | most memory, MB | longest, s |")
    print("|---|" + "--:|" * (len(FAULTS) + 5))
    for kind in [*dict.fromkeys(reading.kind for reading in readings), "all"]:
        these = [reading for reading in readings if kind in (reading.kind, "all")]
        counts = Counter(reading.outcome for reading in these)
        numbers = [len(these), *(counts[outcome] for outcome in ("read", "named", *FAULTS))]
        memory = max(reading.grown_bytes for reading in these) / 1e6
        print(
            f"| {kind} | {' | '.join(map(str, numbers))} | {memory:.0f} | "
            f"{max(reading.seconds for reading in these):.1f} |"
        )


if __name__ == "__main__":
    main()
