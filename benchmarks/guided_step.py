"""What a guided training step costs beside one of cross-entropy alone, with random weights.

    python -m benchmarks.guided_step --batch 32 --out docs/validation/guided_step.json
    python -m benchmarks.guided_step --batch 8 --backbones resnet50 --score-cam --out ...

Steps of all objectives take turns, so that what else runs on the machine falls on each alike; a row has the
median of the ratios of neighbouring steps, in the processor's seconds of one thread, or in seconds on CUDA.
Peak memory is beyond what was held with network and images loaded; on a processor each variant has a process
of its own for it.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.cam_speed import held_mb
from core.cam import METHODS
from core.saliency.objectives import Objective
from core.training.passes import GuidedBatch, GuidedNetwork
from models.backbones import random_backbone
from models.checkpoint import torch_device

CLASSES = 10
VARIANTS = {
    "cross-entropy": ("cross-entropy", "grad-cam"),
    "energy-dice, Grad-CAM": ("energy-dice", "grad-cam"),
    "energy-dice, FIMF": ("energy-dice", "fimf-score-cam"),
}
WITH_SCORE_CAM = {"energy-dice, Faster Score-CAM, 10": ("energy-dice", "faster-score-cam")}
"""Ten masked passes an image, run twice over: asked for by name."""


def drawn(images: int, size_px: int, device: torch.device) -> GuidedBatch:
    """Noise, with a square in the middle as region."""
    noise = torch.randn(images, 3, size_px, size_px, generator=torch.Generator().manual_seed(0))
    regions = torch.zeros(images, size_px, size_px, dtype=torch.bool)
    regions[:, size_px // 4 : -size_px // 4, size_px // 4 : -size_px // 4] = True
    return GuidedBatch(noise, torch.arange(images) % CLASSES, regions).to(device)


def guided_network(name: str, variant: str) -> GuidedNetwork:
    """A backbone of random weights with the objective and maps of a variant."""
    objective, method = (VARIANTS | WITH_SCORE_CAM)[variant]
    loaded = random_backbone(name, CLASSES)
    backbone = loaded.backbone
    guided = GuidedNetwork(
        loaded.network, backbone.head, Objective(objective), METHODS[method], backbone.feature_layer
    )
    guided.begin_training(freeze_batch_norm=True)
    return guided


def step(guided: GuidedNetwork, batch: GuidedBatch) -> tuple[float, float]:
    """Seconds of a forward and a backward pass, and peak bytes on CUDA."""
    on_cuda = batch.images.is_cuda
    if on_cuda:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    held = torch.cuda.memory_allocated() if on_cuda else 0
    started = time.perf_counter() if on_cuda else time.process_time()
    guided.losses(batch, guided=True).mean().backward()
    if not on_cuda:
        return time.process_time() - started, float("nan")
    torch.cuda.synchronize()
    return time.perf_counter() - started, float(torch.cuda.max_memory_allocated() - held)


def step_memory_mb(name: str, variant: str, batch: GuidedBatch) -> float:
    """What two steps add to the peak of this process, which has done nothing else."""
    guided = guided_network(name, variant)
    before = held_mb("VmHWM")
    for _ in range(2):
        guided.network.zero_grad()
        step(guided, batch)
    return held_mb("VmHWM") - before


def memory_in_own_process(name: str, variant: str, given: argparse.Namespace) -> float:
    """The same, of a process of its own."""
    command = [sys.executable, "-m", "benchmarks.guided_step", "--memory-of", name, variant]
    command += ["--batch", str(given.batch), "--size", str(given.size)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def compared(name: str, batch: GuidedBatch, given: argparse.Namespace) -> list[dict[str, Any]]:
    """A row for each variant of one backbone."""
    variants = VARIANTS | (WITH_SCORE_CAM if given.score_cam else {})
    chosen = {
        variant: guided_network(name, variant)
        for variant, (_, method) in variants.items()
        # FIMF over VGG16's head runs its three linear layers for each of 512 channels of each image.
        if not (name == "vgg16" and method == "fimf-score-cam")
    }
    taken: dict[str, list[tuple[float, float]]] = {variant: [] for variant in chosen}
    for repeat in range(given.repeats + 1):
        for variant, guided in chosen.items():
            guided.network.to(batch.images.device).zero_grad()
            cost = step(guided, batch)
            guided.network.zero_grad()
            if repeat:  # the first one warms up
                taken[variant].append(cost)
    rows: list[dict[str, Any]] = []
    for variant, costs in taken.items():
        pairs = zip(costs, taken["cross-entropy"], strict=True)
        on_cuda = batch.images.is_cuda
        mb = costs[-1][1] / 2**20 if on_cuda else memory_in_own_process(name, variant, given)
        rows.append(
            {
                "backbone": name,
                "step": variant,
                "seconds": round(statistics.median(seconds for seconds, _ in costs), 4),
                "time_over_cross_entropy": round(statistics.median(a[0] / b[0] for a, b in pairs), 3),
                "added_mb": round(mb),
                "memory_over_cross_entropy": round(mb / (rows[0]["added_mb"] if rows else mb), 3),
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    return rows


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--backbones", nargs="+", default=["mobilenet_v2", "resnet50", "vgg16"])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--score-cam", action="store_true", help="With Faster Score-CAM, 10 channels, too.")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--memory-of", nargs=2, metavar=("BACKBONE", "VARIANT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    batch = drawn(given.batch, given.size, torch_device(given.device))
    if given.memory_of is not None:
        name, variant = given.memory_of
        print(step_memory_mb(name, variant, batch))
        return
    rows = [row for name in given.backbones for row in compared(name, batch, given)]
    table = {"batch": given.batch, "size_px": given.size, "device": given.device, "rows": rows}
    if given.out is not None:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
