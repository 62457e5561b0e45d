"""The tables of all runs: a row each, with which run it is of."""

import csv
import math
from pathlib import Path

from core.study.comparison import RunKey
from core.study.report import Answers, RunReport
from core.study.run_tables import write_all_classes, write_all_confusions, write_all_curves, write_targets
from core.study.targets import TARGETS, ArmOutcomes, Outcome
from core.training.curves import EpochFigures
from core.training.figures import ClassMeasures


def answers(*counts: tuple[int, ...]) -> Answers:
    classes = (ClassMeasures("bow tie", 3, 0.5, 0.75, 0.6), ClassMeasures("bag", 1, math.nan, 0, 0))
    return Answers(classes, counts)


def run(arm: str, key: RunKey) -> RunReport:
    curves = [
        EpochFigures(epoch, images, 0.9, 0.4, 1 / 3, 0.3, 0.1, 0.6, 0, 1, 2)
        for epoch in (-1, 0, 1, 2)
        for images in ("training", "validation")
    ]
    return RunReport(arm, key, curves, answers((2, 1), (0, 1)), answers((3, 0), (1, 0)), {})


RUNS = [run("ce", RunKey(0, 1)), run("energy", RunKey(3, 2))]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_curves_of_all_runs_are_in_one_table(tmp_path: Path) -> None:
    write_all_curves(tmp_path / "curves.csv", RUNS)
    rows = read(tmp_path / "curves.csv")
    assert len(rows) == 16
    last = rows[-1]
    assert (last["arm"], last["seed"], last["fold"], last["epoch"]) == ("energy", "3", "2", "2")
    assert (last["images"], last["cross_entropy"], last["empty_map"]) == ("validation", "0.333333", "2")


def test_of_the_matrices_before_and_after_cells_without_images_are_left_out(tmp_path: Path) -> None:
    write_all_confusions(tmp_path / "confusion.csv", RUNS[1:])
    rows = [tuple(row.values()) for row in read(tmp_path / "confusion.csv")]
    assert rows == [
        ("energy", "3", "2", "0", "bow tie", "bow tie", "2"),
        ("energy", "3", "2", "0", "bow tie", "bag", "1"),
        ("energy", "3", "2", "0", "bag", "bag", "1"),
        ("energy", "3", "2", "2", "bow tie", "bow tie", "3"),
        ("energy", "3", "2", "2", "bag", "bow tie", "1"),
    ]


def test_each_class_has_its_measures_before_and_after(tmp_path: Path) -> None:
    write_all_classes(tmp_path / "classes.csv", RUNS)
    rows = read(tmp_path / "classes.csv")
    assert [(row["arm"], row["epoch"], row["name"]) for row in rows[:4]] == [
        ("ce", "0", "bow tie"),
        ("ce", "0", "bag"),
        ("ce", "2", "bow tie"),
        ("ce", "2", "bag"),
    ]
    assert (rows[0]["recall"], rows[1]["precision"]) == ("0.75", "nan")


def test_a_target_that_cannot_be_judged_is_neither_reached_nor_not(tmp_path: Path) -> None:
    outcomes = [Outcome(target.key, reached=True, number=0.25, low=0.2, high=0.3) for target in TARGETS]
    outcomes[1] = Outcome(TARGETS[1].key, None, math.nan, math.nan, math.nan, "not measured")
    outcomes[2] = Outcome(TARGETS[2].key, reached=False, number=0.01, low=-0.1, high=0.1)
    write_targets(tmp_path / "targets.csv", {"all": [ArmOutcomes("energy", None, tuple(outcomes))]})
    first, second, third = read(tmp_path / "targets.csv")[:3]
    assert (first["arm"], first["shuffled"], first["target"]) == ("energy", "", "epg_gain")
    assert (first["reached"], first["number"], first["low"]) == ("yes", "0.25", "0.2")
    assert (second["reached"], second["number"], second["why"]) == ("", "nan", "not measured")
    assert third["reached"] == "no"
