"""`smearscope study`, from configuration to the page, on drawn images."""

import csv
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import cv2
import pytest
import yaml
from typer.testing import CliRunner, Result

from core.files import OutputError
from core.study.table import SHOWN
from core.training.checkpoints import TrainingProgress, read_progress
from core.training.guided import train_guided
from scripts.guided import study_runs
from scripts.guided.guided_run import settings_of_run
from scripts.guided.study_report import shuffled_controls
from scripts.main import app
from scripts.settings.configuration import ConfigurationError, read_study
from tests.drawn_classes import STUDY_BASE, save_coloured_squares

CONFIG = (
    f"study: Drawn squares\n{STUDY_BASE}"
    + """\
other_method: faster-score-cam
measured_on: test
seeds: [0, 1]
folds: null
compared_with: ce
arms:
  - {name: ce, objective: cross-entropy}
  - {name: energy-shuffled, objective: energy, weights: {energy: 1}, learning_rate: 0.001, regions: shuffled}
"""
)


def study(config: Path, data: Path, out: Path) -> Result:
    arguments = ["study", str(config), "--data", str(data), "--out", str(out), "--device", "cpu"]
    return CliRunner().invoke(app, arguments)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    save_coloured_squares(folder / "squares")
    return folder


@pytest.fixture(scope="module")
def config(data: Path) -> Path:
    path = data / "study.yaml"
    path.write_text(CONFIG)
    return path


@pytest.fixture(scope="module")
def out(config: Path, data: Path) -> Path:
    result = study(config, data, data / "out")
    assert result.exit_code == 0, result.output
    return data / "out"


def test_each_run_is_a_folder_of_a_training_with_its_arm_s_settings(out: Path) -> None:
    folder = out / "runs" / "energy-shuffled" / "seed_1"
    settings = settings_of_run(folder)
    assert (settings.objective.name, settings.objective.weights) == ("energy", {"energy": 1})
    assert (settings.training.seed, settings.training.guided.learning_rate) == (1, 0.001)
    assert settings.images.guiding_regions == "shuffled"
    assert len(table(folder / "images" / "validation_001.csv")) == 6
    arguments = ["evaluate", str(folder), "--data", str(out.parent), "--device", "cpu", "--epoch", "last"]
    assert CliRunner().invoke(app, arguments).exit_code == 0


def test_epoch_0_is_the_same_for_all_arms_of_a_seed(out: Path) -> None:
    ce, energy = (
        json.loads((out / "runs" / arm / "seed_0" / "evaluation/000_grad-cam/evaluation.json").read_text())
        for arm in ("ce", "energy-shuffled")
    )
    assert ce == energy


def test_the_tables_have_each_arm_and_run_with_what_its_evaluation_says(out: Path) -> None:
    ce, energy = table(out / "arms.csv")
    assert (ce["arm"], energy["arm"], energy["epg_runs"]) == ("ce", "energy-shuffled", "2")
    runs = {(row["arm"], row["seed"]): row for row in table(out / "runs.csv")}
    assert len(runs) == 4
    folder = out / "runs" / "energy-shuffled" / "seed_1" / "evaluation"
    found = json.loads((folder / "001_grad-cam" / "evaluation.json").read_text())
    other = json.loads((folder / "001_faster-score-cam" / "evaluation.json").read_text())
    row = runs["energy-shuffled", "1"]
    assert float(row["deletion_gap"]) == pytest.approx(found["deletion_gap"], abs=1e-5)
    assert float(row["epg"]) == pytest.approx(found["maps"]["epg"], abs=1e-5)
    assert float(row["epg_other_method"]) == pytest.approx(other["maps"]["epg"], abs=1e-5)
    differences = [
        float(runs["energy-shuffled", seed]["epg"]) - float(runs["ce", seed]["epg"]) for seed in "01"
    ]
    assert float(energy["epg_difference"]) == pytest.approx(sum(differences) / 2, abs=1e-5)
    written = json.loads((out / "study.json").read_text())
    assert written["judged_epoch"] == 1
    assert written["runs"][0]["unseen"] is None


