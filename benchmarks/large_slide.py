"""A whole-slide scan as large as real ones, scored in bounded memory, killed at random and resumed.

    python -m benchmarks.large_slide --side 100000 --smear 0.4 --kills 6
    python -m benchmarks.large_slide --side 20000 --smear 0.4 --kills 6 --unbroken

Writes the scan once under out/benchmark: an SVS as Aperio's scanners write it, of JPEG tiles in three levels,
with cells in a disc that fills a share of it. The cells come from a hundred drawn blocks laid beside each
other in random order, a ring of drawn glass lies round them, and what is farther out was not scanned: its
tiles are left out. The scan is scored by two workers; at random moments the whole run or one of its workers
is killed by SIGKILL, and what was killed is started again. With --unbroken the scan is scored once more
without kills, and the files of both runs are compared byte by byte.
"""

import argparse
import json
import math
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import psutil
import simplejpeg
import tifffile
from numpy.typing import NDArray

from benchmarks.score_speed import FOLDER, SAMPLE_S, proportional_bytes
from datasets.synthetic import random_style, render_field
from tests.output_files import contents, differences

BLOCK_PX = 1024
TILE_PX = 512
BLOCKS = 100
CELLS_IN_A_BLOCK = 94
UM_PER_PIXEL = 0.13
STEPS = (1, 4, 16)
"""How much smaller each level is than the scan."""
GLASS, NOT_SCANNED = -1, -2
GLASS_RING = 1.15
"""Radius of what was scanned over that of the smear."""
QUALITY = 80


