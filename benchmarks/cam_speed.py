"""Seconds and memory of the map methods, side by side with grad-cam, torchcam and captum, on ResNet50 at 224.

    python -m pip install --no-deps --target .venv/peers -r tests/core/cam/peers.txt
    python -m benchmarks.cam_speed --peers .venv/peers

Random weights, two threads, each case in a process of its own. The tools of a row take turns, and the best of
their times counts, so that what else runs on the machine spoils none. Score-CAM over the last layer's 2,048
channels is measured on one image; on one and eight images it is measured over 256 channels, those of layer1,
where a masked pass costs the same. Memory: the peak beyond what the process held with the network loaded, and
the peak of all that is the process's own, without the libraries' files that all processes share.

glibc gives freed memory back to the system within a pass and must ask for it again; a tool that keeps a graph
is spared that by the memory it holds. So the rows "allocator keeps memory" have the same with
MALLOC_TRIM_THRESHOLD_ and MALLOC_MMAP_THRESHOLD_ set to 4 GB for every tool.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models import resnet50

from core.cam import FIMFScoreCAM, GradCAM, Method, ScoreCAM, activation_maps

TABLE = Path("docs/validation/cam_speed.json")
THREADS = 2
CHEAP_REPEATS = 15

Run = Callable[[Tensor], object]


def images(count: int) -> Tensor:
    """Noise of the size of ImageNet's images."""
    return torch.randn(count, 3, 224, 224, generator=torch.Generator().manual_seed(0))


def network() -> nn.Module:
    """ResNet50 with random weights, ready to be asked."""
    torch.manual_seed(0)
    made: nn.Module = resnet50().eval()
    return made.requires_grad_(requires_grad=False)


def own(method: Method, layer: str) -> Callable[[nn.Module], Run]:
    """Maps by this project."""
    return lambda model: lambda batch: activation_maps(model, batch, method, classes_of(batch), layer)


def classes_of(batch: Tensor) -> Tensor:
    """Class 0 for each image."""
    return torch.zeros(len(batch), dtype=torch.int64)


def forward(model: nn.Module) -> Run:
    """What no map can be had without."""

    def run(batch: Tensor) -> object:
        with torch.no_grad():
            return model(batch)

    return run


def grad_cam_library(name: str, layer: str) -> Callable[[nn.Module], Run]:
    """`pytorch_grad_cam`'s GradCAM or ScoreCAM."""

    def prepare(model: nn.Module) -> Run:
        import pytorch_grad_cam
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

        model.requires_grad_(requires_grad=True)
        extractor = getattr(pytorch_grad_cam, name)(model=model, target_layers=[model.get_submodule(layer)])
        return lambda batch: extractor(batch, [ClassifierOutputTarget(0)] * len(batch))

    return prepare


def torchcam_library(name: str, layer: str) -> Callable[[nn.Module], Run]:
    """torchcam's GradCAM or ScoreCAM."""

    def prepare(model: nn.Module) -> Run:
        from torchcam import methods

        model.requires_grad_(requires_grad=True)
        extractor = getattr(methods, name)(model, layer)

        def run(batch: Tensor) -> object:
            scores = model(batch)
            return extractor([0] * len(batch), scores) if name == "GradCAM" else extractor(0, scores)

        return run

    return prepare


def captum_library(layer: str) -> Callable[[nn.Module], Run]:
    """captum's LayerGradCam."""

    def prepare(model: nn.Module) -> Run:
        from captum.attr import LayerGradCam

        model.requires_grad_(requires_grad=True)
        extractor = LayerGradCam(model, model.get_submodule(layer))
        return lambda batch: extractor.attribute(batch, target=0)

    return prepare


ROWS: dict[str, dict[str, Callable[[nn.Module], Run]]] = {
    "Grad-CAM, layer4": {
        "forward pass alone": forward,
        "Smearscope": own(GradCAM(), "layer4"),
        "captum": captum_library("layer4"),
        "torchcam": torchcam_library("GradCAM", "layer4"),
        "grad-cam": grad_cam_library("GradCAM", "layer4"),
    },
    "Grad-CAM, layer3": {
        "Smearscope": own(GradCAM(), "layer3"),
        "captum": captum_library("layer3"),
        "torchcam": torchcam_library("GradCAM", "layer3"),
        "grad-cam": grad_cam_library("GradCAM", "layer3"),
    },
    "FIMF Score-CAM, layer4, 2,048 channels": {"Smearscope": own(FIMFScoreCAM(), "layer4")},
    "Score-CAM, layer1, 256 channels": {
        "Smearscope": own(ScoreCAM(), "layer1"),
        "torchcam": torchcam_library("ScoreCAM", "layer1"),
        "grad-cam": grad_cam_library("ScoreCAM", "layer1"),
    },
    "Score-CAM, layer4, 2,048 channels": {
        "Smearscope": own(ScoreCAM(), "layer4"),
        "torchcam": torchcam_library("ScoreCAM", "layer4"),
        "grad-cam": grad_cam_library("ScoreCAM", "layer4"),
    },
}


