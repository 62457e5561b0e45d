"""A guided training opened: its classes, its maps, and the settings that its folder was begun with."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.cam import ScoreCAM
from core.errors import SmearscopeError
from scripts.guided.guided_run import open_run, settings_of_run
from scripts.main import app
from scripts.settings.configuration import ConfigurationError, read_settings
from scripts.settings.guided_settings import GuidedSettings
from tests.drawn_classes import save_coloured_squares
from tests.drawn_own_fields import save_coco
from tests.scripts.drawn_training import CONFIG, table, train


def test_other_settings_in_the_same_folder_are_refused(guided_out: Path, data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(CONFIG.replace("seed: 0\nprecision", "seed: 1\nprecision"))
    refused = train(other, data, guided_out)
    assert isinstance(refused.exception, ConfigurationError)
    assert "give another --out" in str(refused.exception)
    other.write_text("# a remark changes nothing\n" + CONFIG)
    assert train(other, data, guided_out).exit_code == 0


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


def test_a_run_on_own_fields_is_measured_from_its_folder(tmp_path: Path) -> None:
    pair = [("rbc", 20.0, 20.0, 24.0, 24.0), ("ring", 70.0, 40.0, 24.0, 24.0)]
    save_coco(tmp_path / "lab", {f"p{slide}/a.png": pair for slide in range(8)})
    own = "{name: ours, path: lab, format: coco, classes: {rbc: healthy, ring: infected}}"
    config, run = tmp_path / "own.yaml", tmp_path / "run"
    config.write_text(CONFIG.replace("dataset: squares", f"dataset: {own}").replace("epochs: 2", "epochs: 0"))
    common = ["--data", str(tmp_path / "no data"), "--device", "cpu"]
    for command in (["train", str(config), "--out", str(run)], ["evaluate", str(run)]):
        result = CliRunner().invoke(app, [*command, *common])
        assert result.exit_code == 0, result.output
    assert settings_of_run(run) == read_settings(config)
