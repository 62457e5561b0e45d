"""How many channels the maps of a training score, from the configuration to its folder."""

import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from core.cam import METHODS, FIMFScoreCAM, Method, ScoreCAM
from scripts.guided.guided_run import open_run, settings_of_run
from scripts.main import app
from scripts.settings.configuration import ConfigurationError, read_settings, read_study
from scripts.settings.guided_settings import GuidedSettings, MapSettings
from tests.drawn_classes import save_coloured_squares
from tests.scripts.test_guided import CONFIG
from tests.scripts.test_study_reference import CONFIG as STUDY


@pytest.mark.parametrize(
    ("method", "max_channels", "chosen", "name"),
    [
        ("faster-score-cam", None, ScoreCAM(max_channels=10), "faster-score-cam"),
        ("faster-score-cam", 50, ScoreCAM(max_channels=50), "faster-score-cam_50"),
        ("score-cam", 7, ScoreCAM(max_channels=7), "score-cam_7"),
        ("score-cam-paper", 7, ScoreCAM("paper", max_channels=7), "score-cam-paper_7"),
        ("fimf-score-cam", 7, FIMFScoreCAM(max_channels=7), "fimf-score-cam_7"),
        ("grad-cam", None, METHODS["grad-cam"], "grad-cam"),
    ],
)
def test_a_number_of_channels_is_taken_instead_of_the_method_s_own(
    method: str, max_channels: int | None, chosen: Method, name: str
) -> None:
    settings = MapSettings(method=method, layer=None, max_channels=max_channels)
    assert settings.chosen == chosen
    assert settings.name == name


def test_a_training_and_its_evaluation_take_it(tmp_path: Path) -> None:
    save_coloured_squares(tmp_path / "squares")
    config, run = tmp_path / "own.yaml", tmp_path / "run"
    text = re.sub("epochs: 2", "epochs: 0", CONFIG)
    config.write_text(
        text.replace("{method: grad-cam, layer: null}", "{method: score-cam, layer: null, max_channels: 3}")
    )
    settings = read_settings(config)
    assert isinstance(settings, GuidedSettings)
    assert open_run(tmp_path, settings).guided.method == ScoreCAM(max_channels=3)
    common = ["--data", str(tmp_path), "--device", "cpu"]
    assert CliRunner().invoke(app, ["train", str(config), "--out", str(run), *common]).exit_code == 0
    assert CliRunner().invoke(app, ["evaluate", str(run), *common]).exit_code == 0
    assert (run / "evaluation" / "000_score-cam_3" / "evaluation.json").is_file()
    assert settings_of_run(run).maps.max_channels == 3


def arms(tmp_path: Path, arm: str) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY + f"  - {{name: own, objective: dice, {arm}}}\n")
    return path


def test_an_arm_has_its_own_number_in_its_settings_and_is_of_the_same_kind(tmp_path: Path) -> None:
    study = read_study(arms(tmp_path, "method: faster-score-cam, max_channels: 50"))
    runs = {run.arm.name: run.settings for run in study.runs()}
    assert runs["own"].maps == MapSettings(method="faster-score-cam", layer=None, max_channels=50)
    assert runs["fimf"].maps.max_channels is None
    assert study.has_in_loss(study.arms[-1], "faster-score-cam")
    written = yaml.safe_load(yaml.safe_dump(runs["own"].model_dump(mode="json")))
    assert written["maps"]["max_channels"] == 50


@pytest.mark.parametrize(
    ("arm", "message"),
    [
        ("max_channels: 50", "arms.own.*needs a method"),
        ("method: grad-cam, max_channels: 50", "arms.own.*grad-cam does not score channels"),
        ("method: faster-score-cam, max_channels: 0", "arms.own.max_channels"),
    ],
)
def test_a_number_that_a_method_does_not_take_is_refused(tmp_path: Path, arm: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        read_study(arms(tmp_path, arm))


def test_all_arms_are_measured_by_a_method_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(
        STUDY.replace("{method: grad-cam, layer: null}", "{method: score-cam, layer: null, max_channels: 3}")
    )
    with pytest.raises(ConfigurationError, match=r"base.*maps\.max_channels"):
        read_study(path)
