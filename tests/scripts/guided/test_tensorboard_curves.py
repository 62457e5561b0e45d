"""`smearscope train --tensorboard`: the event files hold what the curves hold, each row once."""

import builtins
import csv
from dataclasses import replace
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from typer.testing import CliRunner

from core.training.curves import EpochFigures
from scripts.guided.tensorboard_curves import TensorBoardError, tensorboard_curves
from scripts.main import app
from scripts.settings.configuration import ConfigurationError
from tests.drawn_classes import save_coloured_squares

ROW = EpochFigures(-1, "validation", 0.5, 0.25, 0.7, 0.7, 0.125, 0.375, 0, 1, 2)
CONFIG = """\
network: guided
images: {dataset: squares, classes: all, split_seed: 0, size_px: 32}
backbone: {name: small, weights: random, normalisation: null}
maps: {method: grad-cam, layer: null}
objective: {name: cross-entropy}
training:
  reference: {epochs: 1, learning_rate: 0.003, weight_decay: 0.0001, warm_up: 0.1, trains: network}
  guided: {epochs: 1, learning_rate: 0.003, weight_decay: 0.0001, warm_up: 0.1}
  batch_size: 10
  images_a_pass: 10
  freeze_batch_norm: false
  patience_epochs: null
  reading_processes: 0
  seed: 0
precision: 32-true
"""


def scalars(folder: Path) -> dict[str, dict[int, float]]:
    """Value of each tag by step, as TensorBoard reads them; a step that stands twice is an error."""
    accumulator = EventAccumulator(str(folder))
    accumulator.Reload()
    found: dict[str, dict[int, float]] = {}
    for tag in accumulator.Tags()["scalars"]:
        events = accumulator.Scalars(tag)
        found[tag] = {event.step: event.value for event in events}
        assert len(found[tag]) == len(events)
    return found


def test_each_figure_is_a_scalar_at_its_epoch_though_the_curves_come_again_and_again(tmp_path: Path) -> None:
    rows = (ROW, replace(ROW, epoch=0, epg=0.5))
    with tensorboard_curves(tmp_path / "t", wanted=True) as watch:
        watch(rows[:1])
        watch(rows)
    found = scalars(tmp_path / "t")
    assert found["validation/epg"] == {-1: 0.375, 0: 0.5}
    assert found["validation/empty_map"] == {-1: 2, 0: 2}
    assert len(found) == 9


def test_a_training_taken_up_again_has_each_epoch_once_and_as_the_table_has_it(tmp_path: Path) -> None:
    save_coloured_squares(tmp_path / "squares")
    config = tmp_path / "guided.yaml"
    config.write_text(CONFIG)
    command = ["train", str(config), "--data", str(tmp_path), "--out", str(tmp_path / "run"), "--tensorboard"]
    for _ in range(2):
        result = CliRunner().invoke(app, [*command, "--device", "cpu"])
        assert result.exit_code == 0, result.output
    with (tmp_path / "run" / "curves.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = scalars(tmp_path / "run" / "tensorboard")
    for name in ("accuracy", "loss", "magtr"):
        for images in ("training", "validation"):
            expected = {int(row["epoch"]): float(row[name]) for row in rows if row["images"] == images}
            assert found[f"{images}/{name}"] == pytest.approx(expected)


def test_nothing_is_written_where_it_is_not_wanted(tmp_path: Path) -> None:
    with tensorboard_curves(tmp_path / "t", wanted=False) as watch:
        watch((ROW,))
    assert not (tmp_path / "t").exists()


def test_other_trainings_have_no_such_curves(tmp_path: Path) -> None:
    command = ["train", "models/configs/detector.yaml", "--data", str(tmp_path), "--out", str(tmp_path)]
    result = CliRunner().invoke(app, [*command, "--tensorboard"])
    assert isinstance(result.exception, ConfigurationError)
    assert "detector.yaml does not describe a guided training" in str(result.exception)


@pytest.fixture
def without_tensorboard(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: object) -> object:
        if name == "torch.utils.tensorboard":
            raise ImportError("No module named 'tensorboard'")
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)


@pytest.mark.usefixtures("without_tensorboard")
def test_without_the_library_the_remedy_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    with (
        pytest.raises(TensorBoardError, match=r"smearscope\[tensorboard\]"),
        tensorboard_curves(tmp_path, wanted=True),
    ):
        pass
    assert (tmp_path / "kept").exists()
