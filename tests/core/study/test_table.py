"""The rows of a study and their files."""

import csv
import math
from pathlib import Path

import pytest

from core.study.comparison import RunKey
from core.study.table import COLUMNS, StudyRun, arm_rows, write_rows, write_runs


def figures(epg: float) -> dict[str, float]:
    return {column.key: 0.5 for column in COLUMNS} | {"epg": epg, "epg_other_method": math.nan}


RUNS = {
    "ce": {RunKey(0, 1): figures(0.4), RunKey(0, 2): figures(0.5)},
    "energy": {RunKey(0, 1): figures(0.6), RunKey(0, 2): figures(0.8)},
}


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_each_arm_has_its_spread_and_its_difference_to_the_arm_compared_with() -> None:
    ce, energy = arm_rows(["ce", "energy"], "ce", RUNS)
    assert ce.figures["epg"].mean == pytest.approx(0.45)
    assert ce.differences == {}
    assert energy.differences["epg"].mean == pytest.approx(0.25)
    assert energy.differences["accuracy"].mean == 0
    assert energy.differences["epg_other_method"].pairs == 0


def test_an_arm_is_on_the_front_by_the_means_of_its_runs() -> None:
    # Better in one run and worse in the other: by the mean of EPG, .45 against .44, all else alike.
    other = {RunKey(0, 1): figures(0.88), RunKey(0, 2): figures(0.0)}
    ce, low = arm_rows(["ce", "low"], "ce", {"ce": RUNS["ce"], "low": other})
    assert (ce.on_front, low.on_front) == (True, False)


def test_the_table_of_arms_is_a_row_a_set_and_arm(tmp_path: Path) -> None:
    rows = arm_rows(["ce", "energy"], "ce", RUNS)
    write_rows(tmp_path / "arms.csv", {"all": rows})
    ce, energy = read(tmp_path / "arms.csv")
    assert (ce["images"], ce["arm"], ce["epg_runs"], ce["epg_difference"]) == ("all", "ce", "2", "")
    assert (ce["on_front"], energy["on_front"]) == ("no", "yes")
    assert float(energy["epg_difference"]) == pytest.approx(0.25)
    assert float(energy["epg_low"]) < 0.25 < float(energy["epg_high"])
    assert energy["epg_other_method_mean"] == "nan"


def test_the_table_of_runs_has_the_unseen_images_apart(tmp_path: Path) -> None:
    run = StudyRun("ce", RunKey(3, 2), figures(0.4), figures(0.3))
    write_runs(tmp_path / "runs.csv", [run, StudyRun("ce", RunKey(4, 2), figures(0.4), None)])
    rows = read(tmp_path / "runs.csv")
    assert [(row["images"], row["seed"], row["fold"], row["epg"]) for row in rows] == [
        ("all", "3", "2", "0.4"),
        ("all", "4", "2", "0.4"),
        ("unseen_by_imagenet_weights", "3", "2", "0.3"),
    ]
