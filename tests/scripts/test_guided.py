"""`smearscope train` and `evaluate` of a guided network, from configuration to tables, on drawn images."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner, Result

from core.cam import activation_maps
from core.errors import SmearscopeError
from core.saliency.localisation import energy, pointing_game
from core.training.checkpoints import GuidedCheckpointError, load_epoch
from scripts.guided.guided_run import open_run, settings_of_run
from scripts.main import app
from scripts.settings.configuration import ConfigurationError, read_settings
from tests.drawn_classes import NAMES, save_coloured_squares

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


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    save_coloured_squares(folder / "squares")
    return folder


@pytest.fixture(scope="module")
def run(data: Path) -> Path:
    config, out = data / "guided.yaml", data / "run"
    config.write_text(CONFIG)
    result = train(config, data, out)
    assert result.exit_code == 0, result.output
    return out


def train(config: Path, data: Path, out: Path) -> Result:
    arguments = ["train", str(config), "--data", str(data), "--out", str(out), "--device", "cpu"]
    return CliRunner().invoke(app, arguments)


def evaluate(run: Path, data: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["evaluate", str(run), "--data", str(data), "--device", "cpu", *more])


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_training_leaves_curves_tables_and_weights(run: Path) -> None:
    rows = table(run / "curves.csv")
    assert [int(row["epoch"]) for row in rows if row["images"] == "validation"] == [-2, -1, 0, 1, 2]
    images = table(run / "images" / "training_002.csv")
    assert len(images) == 30
    assert all(Path(row["path"]).parent.name in {"n1", "n2", "n3"} for row in images)
    assert not any(Path(row["path"]).is_absolute() for row in images)
    assert (run / "epochs" / "002" / "weights.safetensors").is_file()


def test_training_again_in_the_same_folder_changes_nothing(run: Path, data: Path) -> None:
    before = (run / "progress.json").stat().st_mtime_ns
    assert train(data / "guided.yaml", data, run).exit_code == 0
    assert (run / "progress.json").stat().st_mtime_ns == before


def test_other_settings_in_the_same_folder_are_refused(run: Path, data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(CONFIG.replace("seed: 0\nprecision", "seed: 1\nprecision"))
    refused = train(other, data, run)
    assert isinstance(refused.exception, ConfigurationError)
    assert "give another --out" in str(refused.exception)
    other.write_text("# a remark changes nothing\n" + CONFIG)
    assert train(other, data, run).exit_code == 0


@pytest.mark.parametrize("epoch", ["best", "last", "0"])
def test_evaluation_writes_answers_and_maps_of_the_test_images(run: Path, data: Path, epoch: str) -> None:
    result = evaluate(run, data, "--epoch", epoch)
    assert result.exit_code == 0, result.output
    (line,) = [line for line in result.output.splitlines() if line.startswith("Tables: ")]
    folder = Path(line.removeprefix("Tables: "))
    found = json.loads((folder / "evaluation.json").read_text())
    images = table(folder / "images.csv")
    assert len(images) == found["maps"]["images"] == 6
    right = sum(row["truth"] == row["prediction"] for row in images)
    assert found["accuracy"] == pytest.approx(right / 6)
    assert found["maps"]["epg"] == pytest.approx(sum(float(row["epg"]) for row in images) / 6, abs=1e-5)
    assert [row["name"] for row in table(folder / "classes.csv")] == list(NAMES)
    assert [row["truth"] for row in table(folder / "confusion.csv")] == list(NAMES)
    assert found["unseen_by_imagenet_weights"] is None
    assert {row["path"] for row in images}.isdisjoint(
        row["path"]
        for part in ("training", "validation")
        for row in table(run / "images" / f"{part}_000.csv")
    )


def test_maps_are_measured_where_their_cells_looked_and_on_the_usual_grid_beside(
    run: Path, data: Path
) -> None:
    assert evaluate(run, data, "--epoch", "last").exit_code == 0
    found = json.loads((run / "evaluation" / "002_grad-cam" / "evaluation.json").read_text())
    opened = open_run(data, settings_of_run(run))
    network = opened.guided.network
    load_epoch(run, 2, network, opened.guided.objective)
    samples = [opened.test.samples[index] for index in range(6)]
    images, regions = (
        torch.stack(parts) for parts in zip(*((s.image, s.region) for s in samples), strict=True)
    )
    classes = torch.tensor([sample.class_index for sample in samples])
    layer = opened.guided.layer
    placed = activation_maps(network, images, "grad-cam", classes, layer, "placed").maps
    even = activation_maps(network, images, "grad-cam", classes, layer, "input").maps
    assert not torch.equal(placed, even)
    for name, measure in (("epg", energy), ("pointing_game", pointing_game)):
        assert found["maps"][name] == pytest.approx(measure(placed, regions).mean().item(), abs=1e-6)
        assert found[f"{name}_even_grid"] == pytest.approx(measure(even, regions).mean().item(), abs=1e-6)


def test_evaluation_covers_the_region_and_blurs_what_is_outside(run: Path, data: Path) -> None:
    assert evaluate(run, data, "--epoch", "last").exit_code == 0
    folder = run / "evaluation" / "002_grad-cam"
    found = json.loads((folder / "evaluation.json").read_text())
    images = table(folder / "images.csv")
    assert {row["right_outside_blurred"] for row in images} <= {"0", "1"}
    for key, column in (
        ("accuracy_outside_blurred", "right_outside_blurred"),
        ("deletion_inside", "deletion_inside"),
        ("deletion_outside", "deletion_outside"),
    ):
        mean = sum(float(row[column]) for row in images) / 6
        assert found[key] == pytest.approx(mean, abs=1e-5)
    gap = found["deletion_inside"] - found["deletion_outside"]
    assert found["deletion_gap"] == pytest.approx(gap, abs=1e-6)


def test_evaluation_under_another_map_method_goes_to_a_folder_of_its_own(run: Path, data: Path) -> None:
    assert evaluate(run, data, "--epoch", "last", "--method", "faster-score-cam").exit_code == 0
    folder = run / "evaluation" / "002_faster-score-cam"
    assert json.loads((folder / "evaluation.json").read_text())["method"] == "faster-score-cam"


@pytest.mark.parametrize("epoch", ["7", "-1", "first"])
def test_an_epoch_without_weights_is_refused_with_those_there_are(run: Path, data: Path, epoch: str) -> None:
    refused = evaluate(run, data, "--epoch", epoch)
    assert isinstance(refused.exception, GuidedCheckpointError)
    assert "best, last or 0" in str(refused.exception)


def test_a_folder_that_is_no_run_is_named(tmp_path: Path, data: Path) -> None:
    refused = evaluate(tmp_path, data)
    assert isinstance(refused.exception, SmearscopeError)
    assert str(tmp_path) in str(refused.exception)


def test_validate_points_to_evaluate(data: Path, tmp_path: Path) -> None:
    config = tmp_path / "guided.yaml"
    config.write_text(CONFIG)
    refused = CliRunner().invoke(
        app, ["validate", str(config), "--data", str(data), "--out", str(tmp_path / "out")]
    )
    assert isinstance(refused.exception, ConfigurationError)
    assert "smearscope evaluate" in str(refused.exception)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: small", "name: smal", "no backbone 'smal'"),
        (
            "weights: random, normalisation: null",
            "weights: a.safetensors, normalisation: null",
            "normalisation",
        ),
        ("normalisation: null", "normalisation: imagenet", "weights random have theirs"),
        ("method: grad-cam", "method: gradcam", "no method 'gradcam'"),
        ("name: energy-dice", "name: enrgy", "no objective 'enrgy'"),
        ("{energy: 1.0}", "{magtr: 1.0}", "no weight 'magtr'"),
        ("{energy: 1.0}", "{energy: -1.0}", "give 0 or more"),
        ("images_a_pass: 10", "images_a_pass: 0", "training.images_a_pass"),
        ("trains: network", "trains: trunk", "training.reference.trains"),
        ("precision: 32-true", "precision: 16", "precision"),
        ("  seed: 0", "  sed: 0", "training.se"),
        ("classes: all", "classes: in_15", "images.classes"),
    ],
)
def test_a_wrong_setting_is_refused_by_file_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(CONFIG.replace(old, new))
    with pytest.raises(ConfigurationError, match=message) as refused:
        read_settings(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("classes", ["[n3, n1]", "[n1, n9]", "[n1, n1]", "in_14"])
def test_classes_are_taken_as_listed_and_one_that_is_not_there_is_named(
    classes: str, data: Path, tmp_path: Path
) -> None:
    config = tmp_path / "own.yaml"
    text = CONFIG.replace("classes: all", f"classes: {classes}").replace("epochs: 2", "epochs: 0")
    config.write_text(text)
    result = train(config, data, tmp_path / "run")
    if classes == "[n3, n1]":
        assert result.exit_code == 0, result.output
        truths = {row["truth"] for row in table(tmp_path / "run" / "images" / "validation_000.csv")}
        assert truths == {"blue", "red"}
    else:
        assert isinstance(result.exception, SmearscopeError)


@pytest.mark.slow
def test_a_command_that_was_killed_goes_on_to_the_same_curves(run: Path, data: Path, tmp_path: Path) -> None:
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
        assert (tmp_path / name).read_bytes() == (run / name).read_bytes()


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
