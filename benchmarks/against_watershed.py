"""Cells a second beside what a user would write instead: watershed, then ResNet50 on each cell.

    python -m benchmarks.against_watershed --fields 400 --peer-fields 8

Both run on the same fields, drawn as in `benchmarks.score_speed`, one after the other and on the same cores.
The other program is scikit-image's watershed on the distance from what Otsu's threshold leaves, and
torchvision's ResNet50 in single precision on batches of cells, 224 px wide; its weights do not change its
time. Its imports and its network's loading are left out, ours are not; it writes nothing. On a busy machine
its threads wait for one another in loops that count as processor time: compare with ``--workers 1``.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.filters import threshold_otsu
from skimage.measure import regionprops
from skimage.segmentation import watershed
from torchvision.models import resnet50

from benchmarks.score_speed import FOLDER, drawn_slide
from datasets.fields import read_rgb

CROP_PX = 224
BATCH = 32
LEAST_CELL_PX = 12
"""Distance between two middles of cells, and from one to its rim, below which the watershed joins them."""
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Cost:
    """What a number of cells took.

    Attributes
    ----------
    cells
        Located and scored.
    wall_s
        Seconds by the clock.
    processor_s
        Seconds of all cores together.
    """

    cells: int
    wall_s: float
    processor_s: float

    def __str__(self) -> str:
        each_s = (self.wall_s, self.processor_s)
        by_clock, by_core = (self.cells / seconds for seconds in each_s)
        return f"{self.cells} cells, {by_clock:.1f} cells/s by the clock, {by_core:.1f} a second of one core"


class Stopwatch:
    """Clock and processor time since it was made, of this process and of those it has waited for."""

    def __init__(self) -> None:
        self._began = self._now()

    def cost(self, cells: int) -> Cost:
        """What these cells took."""
        wall_s, processor_s = (now - began for now, began in zip(self._now(), self._began, strict=True))
        return Cost(cells, wall_s, processor_s)

    @staticmethod
    def _now() -> tuple[float, float]:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return time.perf_counter(), sum(each.ru_utime + each.ru_stime for each in used)


def cells_by_watershed(image: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Single cells of an (H, W, 3) field, each resized to `CROP_PX`."""
    green = image[..., 1]
    stained = ndimage.binary_fill_holes(green < threshold_otsu(green))
    depth = ndimage.distance_transform_edt(stained)
    peaks = peak_local_max(depth, min_distance=LEAST_CELL_PX, threshold_abs=LEAST_CELL_PX, labels=stained)
    markers = np.zeros(green.shape, np.int32)
    markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    for cell in regionprops(watershed(-depth, markers, mask=stained)):
        top, left, bottom, right = cell.bbox
        yield np.asarray(cv2.resize(image[top:bottom, left:right], (CROP_PX, CROP_PX)), np.uint8)


class ResNetScores:
    """ResNet50 with one output on batches of cells, ready to run."""

    def __init__(self, threads: int) -> None:
        torch.set_num_threads(threads)
        self._network = resnet50(num_classes=1).eval()

    def of(self, cells: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N,) logits."""
        mean, deviation = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_DEVIATION)
        logits = [np.empty((0, 1), np.float32)]
        with torch.inference_mode():
            for start in range(0, len(cells), BATCH):
                batch = torch.from_numpy(np.stack(cells[start : start + BATCH])).float() / 255
                logits.append(self._network(((batch - mean) / deviation).permute(0, 3, 1, 2)).numpy())
        return np.concatenate(logits)[:, 0]


def cost_of_watershed(fields: list[Path], threads: int) -> Cost:
    """Decode fields, find their cells, score each."""
    scores = ResNetScores(threads)
    scores.of([np.zeros((CROP_PX, CROP_PX, 3), np.uint8)])
    stopwatch, scored = Stopwatch(), 0
    for field in fields:
        scored += len(scores.of(list(cells_by_watershed(read_rgb(field)))))
    return stopwatch.cost(scored)


def cost_of_smearscope(slide: Path, workers: int) -> Cost:
    """Score a slide, from starting the command to its written files."""
    out = FOLDER / f"results_{slide.name}"
    command = [sys.executable, "-m", "scripts.main", "score", str(slide), "--out", str(out), "--no-resume"]
    stopwatch = Stopwatch()
    subprocess.run([*command, "--workers", str(workers)], check=True, stdout=subprocess.DEVNULL)
    return stopwatch.cost(json.loads((out / slide.name / "run.json").read_text())["cells_located"])


def main() -> None:
    """Measure both, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fields", type=int, default=400)
    parser.add_argument("--peer-fields", type=int, default=8, help="The first of them, for the slower.")
    parser.add_argument("--cells-per-field", type=int, default=112)
    parser.add_argument("--workers", type=int, default=2, help="Worker processes here, threads there.")
    given = parser.parse_args()

    slide = drawn_slide(given.fields, given.cells_per_field)
    watershed_cost = cost_of_watershed(sorted(slide.glob("*.jpg"))[: given.peer_fields], given.workers)
    print(f"watershed and ResNet50 on {given.peer_fields} fields: {watershed_cost}", flush=True)
    own = cost_of_smearscope(slide, given.workers)
    print(f"smearscope on {given.fields} fields: {own}")
    by_clock = own.cells / own.wall_s * watershed_cost.wall_s / watershed_cost.cells
    by_core = own.cells / own.processor_s * watershed_cost.processor_s / watershed_cost.cells
    print(
        f"smearscope scores {by_clock:.0f} times as many by the clock, {by_core:.0f} times by processor time"
    )


if __name__ == "__main__":
    main()
