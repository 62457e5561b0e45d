"""Settings of a study: what its arms share, what each may set, and what is refused by file and key."""

from pathlib import Path

import pytest
import yaml

from scripts.settings.configuration import ConfigurationError, read_study
from scripts.settings.guided_settings import MapSettings
from tests.scripts.drawn_study import FOLDED, STUDY


def arms(tmp_path: Path, arm: str) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text(FOLDED + f"  - {{name: own, objective: dice, {arm}}}\n")
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
        FOLDED.replace("{method: grad-cam, layer: null}", "{method: score-cam, layer: null, max_channels: 3}")
    )
    with pytest.raises(ConfigurationError, match=r"base.*maps\.max_channels"):
        read_study(path)


def test_no_arm_may_take_the_folder_of_the_references(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(FOLDED.replace("name: fimf,", "name: reference,"))
    with pytest.raises(ConfigurationError, match=r"arms\.2\.name.*'reference' is the folder"):
        read_study(path)


@pytest.mark.parametrize(
    ("method", "other", "same"),
    [
        ("faster-score-cam", "faster-score-cam", True),
        ("score-cam", "faster-score-cam", True),
        ("score-cam-paper", "faster-score-cam", True),
        ("fimf-score-cam", "faster-score-cam", False),
        ("grad-cam", "faster-score-cam", False),
        ("score-cam", "fimf-score-cam", False),
        ("grad-cam", "cam", True),
        ("cam", "fimf-score-cam", False),
    ],
)
def test_methods_of_one_kind_are_no_check_of_one_another(
    method: str, other: str, *, same: bool, tmp_path: Path
) -> None:
    path = tmp_path / "own.yaml"
    text = FOLDED.replace("method: fimf-score-cam", f"method: {method}")
    path.write_text(text.replace("other_method: faster-score-cam", f"other_method: {other}"))
    settings = read_study(path)
    assert settings.has_in_loss(settings.arms[2], other) == same
    assert not settings.has_in_loss(settings.arms[0], other)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("objective: energy,", "objective: enrgy,", "arms.energy-shuffled.*no objective 'enrgy'"),
        ("weights: {energy: 1}", "weights: {magtr: 1}", "arms.energy-shuffled.*no weight 'magtr'"),
        ("regions: shuffled", "regions: shufled", "arms.energy-shuffled.regions"),
        ("name: energy-shuffled", "name: ce", "arms: two are called 'ce'"),
        ("name: energy-shuffled", "name: ../up", "arms.1.name"),
        ("compared_with: ce", "compared_with: control", "compared_with: no arm 'control'"),
        ("other_method: faster-score-cam", "other_method: grad-cam", "other_method"),
        ("other_method: faster-score-cam", "other_method: gradcam", "other_method"),
        ("measured_on: test", "measured_on: training", "measured_on"),
        ("folds: null", "folds: 2", "folds"),
        ("seeds: [0, 1]", "seeds: [1, 1]", "seeds: .*give each seed once"),
        ("patience_epochs: null", "patience_epochs: 2", "base.*patience_epochs"),
        ("guided: {epochs: 1", "guided: {epochs: 0", "base.*guided.epochs"),
        ("size_px: 32", "size_px: 32, guiding_regions: random", "base.*guiding_regions"),
        ("name: small", "name: smal", "base.backbone.name"),
        ("  precision", "  objective: energy\n  precision", "base.objective"),
    ],
)
def test_a_wrong_setting_is_refused_by_file_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "own.yaml"
    assert old in STUDY
    path.write_text(STUDY.replace(old, new))
    with pytest.raises(ConfigurationError, match=message) as refused:
        read_study(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(
    "path",
    sorted((Path(__file__).parents[3] / "models" / "configs" / "studies").glob("*.yaml")),
    ids=lambda path: path.stem,
)
def test_the_committed_studies_can_be_read_and_planned(path: Path) -> None:
    settings = read_study(path)
    runs = list(settings.runs())
    assert len({run.folder for run in runs}) == len(runs)
    for run in runs:
        again = yaml.safe_load(yaml.safe_dump(run.settings.model_dump(mode="json")))
        assert type(run.settings).model_validate(again) == run.settings