class Page(HTMLParser):
    """What a page links to, loads and says."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value for name, value in attrs if name == "href" and value]
        self.loaded += [value for name, value in attrs if name == "src" and value]
        if tag not in ("meta", "br", "line", "polyline", "circle"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()


def test_the_page_loads_nothing_and_links_to_files_that_are_there(out: Path) -> None:
    text = (out / "index.html").read_text()
    page = Page(text)
    assert page.open == [], "every element is closed"
    assert page.loaded == []
    assert "://" not in text
    assert page.links
    assert [link for link in page.links if not (out / unquote(link)).is_file()] == []
    assert "Research use only, not for diagnosis." in text
    assert text.count("<svg") == 4 * 4 + 1
    assert all(column.title in text for column in SHOWN)


def test_the_tables_to_keep_are_whole_and_have_no_picture_no_image_and_no_place_of_this_machine(
    out: Path,
) -> None:
    files = {path.name: path.read_text() for path in (out / "tables").iterdir()}
    assert sorted(files) == [
        "arms.csv",
        "arms.md",
        "classes.csv",
        "confusion.csv",
        "curves.csv",
        "runs.csv",
        "study.json",
        "targets.csv",
    ]
    for name in ("arms.csv", "runs.csv", "study.json"):
        assert files[name] == (out / name).read_text()
    for text in files.values():
        assert str(out.parent) not in text
        assert ".png" not in text
        assert "/" not in text
    curves = table(out / "tables" / "curves.csv")
    own = table(out / "runs" / "energy-shuffled" / "seed_1" / "curves.csv")
    kept = [row for row in curves if (row["arm"], row["seed"]) == ("energy-shuffled", "1")]
    assert [float(row["epg"]) for row in kept] == pytest.approx([float(row["epg"]) for row in own], rel=1e-5)
    counts = table(out / "tables" / "confusion.csv")
    images = sum(int(row["images"]) for row in counts if (row["arm"], row["seed"]) == ("ce", "0"))
    assert images == 2 * len(table(out / "runs/ce/seed_0/evaluation/000_grad-cam/images.csv"))


def test_the_targets_are_judged_by_the_differences_of_the_table(out: Path) -> None:
    (arm,) = json.loads((out / "study.json").read_text())["targets"]["all"]
    assert (arm["arm"], arm["shuffled"]) == ("energy-shuffled", None)
    outcomes = {one["target"]: one for one in arm["outcomes"]}
    _, energy = table(out / "arms.csv")
    columns = {"epg_gain": "epg", "accuracy_kept": "accuracy", "deletion_gap_gain": "deletion_gap"}
    for target, column in columns.items():
        assert outcomes[target]["number"] == pytest.approx(float(energy[f"{column}_difference"]), abs=1e-5)
        assert outcomes[target]["low"] == pytest.approx(float(energy[f"{column}_low"]), abs=1e-5)
    assert outcomes["epg_beyond_shuffled"]["reached"] is None
    found = json.loads(
        (out / "runs/energy-shuffled/seed_0/evaluation/001_grad-cam/evaluation.json").read_text()
    )
    runs = {(row["arm"], row["seed"]): row for row in table(out / "runs.csv")}
    assert float(runs["energy-shuffled", "0"]["region_area"]) == pytest.approx(found["region_area"], abs=1e-5)


@pytest.mark.parametrize(
    ("arm", "is_control"),
    [
        ("objective: energy, learning_rate: 0.001", True),
        ("objective: energy, learning_rate: 0.001, weights: {energy: 0.5, cross_entropy: 1}", True),
        ("objective: energy, learning_rate: 0.001, method: grad-cam", True),
        ("objective: energy, learning_rate: 0.001, regions: centre", True),
        ("objective: energy", False),
        ("objective: energy, learning_rate: 0.001, weights: {energy: 0.7}", False),
        ("objective: energy, learning_rate: 0.001, method: cam", False),
        ("objective: dice, learning_rate: 0.001", False),
    ],
)
def test_an_arm_s_control_is_the_shuffled_arm_that_differs_in_nothing_else(
    tmp_path: Path, arm: str, is_control: bool
) -> None:
    path = tmp_path / "own.yaml"
    # The weight of the energy is the one that stands: written out or not, it is the same.
    path.write_text(
        CONFIG.replace("weights: {energy: 1}", "weights: {energy: 0.5}") + f"  - {{name: own, {arm}}}\n"
    )
    expected = {"own": "energy-shuffled"} if is_control else {}
    assert shuffled_controls(read_study(path)) == expected


def test_sheets_show_what_became_of_the_answers(out: Path) -> None:
    for run in ("ce/seed_0", "energy-shuffled/seed_1"):
        folder = out / "runs" / run
        before, after = (
            table(folder / "evaluation" / f"{epoch}_grad-cam" / "images.csv") for epoch in ("000", "001")
        )
        both, lost, won = 0, 0, 0
        for one, two in zip(before, after, strict=True):
            was, is_now = (row["truth"] == row["prediction"] for row in (one, two))
            both, lost, won = both + (was and is_now), lost + (was > is_now), won + (was < is_now)
        expected = {"right_in_both": both, "right_to_wrong": lost, "wrong_to_right": won}
        sheets = {path.stem: cv2.imread(str(path)) for path in (folder / "sheets" / "test").iterdir()}
        assert sheets.keys() == {name for name, count in expected.items() if count}
        assert all(sheet is not None for sheet in sheets.values())


def test_runs_that_are_done_are_not_run_again(
    out: Path, config: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    before = (out / "arms.csv").read_bytes()
    for name in ("train_guided", "evaluation", "draw_sheets", "open_run"):
        monkeypatch.setattr(study_runs, name, refuse)
    assert study(config, data, out).exit_code == 0
    assert (out / "arms.csv").read_bytes() == before


def test_a_study_that_was_broken_off_goes_on_to_the_same_tables_and_reads_test_images_last(
    out: Path, config: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train: Callable[..., TrainingProgress] = train_guided

    def killed(*given: object) -> TrainingProgress:
        if (tmp_path / "runs" / "ce" / "seed_1").exists():
            raise OutputError("killed")
        return train(*given)

    monkeypatch.setattr(study_runs, "train_guided", killed)
    assert isinstance(study(config, data, tmp_path).exception, OutputError)
    progress = read_progress(tmp_path / "runs" / "energy-shuffled" / "seed_0")
    assert progress is not None
    assert progress.epoch == 1
    assert not list(tmp_path.rglob("evaluation"))
    monkeypatch.undo()
    assert study(config, data, tmp_path).exit_code == 0
    for name in ("arms.csv", "runs.csv", "index.html"):
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()


def test_an_arm_with_the_other_method_in_its_loss_has_no_figure_under_it(data: Path, tmp_path: Path) -> None:
    config = tmp_path / "own.yaml"
    text = re.sub(r"- \{name: energy-shuffled.*\}", "- {name: fast, objective: energy, method: cam}", CONFIG)
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
    assert old in CONFIG
    path.write_text(CONFIG.replace(old, new))
    with pytest.raises(ConfigurationError, match=message) as refused:
        read_study(path)
    assert str(path) in str(refused.value)


def test_runs_of_other_settings_in_the_same_folder_are_refused(out: Path, data: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(CONFIG.replace("batch_size: 10", "batch_size: 5"))
    refused = study(other, data, out)
    assert isinstance(refused.exception, ConfigurationError)
    assert "give another --out" in str(refused.exception)


@pytest.mark.parametrize(
    "path",
    sorted((Path(__file__).parents[2] / "models" / "configs" / "studies").glob("*.yaml")),
    ids=lambda path: path.stem,
)
def test_the_committed_studies_can_be_read_and_planned(path: Path) -> None:
    settings = read_study(path)
    runs = list(settings.runs())
    assert len({run.folder for run in runs}) == len(runs)
    for run in runs:
        again = yaml.safe_load(yaml.safe_dump(run.settings.model_dump(mode="json")))
        assert type(run.settings).model_validate(again) == run.settings