KEEPING = ", allocator keeps memory"
KEPT = {"MALLOC_TRIM_THRESHOLD_": "4000000000", "MALLOC_MMAP_THRESHOLD_": "4000000000"}


def held_mb(quantity: str) -> float:
    """A quantity of Linux's status of this process: VmHWM, the peak of resident memory, or RssFile."""
    found = re.search(rf"{quantity}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None, f"/proc/self/status has no {quantity}"
    return int(found[1]) / 1024


def measure(row: str, tool: str, batch: int, repeats: int) -> dict[str, float]:
    """Best seconds an image, and memory; run in a process of its own."""
    torch.set_num_threads(THREADS)
    model, given = network(), images(batch)
    with torch.no_grad():
        model(given[:1])
    before = held_mb("VmHWM")
    run = ROWS[row][tool](model)
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        run(given)
        seconds.append(time.perf_counter() - started)
    peak = held_mb("VmHWM")
    return {
        "seconds_an_image": min(seconds) / batch,
        "added_mb": peak - before,
        "own_mb": peak - held_mb("RssFile"),
        "process_mb": peak,
    }


def main() -> None:
    """Measure all cases, print and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", type=Path, help="Folder that the peers are installed in.")
    parser.add_argument(
        "--case", nargs=4, metavar=("ROW", "TOOL", "BATCH", "REPEATS"), help=argparse.SUPPRESS
    )
    parser.add_argument("--rows", nargs="+", help="Only these; the table keeps its others. By default all.")
    given = parser.parse_args()
    if given.peers is not None:
        sys.path.append(str(given.peers))
    if given.case is not None:
        row, tool, batch, repeats = given.case
        print(json.dumps(measure(row, tool, int(batch), int(repeats))))
        return
    names = [*ROWS, *(f"{row}{KEEPING}" for row in ROWS if row.startswith("Grad-CAM"))]
    chosen = given.rows or names
    kept = [row for row in json.loads(TABLE.read_text()) if row["row"] not in chosen] if given.rows else []
    rows: list[dict[str, Any]] = []
    for row in chosen:
        tools = ROWS[row.removesuffix(KEEPING)]
        for batch in (1, 8):
            if row.startswith("Score-CAM, layer4") and batch == 8:
                continue  # a quarter of an hour a tool
            for _ in range(2):
                for tool in tools:
                    measured = in_own_process(row, tool, batch, given.peers)
                    rows.append({"row": row, "tool": tool, "batch": batch, **measured})
                    print(rows[-1], flush=True)
                if row.startswith("Score-CAM"):
                    break  # minutes: once
    table = sorted([*kept, *best_of(rows)], key=lambda row: names.index(row["row"]))
    TABLE.write_text(json.dumps(table, indent=1) + "\n")
    print(f"Table: {TABLE}")


def in_own_process(row: str, tool: str, batch: int, peers: Path | None) -> dict[str, float]:
    """One case, measured afresh."""
    repeats = 1 if row.startswith("Score-CAM") else CHEAP_REPEATS
    case = (row.removesuffix(KEEPING), tool, str(batch), str(repeats))
    command = [sys.executable, "-m", "benchmarks.cam_speed", "--case", *case]
    if peers is not None:
        command += ["--peers", str(peers)]
    environment = os.environ | (KEPT if row.endswith(KEEPING) else {})
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    measured: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return measured


def best_of(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The fastest of each case's turns, and how many times slower it is than this project's."""
    best: dict[tuple[str, str, int], dict[str, Any]] = {}
    for row in rows:
        key = (row["row"], row["tool"], row["batch"])
        if key not in best or row["seconds_an_image"] < best[key]["seconds_an_image"]:
            best[key] = row
    for (name, _, batch), row in best.items():
        ours = best[name, "Smearscope", batch]["seconds_an_image"]
        row["times_ours"] = round(row["seconds_an_image"] / ours, 3)
    return list(best.values())


if __name__ == "__main__":
    main()
