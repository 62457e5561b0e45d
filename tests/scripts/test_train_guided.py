"""`smearscope train` of a guided network, on drawn images: what it leaves, and that it goes on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.scripts.drawn_training import evaluate, table, train


def test_training_leaves_curves_tables_and_weights(guided_out: Path) -> None:
    rows = table(guided_out / "curves.csv")
    assert [int(row["epoch"]) for row in rows if row["images"] == "validation"] == [-2, -1, 0, 1, 2]
    images = table(guided_out / "images" / "training_002.csv")
    assert len(images) == 30
    assert all(Path(row["path"]).parent.name in {"n1", "n2", "n3"} for row in images)
    assert not any(Path(row["path"]).is_absolute() for row in images)
    assert (guided_out / "epochs" / "002" / "weights.safetensors").is_file()


def test_training_again_in_the_same_folder_changes_nothing(guided_out: Path, data: Path) -> None:
    before = (guided_out / "progress.json").stat().st_mtime_ns
    assert train(data / "guided.yaml", data, guided_out).exit_code == 0
    assert (guided_out / "progress.json").stat().st_mtime_ns == before


@pytest.mark.slow
def test_a_command_that_was_killed_goes_on_to_the_same_curves(
    guided_out: Path, data: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "scripts.main", "train", str(data / "guided.yaml"), "--data", str(data)]
    command += ["--out", str(tmp_path), "--device", "cpu"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    started = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    for line in started.stdout:
        if line.startswith("epoch -1"):
            time.sleep(0.3)
            started.send_signal(signal.SIGKILL)
            break
    assert started.wait() == -signal.SIGKILL
    assert len(table(tmp_path / "curves.csv")) < 10
    subprocess.run(command, env=environment, check=True, capture_output=True)
    for name in ("curves.csv", "images/training_002.csv", "images/validation_000.csv"):
        assert (tmp_path / name).read_bytes() == (guided_out / name).read_bytes()


@pytest.mark.slow
@pytest.mark.shared_data
def test_the_shipped_settings_fit_the_real_images(shared_data: Path, tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "models" / "configs" / "guided.yaml"
    config = tmp_path / "two_classes.yaml"
    text = shipped.read_text().replace("classes: all", "classes: [n03028079, n03425413]")
    config.write_text(text.replace("epochs: 3", "epochs: 1"))
    result = train(config, shared_data, tmp_path / "run")
    assert result.exit_code == 0, result.output
    found = evaluate(tmp_path / "run", shared_data)
    assert found.exit_code == 0, found.output
