"""The demonstration's comparison of truth and result, on slides small enough to count by hand."""

from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from core.results.tables import NUMBER_OF_REASON, SIDES, CellRows, FieldRow, write_cells, write_fields
from scripts import demo as demo_module
from scripts.demo import Comparison, compare, demo

HEALTHY = {"kind": "red_cell", "infected": False, "cut_by_edge": False}
INFECTED = HEALTHY | {"infected": True}


def boxes(*lefts: float) -> pd.DataFrame:
    return pd.DataFrame({"x": list(lefts), "y": 0.0, "width": 10.0, "height": 10.0})


def drawn(*cells: tuple[str, float, dict[str, object]]) -> pd.DataFrame:
    return boxes(*(left for _, left, _ in cells)).assign(
        field=[field for field, _, _ in cells],
        **{name: [about[name] for _, _, about in cells] for name in HEALTHY},
    )


def found(*cells: tuple[str, float, str]) -> pd.DataFrame:
    """Cells as scoring writes them; "" stands for the missing call of a cell that does not count."""
    return boxes(*(left for _, left, _ in cells)).assign(
        field=[field for field, _, _ in cells],
        call=pd.Series([call or None for _, _, call in cells], dtype=str),
        evaluable=pd.Series([call != "" for _, _, call in cells], dtype=bool),
    )


def test_each_cell_is_counted_once_under_what_was_made_of_it() -> None:
    truth = drawn(
        ("a", 0, INFECTED),
        ("a", 20, INFECTED),
        ("a", 40, INFECTED),
        ("a", 60, HEALTHY),
        ("a", 80, HEALTHY),
        ("b", 0, HEALTHY),
    )
    cells = found(
        ("a", 1, "infected"),
        ("a", 21, "healthy"),
        ("a", 41, ""),
        ("a", 61, "infected"),
        ("a", 200, "healthy"),
    )
    assert compare(truth, cells) == Comparison(
        drawn=6,
        located=4,
        infected_counted=2,
        infected_called=1,
        healthy_counted=1,
        healthy_called=1,
        spurious=1,
    )


def test_a_cell_on_another_field_is_no_match() -> None:
    result = compare(drawn(("a", 0, HEALTHY)), found(("b", 0, "healthy")))
    assert (result.located, result.spurious) == (0, 1)


def test_boxes_match_from_an_intersection_over_union_of_one_half() -> None:
    # Boxes 10 wide, shifted by d: (10 - d) / (10 + d) is 0.54 for d = 3 and 0.43 for d = 4.
    assert compare(drawn(("a", 0, HEALTHY)), found(("a", 3, "healthy"))).located == 1
    assert compare(drawn(("a", 0, HEALTHY)), found(("a", 4, "healthy"))).located == 0


def test_two_frames_on_one_cell_locate_it_once() -> None:
    result = compare(drawn(("a", 0, HEALTHY)), found(("a", 0, "healthy"), ("a", 1, "healthy")))
    assert (result.located, result.healthy_counted, result.spurious) == (1, 1, 1)


def test_white_cells_and_cut_cells_are_not_among_the_cells_drawn_whole() -> None:
    truth = drawn(
        ("a", 0, HEALTHY),
        ("a", 20, HEALTHY | {"kind": "white_cell"}),
        ("a", 40, HEALTHY | {"cut_by_edge": True}),
    )
    result = compare(truth, found(("a", 0, "healthy"), ("a", 20, "healthy"), ("a", 40, "")))
    assert (result.drawn, result.located, result.spurious) == (1, 1, 1)


def test_a_slide_on_which_nothing_was_found_is_compared() -> None:
    assert compare(drawn(("a", 0, INFECTED)), found()) == Comparison(1, 0, 0, 0, 0, 0, 0)


def perfect_score(slides: list[Path], *, out: Path) -> None:
    """Write what a scorer that makes no mistake would write."""
    (slide,) = slides
    truth = pd.read_parquet(slide.with_name(f"{slide.name}.truth.parquet")).query("kind == 'red_cell'")
    names = sorted(truth["field"].unique())
    cut, infected = truth["cut_by_edge"].to_numpy(bool), truth["infected"].to_numpy(bool)
    cells = CellRows(
        field=truth["field"].map(names.index).to_numpy(np.int32),
        boxes=truth[list(SIDES)].to_numpy(np.float32),
        detection_score=np.ones(len(truth), np.float32),
        infected_score=np.where(cut, np.nan, infected).astype(np.float32),
        why_not=np.where(cut, NUMBER_OF_REASON["edge"], 0).astype(np.uint8),
        called=infected & ~cut,
    )
    order = np.argsort(cells.field, kind="stable")
    rows = [FieldRow(name, 1280, 960, 0, 0, 0, None, name, "") for name in names]
    (out / slide.name).mkdir(parents=True)
    write_fields(out / slide.name, rows)
    write_cells(
        out / slide.name / "cells.parquet",
        rows,
        CellRows(*(getattr(cells, one.name)[order] for one in fields(cells))),
    )


def test_a_scorer_without_mistakes_is_shown_to_make_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo_module, "score", perfect_score)
    monkeypatch.setattr(demo_module, "FIELDS", 2)
    monkeypatch.setattr(demo_module, "PARASITAEMIA", 0.05)
    demo()
    truth = pd.read_parquet("out/demo/slides/synthetic.truth.parquet").query("kind == 'red_cell'")
    whole = truth[~truth["cut_by_edge"]]
    infected = int(whole["infected"].sum())
    assert infected > 0
    printed = capsys.readouterr().out
    table = [
        line.split() for line in printed.split("Truth against result\n")[1].split("\n\n")[0].splitlines()
    ]
    assert [row[-1] for row in table] == [str(len(whole)), str(infected), "0", "0"]
    assert table[1][3] == str(infected)
    assert table[2][3] == str(len(whole) - infected)
    picture = cv2.imread("out/demo/annotated_field.png")
    assert picture is not None
    assert picture.shape[1] == 1280


def test_the_demonstration_can_be_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo_module, "score", perfect_score)
    monkeypatch.setattr(demo_module, "FIELDS", 1)
    demo()
    first = Path("out/demo/slides/synthetic/field_0001.jpg").read_bytes()
    demo()
    assert Path("out/demo/slides/synthetic/field_0001.jpg").read_bytes() == first
