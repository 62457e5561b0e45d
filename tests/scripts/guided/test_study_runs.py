"""The runs of a study: a folder each, trained and measured once."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scripts.guided import study_runs
from scripts.guided.guided_run import settings_of_run
from scripts.main import app
from scripts.settings.configuration import ConfigurationError
from tests.scripts.drawn_study import STUDY, study
from tests.scripts.drawn_training import table


def test_each_run_is_a_folder_of_a_training_with_its_arm_s_settings(study_out: Path) -> None:
    folder = study_out / "runs" / "energy-shuffled" / "seed_1"
    settings = settings_of_run(folder)
    assert (settings.objective.name, settings.objective.weights) == ("energy", {"energy": 1})
    assert (settings.training.seed, settings.training.guided.learning_rate) == (1, 0.001)
    assert settings.images.guiding_regions == "shuffled"
    assert len(table(folder / "images" / "validation_001.csv")) == 6
    arguments = [
        "evaluate",
        str(folder),
        "--data",
        str(study_out.parent),
        "--device",
        "cpu",
        "--epoch",
        "last",
    ]
    assert CliRunner().invoke(app, arguments).exit_code == 0


def test_epoch_0_is_the_same_for_all_arms_of_a_seed(study_out: Path) -> None:
    ce, energy = (
        json.loads(
            (study_out / "runs" / arm / "seed_0" / "evaluation/000_grad-cam/evaluation.json").read_text()
        )
        for arm in ("ce", "energy-shuffled")
    )
    assert ce == energy


def test_runs_that_are_done_are_not_run_again(
    study_out: Path, study_config: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    before = (study_out / "arms.csv").read_bytes()
    for name in ("train_guided", "evaluation", "draw_sheets", "open_run"):
        monkeypatch.setattr(study_runs, name, refuse)
    assert study(study_config, data, study_out).exit_code == 0
    assert (study_out / "arms.csv").read_bytes() == before


def test_runs_of_other_settings_in_the_same_folder_are_refused(
    study_out: Path, data: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(STUDY.replace("batch_size: 10", "batch_size: 5"))
    refused = study(other, data, study_out)
    assert isinstance(refused.exception, ConfigurationError)
    assert "give another --out" in str(refused.exception)
