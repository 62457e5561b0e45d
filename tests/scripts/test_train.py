"""`smearscope train` of a detector or classifier: what can fail does so before it has cost hours."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from core.files import OutputError
from models.weights import CheckpointError
from scripts.main import app
from tests.scripts.settings.test_configuration import SHIPPED


def run(command: str, config: Path, out: Path, device: str = "cpu") -> Result:
    arguments = [command, str(config), "--data", str(out.parent / "no data"), "--out", str(out)]
    return CliRunner().invoke(app, [*arguments, "--device", device])


@pytest.mark.parametrize("network", ["detector", "classifier"])
def test_a_folder_that_cannot_be_written_is_named_before_the_data_are_read(
    network: str, tmp_path: Path
) -> None:
    (tmp_path / "a file").touch()
    refused = run("train", SHIPPED / f"{network}.yaml", tmp_path / "a file" / "out")
    assert isinstance(refused.exception, OutputError)


CONFIGURATIONS = [
    ("train", "detector.yaml"),
    ("train", "guided.yaml"),
    ("study", "studies/cells.yaml"),
]


@pytest.mark.parametrize(("command", "config"), CONFIGURATIONS)
def test_a_graphics_processor_that_is_not_there_is_said_to_be_missing(
    command: str, config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    refused = run(command, SHIPPED / config, tmp_path / "out", device="cuda")
    assert isinstance(refused.exception, CheckpointError)
    assert "--device cpu" in str(refused.exception)


@pytest.mark.parametrize(("command", "config"), CONFIGURATIONS)
def test_a_device_that_there_is_not_is_refused(command: str, config: str, tmp_path: Path) -> None:
    assert run(command, SHIPPED / config, tmp_path / "out", device="gpu").exit_code == 2