@dataclass(frozen=True, eq=False)
class DrawnScan:
    """Blocks laid out on a slide.

    Attributes
    ----------
    side_px
        Of the scan.
    blocks
        The drawn blocks, then one of glass.
    layout
        (rows, columns) int: which block lies where, or `NOT_SCANNED`.
    """

    side_px: int
    blocks: tuple[NDArray[np.uint8], ...]
    layout: NDArray[np.int64]

    def tiles(self, step: int) -> Iterator[bytes]:
        """The encoded tiles of a level, row by row; empty where nothing was scanned."""
        reduced = [
            cv2.resize(block, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
            for block in self.blocks
        ]
        empty = np.full_like(reduced[0], 255)
        count = -(-self.side_px // step // TILE_PX)
        encoded = lru_cache(maxsize=None)(_encoded)
        in_block = max(1, BLOCK_PX // step // TILE_PX)
        blocks_in_tile = max(1, TILE_PX * step // BLOCK_PX)
        for row, column in np.ndindex(count, count):
            top, left = row * blocks_in_tile // in_block, column * blocks_in_tile // in_block
            there = self.layout[top : top + blocks_in_tile, left : left + blocks_in_tile]
            if (there == NOT_SCANNED).all():
                yield b""
                continue
            if blocks_in_tile == 1 and in_block > 1:
                at = row % in_block * TILE_PX, column % in_block * TILE_PX
                yield encoded(self, int(there[0, 0]), *at)
                continue
            rows = [
                np.hstack([empty if one == NOT_SCANNED else reduced[one] for one in line]) for line in there
            ]
            tile = np.full((TILE_PX, TILE_PX, 3), 255, np.uint8)
            joined = np.vstack(rows)[:TILE_PX, :TILE_PX]
            tile[: joined.shape[0], : joined.shape[1]] = joined
            yield _jpeg(tile)


def _encoded(scan: DrawnScan, block: int, top: int, left: int) -> bytes:
    return _jpeg(np.ascontiguousarray(scan.blocks[block][top : top + TILE_PX, left : left + TILE_PX]))


def _jpeg(tile: NDArray[np.uint8]) -> bytes:
    return bytes(simplejpeg.encode_jpeg(tile, quality=QUALITY, colorsubsampling="422"))


def drawn_scan(side_px: int, smear: float) -> DrawnScan:
    """A scan whose smear fills this share of its square."""
    draw = np.random.default_rng(side_px)
    style = random_style(np.random.default_rng(1))
    shown = {"seed": 1, "width_px": BLOCK_PX, "height_px": BLOCK_PX}
    blocks = [render_field(style, index=index, cells=CELLS_IN_A_BLOCK, **shown)[0] for index in range(BLOCKS)]
    blocks.append(render_field(style, index=BLOCKS, cells=0, **shown)[0])
    count = -(-side_px // BLOCK_PX)
    middle = (count - 1) / 2
    away = np.hypot(*(np.indices((count, count)) - middle))
    radius = count * math.sqrt(smear / math.pi)
    layout = draw.integers(0, BLOCKS, (count, count))
    layout[away >= radius] = BLOCKS
    layout[away >= GLASS_RING * radius] = NOT_SCANNED
    return DrawnScan(side_px, tuple(blocks), layout)


def write_scan(path: Path, scan: DrawnScan) -> None:
    """Write it as an SVS."""
    unfinished = path.with_suffix(".part")
    with tifffile.TiffWriter(unfinished, bigtiff=True) as writer:
        for step in STEPS:
            side = scan.side_px // step
            writer.write(
                scan.tiles(step),
                shape=(side, side, 3),
                dtype=np.uint8,
                tile=(TILE_PX, TILE_PX),
                photometric="ycbcr",
                subsampling=(2, 1),
                compression="jpeg",
                metadata=None,
                description=f"Aperio Image Library v12.0.15\n{side}x{side} [0,0 {side}x{side}] "
                f"({TILE_PX}x{TILE_PX}) JPEG/RGB Q={QUALITY}|AppMag = 80|MPP = {UM_PER_PIXEL}",
            )
    unfinished.replace(path)


@dataclass(frozen=True)
class Watched:
    """What a run, or a chain of runs each killed but the last, took."""

    seconds: float
    peak_bytes: int
    starts: int
    workers_killed: int


def watched(command: list[str], kills: int, draw: np.random.Generator, expected_s: float) -> Watched:
    """Run a command to its end, killing it or one of its workers at random moments on the way."""
    started, peak, starts, workers_killed = time.perf_counter(), 0, 0, 0
    while True:
        starts += 1
        run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        process = psutil.Process(run.pid)
        kill_at = time.perf_counter() + draw.uniform(0, expected_s / max(1, kills))
        while run.poll() is None:
            peak = max(peak, proportional_bytes(process))
            if kills and time.perf_counter() > kill_at:
                kills -= 1
                workers = process.children()
                if workers and draw.random() < 0.5:
                    workers[draw.integers(len(workers))].kill()
                    workers_killed += 1
                else:
                    run.kill()
                kill_at = time.perf_counter() + draw.uniform(0, expected_s / max(1, kills))
            time.sleep(SAMPLE_S)
        if run.returncode != -signal.SIGKILL:
            if run.returncode:
                raise SystemExit(f"scoring ended with {run.returncode}")
            return Watched(time.perf_counter() - started, peak, starts, workers_killed)


def main() -> None:
    """Write the scan, score it, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=100_000)
    parser.add_argument("--smear", type=float, default=0.4)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--expected-s", type=float, default=1800.0)
    parser.add_argument("--unbroken", action="store_true")
    given = parser.parse_args()

    path = FOLDER / f"scan_{given.side}_{given.smear:g}.svs"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        started = time.perf_counter()
        write_scan(path, drawn_scan(given.side, given.smear))
        print(
            f"{path}: {path.stat().st_size / 1e9:.2f} GB in {time.perf_counter() - started:.0f} s", flush=True
        )
    kinds = ["killed", "unbroken"] if given.unbroken else ["killed"]
    for kind in kinds:
        out = FOLDER / f"{path.stem}_{kind}"
        shutil.rmtree(out, ignore_errors=True)  # what an earlier call found is not measured again
        command = [
            *(sys.executable, "-m", "scripts.main", "score", str(path), "--out", str(out), "--workers", "2")
        ]
        kills = given.kills if kind == "killed" else 0
        took = watched(command, kills, np.random.default_rng(given.side), given.expected_s)
        result = json.loads((out / path.stem / "result.json").read_text())
        cells = result["cells"]
        print(
            f"{kind}: {took.seconds:.0f} s, {took.starts} starts, {took.workers_killed} workers killed, "
            f"peak of all processes {took.peak_bytes / 1e6:.0f} MB; {result['fields']['found']} regions, "
            f"{cells['located']} objects located, {cells['evaluable']} cells count, "
            f"left out {cells['not_evaluable']}, overlaps {len(result['fields']['overlapping'])}",
            flush=True,
        )
    if given.unbroken:
        killed, unbroken = (contents(FOLDER / f"{path.stem}_{kind}") for kind in kinds)
        different = differences(unbroken, killed)
        print(f"{len(unbroken)} files compared, {len(different)} differ: {different[:5]}")
        sys.exit(bool(different))


if __name__ == "__main__":
    main()
