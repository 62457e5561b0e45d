"""A guided training on drawn squares, from its configuration to its tables, by the command."""

import csv
from pathlib import Path

from typer.testing import CliRunner, Result

from scripts.main import app

CONFIG = """\
network: guided
images: {dataset: squares, classes: all, split_seed: 0, size_px: 32}
backbone: {name: small, weights: random, normalisation: null}
maps: {method: grad-cam, layer: null}
objective: {name: energy-dice, weights: {energy: 1.0}}
training:
  reference: {epochs: 2, learning_rate: 0.003, weight_decay: 0.0001, warm_up: 0.1, trains: network}
  guided: {epochs: 2, learning_rate: 0.003, weight_decay: 0.0001, warm_up: 0.1}
  batch_size: 10
  images_a_pass: 10
  freeze_batch_norm: false
  patience_epochs: null
  reading_processes: 0
  seed: 0
precision: 32-true
"""


def train(config: Path, data: Path, out: Path) -> Result:
    arguments = ["train", str(config), "--data", str(data), "--out", str(out), "--device", "cpu"]
    return CliRunner().invoke(app, arguments)


def evaluate(run: Path, data: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["evaluate", str(run), "--data", str(data), "--device", "cpu", *more])


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
