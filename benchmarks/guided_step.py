"""What a guided training step costs beside one of cross-entropy alone, with random weights.

    python -m benchmarks.guided_step --batch 32 --size 224 --out docs/validation/guided_step.json

Steps of all objectives take turns, so that what else runs on the machine falls on each alike; a row has the
median of the ratios of neighbouring steps. Peak memory is known on CUDA only. Single-threaded on a processor.
"""

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

import torch

from core.cam import METHODS
from core.guided.passes import Batch, GuidedNetwork
from core.saliency.objectives import Objective
from models.backbones import random_backbone

CLASSES = 10
VARIANTS = {
    "cross-entropy": ("cross-entropy", "grad-cam"),
    "energy-dice, Grad-CAM": ("energy-dice", "grad-cam"),
    "energy-dice, FIMF": ("energy-dice", "fimf-score-cam"),
}


def drawn(images: int, size_px: int, device: torch.device) -> Batch:
    """Noise, with a square in the middle as region."""
    noise = torch.randn(images, 3, size_px, size_px, generator=torch.Generator().manual_seed(0))
    regions = torch.zeros(images, size_px, size_px, dtype=torch.bool)
    regions[:, size_px // 4 : -size_px // 4, size_px // 4 : -size_px // 4] = True
    return Batch(noise, torch.arange(images) % CLASSES, regions).to(device)


def step(guided: GuidedNetwork, batch: Batch) -> tuple[float, float]:
    """Seconds of a forward and a backward pass, and peak bytes."""
    on_cuda = batch.images.is_cuda
    if on_cuda:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    started = time.perf_counter() if on_cuda else time.process_time()
    guided.losses(batch, guided=True).mean().backward()
    if not on_cuda:
        return time.process_time() - started, float("nan")
    torch.cuda.synchronize()
    return time.perf_counter() - started, float(torch.cuda.max_memory_allocated())


def compared(name: str, batch: Batch, repeats: int) -> list[dict[str, Any]]:
    """A row for each variant of one backbone."""
    loaded = random_backbone(name, CLASSES)
    network = loaded.network.to(batch.images.device)
    layer, head = loaded.backbone.feature_layer, loaded.backbone.head
    chosen = {
        variant: GuidedNetwork(network, head, Objective(objective), METHODS[method], layer)
        for variant, (objective, method) in VARIANTS.items()
        # FIMF over VGG16's head runs its three linear layers for each of 512 channels of each image.
        if not (name == "vgg16" and method == "fimf-score-cam")
    }
    taken: dict[str, list[tuple[float, float]]] = {variant: [] for variant in chosen}
    for repeat in range(repeats + 1):
        for variant, guided in chosen.items():
            guided.begin_training(freeze_batch_norm=True)
            network.zero_grad()
            cost = step(guided, batch)
            if repeat:  # the first one warms up
                taken[variant].append(cost)
    rows = []
    for variant, costs in taken.items():
        pairs = list(zip(costs, taken["cross-entropy"], strict=True))
        row: dict[str, Any] = {
            "backbone": name,
            "step": variant,
            "seconds": round(statistics.median(seconds for seconds, _ in costs), 4),
            "time_over_cross_entropy": round(statistics.median(a[0] / b[0] for a, b in pairs), 3),
        }
        if batch.images.is_cuda:
            row["memory_over_cross_entropy"] = round(statistics.median(a[1] / b[1] for a, b in pairs), 3)
        rows.append(row)
        print(json.dumps(rows[-1]), flush=True)
    return rows


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--backbones", nargs="+", default=["mobilenet_v2", "resnet50", "vgg16"])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    batch = drawn(given.batch, given.size, torch.device(given.device))
    rows = [row for name in given.backbones for row in compared(name, batch, given.repeats)]
    table = {"batch": given.batch, "size_px": given.size, "device": given.device, "rows": rows}
    if given.out is not None:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
