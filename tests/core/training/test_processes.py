"""Several processes under torchrun against one."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
from lightning_fabric import Fabric
from safetensors.torch import load_file

from core.training.processes import launched

ROOT = Path(__file__).parents[3]


def test_without_torchrun_there_is_one_process_in_the_precision_asked_for() -> None:
    fabric = launched("cpu", "bf16-mixed")
    assert isinstance(fabric, Fabric)
    assert fabric.world_size == 1
    assert fabric.is_global_zero


def run(processes: int, folder: Path, objective: str) -> None:
    command = [
        *(sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"),
        *("-m", "tests.core.training.trained_under_torchrun", str(folder), objective),
    ]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["energy-dice", "learned-magtr-mangtr"])
def test_three_processes_give_the_curves_tables_and_weights_of_one(objective: str, tmp_path: Path) -> None:
    # Batches of 8, 8 and 6 images and 22 and 9 images to measure: no share is like another.
    run(1, tmp_path / "1", objective)
    run(3, tmp_path / "3", objective)
    for name in ("curves.csv", "images/training_003.csv", "images/validation_000.csv"):
        one, three = (read(tmp_path / processes / name) for processes in ("1", "3"))
        assert len(one) == len(three)
        for first, second in zip(one, three, strict=True):
            assert first.keys() == second.keys()
            for key, value in first.items():
                if key in {"path", "truth", "prediction", "images"}:
                    assert second[key] == value
                else:
                    assert float(second[key]) == pytest.approx(float(value), rel=1e-3, abs=1e-5, nan_ok=True)
    weights = "epochs/003/weights.safetensors"
    one_of, three_of = (load_file(tmp_path / processes / weights) for processes in ("1", "3"))
    for name, tensor in one_of.items():
        assert (three_of[name] - tensor).norm() <= 1e-3 * tensor.norm()


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
