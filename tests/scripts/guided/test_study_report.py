"""The report of a study: its tables and its page, on drawn images."""

import json
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from core.study.table import SHOWN
from scripts.guided.study_report import shuffled_controls
from scripts.settings.configuration import read_study
from tests.scripts.drawn_study import STUDY
from tests.scripts.drawn_training import table


def test_the_tables_have_each_arm_and_run_with_what_its_evaluation_says(study_out: Path) -> None:
    ce, energy = table(study_out / "arms.csv")
    assert (ce["arm"], energy["arm"], energy["epg_runs"]) == ("ce", "energy-shuffled", "2")
    runs = {(row["arm"], row["seed"]): row for row in table(study_out / "runs.csv")}
    assert len(runs) == 4
    folder = study_out / "runs" / "energy-shuffled" / "seed_1" / "evaluation"
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
    written = json.loads((study_out / "study.json").read_text())
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


def test_the_page_loads_nothing_and_links_to_files_that_are_there(study_out: Path) -> None:
    text = (study_out / "index.html").read_text()
    page = Page(text)
    assert page.open == [], "every element is closed"
    assert page.loaded == []
    assert "://" not in text
    assert page.links
    assert [link for link in page.links if not (study_out / unquote(link)).is_file()] == []
    assert "Research use only, not for diagnosis." in text
    assert text.count("<svg") == 4 * 4 + 1
    assert all(column.title in text for column in SHOWN)


def test_the_tables_to_keep_are_whole_and_have_no_picture_no_image_and_no_place_of_this_machine(
    study_out: Path,
) -> None:
    files = {path.name: path.read_text() for path in (study_out / "tables").iterdir()}
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
        assert files[name] == (study_out / name).read_text()
    for text in files.values():
        assert str(study_out.parent) not in text
        assert ".png" not in text
        assert "/" not in text
    curves = table(study_out / "tables" / "curves.csv")
    own = table(study_out / "runs" / "energy-shuffled" / "seed_1" / "curves.csv")
    kept = [row for row in curves if (row["arm"], row["seed"]) == ("energy-shuffled", "1")]
    assert [float(row["epg"]) for row in kept] == pytest.approx([float(row["epg"]) for row in own], rel=1e-5)
    counts = table(study_out / "tables" / "confusion.csv")
    images = sum(int(row["images"]) for row in counts if (row["arm"], row["seed"]) == ("ce", "0"))
    assert images == 2 * len(table(study_out / "runs/ce/seed_0/evaluation/000_grad-cam/images.csv"))


def test_the_targets_are_judged_by_the_differences_of_the_table(study_out: Path) -> None:
    (arm,) = json.loads((study_out / "study.json").read_text())["targets"]["all"]
    assert (arm["arm"], arm["shuffled"]) == ("energy-shuffled", None)
    outcomes = {one["target"]: one for one in arm["outcomes"]}
    _, energy = table(study_out / "arms.csv")
    columns = {"epg_gain": "epg", "accuracy_kept": "accuracy", "deletion_gap_gain": "deletion_gap"}
    for target, column in columns.items():
        assert outcomes[target]["number"] == pytest.approx(float(energy[f"{column}_difference"]), abs=1e-5)
        assert outcomes[target]["low"] == pytest.approx(float(energy[f"{column}_low"]), abs=1e-5)
    assert outcomes["epg_beyond_shuffled"]["reached"] is None
    found = json.loads(
        (study_out / "runs/energy-shuffled/seed_0/evaluation/001_grad-cam/evaluation.json").read_text()
    )
    runs = {(row["arm"], row["seed"]): row for row in table(study_out / "runs.csv")}
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
        STUDY.replace("weights: {energy: 1}", "weights: {energy: 0.5}") + f"  - {{name: own, {arm}}}\n"
    )
    expected = {"own": "energy-shuffled"} if is_control else {}
    assert shuffled_controls(read_study(path)) == expected
