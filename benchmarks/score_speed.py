"""Time and memory of scoring one large synthetic slide, decoding to written files included.

    python -m benchmarks.score_speed --fields 1800 --cells-per-field 112

Draws the slide once under out/benchmark, then scores it in a process of its own with two workers and samples
the proportional set size (PSS) of that process and all its children.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import psutil

from datasets.synthetic import render_slide

FOLDER = Path("out/benchmark")
SAMPLE_S = 0.5
TENTHS = 10


def proportional_bytes(process: psutil.Process) -> int:
    """Summed PSS of a process and its children; those that end meanwhile count as nothing."""
    total = 0
    for one in [process, *process.children(recursive=True)]:
        try:
            total += one.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total


def drawn_slide(fields: int, cells_per_field: int) -> Path:
    """Folder of a synthetic slide, drawn once."""
    slide = FOLDER / f"slide_{fields}x{cells_per_field}"
    if not slide.exists():
        started = time.perf_counter()
        drawn = render_slide(slide, fields=fields, seed=1, cells_per_field=cells_per_field)
        print(f"drawn: {drawn.red_cells} red cells in {time.perf_counter() - started:.0f} s")
    return slide


def main() -> None:
    """Draw, score, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fields", type=int, default=1800)
    parser.add_argument("--cells-per-field", type=int, default=112)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--model", default="released")
    given = parser.parse_args()

    slide = drawn_slide(given.fields, given.cells_per_field)
    out = FOLDER / f"results_{slide.name}"
    command = [
        *(sys.executable, "-m", "scripts.main", "score", str(slide), "--out", str(out), "--no-resume"),
        *("--workers", str(given.workers), "--model", given.model),
    ]
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    scoring = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    watched = psutil.Process(scoring.pid)
    samples: list[int] = []
    while scoring.poll() is None:
        samples.append(proportional_bytes(watched))
        time.sleep(SAMPLE_S)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if scoring.returncode:
        raise SystemExit(f"scoring ended with {scoring.returncode}")
    run = json.loads((out / slide.name / "run.json").read_text())
    cells = run["cells_located"]
    print(f"{cells} cells in {seconds:.1f} s on {given.workers} workers: {cells / seconds:.0f} cells/s")
    processor_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"processor time: {processor_s:.1f} s of one core, {cells / processor_s:.0f} cells a second of it")
    tenths = [samples[len(samples) * k // TENTHS : len(samples) * (k + 1) // TENTHS] for k in range(TENTHS)]
    print("peak PSS, MB, in each tenth of the run:", [max(part, default=0) // 10**6 for part in tenths])


if __name__ == "__main__":
    main()
