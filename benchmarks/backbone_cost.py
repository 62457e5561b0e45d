"""What the backbones cost: parameters, seconds an image and memory, for a map and for a guided training step.

    python -m benchmarks.backbone_cost

Random weights, 1,000 classes, 224-px images (64 for the small one), two threads, a process a case. Memory is
the peak of the process beyond what it held with the network loaded.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from benchmarks.cam_speed import THREADS, held_mb
from core.cam import activation_maps, maps_of, normalised, recorded
from models.backbones import BACKBONES, random_backbone

TABLE = Path("docs/validation/backbone_cost.json")
CLASSES = 1000
REPEATS = 5
TRAINING_BATCH = 8


def measure(name: str, what: str) -> dict[str, float]:
    """Best seconds an image, and memory; run in a process of its own."""
    torch.set_num_threads(THREADS)
    loaded = random_backbone(name, CLASSES)
    network, layer = loaded.network, loaded.backbone.feature_layer
    count = TRAINING_BATCH if what == "training step" else 1
    side = loaded.backbone.input_size_px
    images = torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(0))
    classes = torch.arange(count)
    before = held_mb("VmHWM")

    def draw_map() -> None:
        activation_maps(network, images, "grad-cam", classes, layer)

    def train() -> None:
        network.zero_grad()
        with recorded(network, layer) as recording:
            logits = network(images)
        maps = maps_of(recording, logits, images, "grad-cam", classes).maps
        loss = functional.cross_entropy(logits, classes) - normalised(maps).mean()
        loss.backward()

    run = train if what == "training step" else draw_map
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - started)
    return {
        "parameters": sum(each.numel() for each in network.parameters()),
        "seconds_an_image": min(seconds) / count,
        "added_mb": held_mb("VmHWM") - before,
    }


def main() -> None:
    """Measure all cases, print and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case is not None:
        print(json.dumps(measure(*given.case)))
        return
    rows: list[dict[str, Any]] = []
    for name in BACKBONES:
        for what in ("map", "training step"):
            command = [sys.executable, "-m", "benchmarks.backbone_cost", "--case", name, what]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            rows.append({"backbone": name, "what": what, **json.loads(done.stdout)})
            print(rows[-1], flush=True)
    TABLE.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"Table: {TABLE}")


if __name__ == "__main__":
    main()
