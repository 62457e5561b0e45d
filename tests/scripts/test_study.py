"""`smearscope study`, from configuration to tables, on drawn images: broken off, and in folds."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from core.files import OutputError
from core.training.checkpoints import TrainingProgress, read_progress
from core.training.guided import train_guided
from scripts.guided import study_runs
from tests.scripts.drawn_study import STUDY, study
from tests.scripts.drawn_training import table


@pytest.mark.slow
def test_a_study_that_was_broken_off_goes_on_to_the_same_tables_and_reads_test_images_last(
    study_out: Path, study_config: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train: Callable[..., TrainingProgress] = train_guided

    def killed(*given: object) -> TrainingProgress:
        if (tmp_path / "runs" / "ce" / "seed_1").exists():
            raise OutputError("killed")
        return train(*given)

    monkeypatch.setattr(study_runs, "train_guided", killed)
    assert isinstance(study(study_config, data, tmp_path).exception, OutputError)
    progress = read_progress(tmp_path / "runs" / "energy-shuffled" / "seed_0")
    assert progress is not None
    assert progress.epoch == 1
    assert not list(tmp_path.rglob("evaluation"))
    monkeypatch.undo()
    assert study(study_config, data, tmp_path).exit_code == 0
    for name in ("arms.csv", "runs.csv", "index.html"):
        assert (tmp_path / name).read_bytes() == (study_out / name).read_bytes()


@pytest.mark.slow
def test_an_arm_with_the_other_method_in_its_loss_has_no_figure_under_it(data: Path, tmp_path: Path) -> None:
    config = tmp_path / "own.yaml"
    text = re.sub(r"- \{name: energy-shuffled.*\}", "- {name: fast, objective: energy, method: cam}", STUDY)
    text = text.replace("other_method: faster-score-cam", "other_method: cam").replace("[0, 1]", "[0]")
    config.write_text(
        text.replace("folds: null", "folds: 3").replace("measured_on: test", "measured_on: validation")
    )
    result = study(config, data, tmp_path / "out")
    assert result.exit_code == 0, result.output
    runs = table(tmp_path / "out" / "runs.csv")
    assert [(row["arm"], row["fold"]) for row in runs] == [(a, f) for f in "123" for a in ("ce", "fast")]
    assert [row["epg_other_method"] == "nan" for row in runs] == [False, True] * 3
    assert not list((tmp_path / "out").rglob("evaluation/0*"))
    folds = [tmp_path / "out" / "runs" / "ce" / f"seed_0_fold_{n}" for n in (1, 2, 3)]
    chosen = [
        {row["path"] for row in table(fold / "evaluation" / "validation_001_grad-cam" / "images.csv")}
        for fold in folds
    ]
    assert len(set.union(*chosen)) == sum(map(len, chosen)) == 42
