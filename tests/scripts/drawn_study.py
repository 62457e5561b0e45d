"""Studies of drawn squares: a few arms, trained in seconds."""

from pathlib import Path

from typer.testing import CliRunner, Result

from scripts.main import app
from tests.drawn_classes import STUDY_BASE

STUDY = (
    f"study: Drawn squares\n{STUDY_BASE}"
    + """\
other_method: faster-score-cam
measured_on: test
seeds: [0, 1]
folds: null
compared_with: ce
arms:
  - {name: ce, objective: cross-entropy}
  - {name: energy-shuffled, objective: energy, weights: {energy: 1}, learning_rate: 0.001, regions: shuffled}
"""
)


def study(config: Path, data: Path, out: Path) -> Result:
    arguments = ["study", str(config), "--data", str(data), "--out", str(out), "--device", "cpu"]
    return CliRunner().invoke(app, arguments)


# Two epochs of reference: an arm must begin at its end, not after its first.
BASE = STUDY_BASE.replace("reference: {epochs: 1", "reference: {epochs: 2")
FOLDED = (
    f"study: Drawn squares\n{BASE}"
    + """\
other_method: faster-score-cam
measured_on: validation
seeds: [0]
folds: 3
compared_with: ce
arms:
  - {name: ce, objective: cross-entropy}
  - {name: shuffled, objective: energy-dice, learning_rate: 0.001, regions: shuffled}
  - {name: fimf, objective: learned-magtr, method: fimf-score-cam}
"""
)
