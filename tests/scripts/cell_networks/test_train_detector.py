"""Training of the detector by the command: a curve that cannot be written leaves the weights."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from core.files import OutputError
from core.training.loop import CurvePoint
from models.checkpoint import load_detector
from models.detector_network import DetectorNetwork
from scripts.main import app
from tests.scripts.settings.test_configuration import SHIPPED


def run(command: str, config: Path, out: Path, device: str = "cpu") -> Result:
    arguments = [command, str(config), "--data", str(out.parent / "no data"), "--out", str(out)]
    return CliRunner().invoke(app, [*arguments, "--device", device])


def test_a_curve_that_cannot_be_written_leaves_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def trained(*given: object) -> DetectorNetwork:
        watch: Callable[[CurvePoint], None] = given[-1]  # type: ignore[assignment]  # as train gives it
        watch(CurvePoint(0, 1.0, 0.1))
        return DetectorNetwork()

    monkeypatch.setattr("scripts.cell_networks.train_detector.read_fields", lambda *_: {})
    monkeypatch.setattr("scripts.cell_networks.train_detector.train_detector", trained)
    (tmp_path / "run" / "detector_curve.csv").mkdir(parents=True)
    refused = run("train", SHIPPED / "detector.yaml", tmp_path / "run")
    assert isinstance(refused.exception, OutputError)
    load_detector(tmp_path / "run" / "detector.safetensors")
