"""The demonstration's comparison of truth and result, on slides small enough to count by hand."""

from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from core.results.fields import FieldRow, write_fields
from core.results.tables import NUMBER_OF_REASON, SIDES, CellRows, write_cells
from scripts import demo as demo_module
from scripts.demo import Comparison, compare, demo

LISTED = 40
"""How many of the list a scorer without mistakes puts before readers."""
HEALTHY = {"kind": "red_cell", "infected": False, "cut_by_edge": False}
INFECTED = HEALTHY | {"infected": True}


def boxes(*lefts: float) -> pd.DataFrame:
    return pd.DataFrame({"x": list(lefts), "y": 0.0, "width": 10.0, "height": 10.0})


def drawn(*cells: tuple[str, float, dict[str, object]]) -> pd.DataFrame:
    return boxes(*(left for _, left, _ in cells)).assign(
        field=[field for field, _, _ in cells],
        **{name: [about[name] for _, _, about in cells] for name in HEALTHY},
    )


def found(*cells: tuple[str, float, int], first: int = 2, why_not: str = "") -> pd.DataFrame:
    """Objects as `cells_of` gives them: field, left side, and rank, 0 where it is not looked at."""
    ranks = pd.Series([rank for _, _, rank in cells], dtype=int)
    return boxes(*(left for _, left, _ in cells)).assign(
        field=[field for field, _, _ in cells],
        rank=ranks,
        listed=(ranks > 0) & (ranks <= first),
        evaluable=(ranks > 0) & (why_not == ""),
        why_not=why_not,
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
    cells = found(("a", 1, 1), ("a", 21, 3), ("a", 41, 0), ("a", 61, 2), ("a", 200, 4))
    assert compare(truth, cells) == Comparison(
        drawn=6,
        located=4,
        infected=3,
        infected_looked_at=2,
        listed=2,
        infected_listed=1,
        spurious=1,
    )


def test_a_parasite_in_a_cell_that_is_not_counted_is_found_in_the_list_all_the_same() -> None:
    truth = drawn(("a", 0, INFECTED | {"cut_by_edge": True}), ("a", 20, INFECTED))
    result = compare(truth, found(("a", 0, 1), ("a", 20, 2), why_not="clump"))
    assert (result.drawn, result.infected, result.infected_listed, result.spurious) == (1, 2, 2, 0)


def test_a_cell_on_another_field_is_no_match() -> None:
    result = compare(drawn(("a", 0, HEALTHY)), found(("b", 0, 1)))
    assert (result.located, result.spurious) == (0, 1)


def test_boxes_match_from_an_intersection_over_union_of_one_half() -> None:
    # Boxes 10 wide, shifted by d: (10 - d) / (10 + d) is 0.54 for d = 3 and 0.43 for d = 4.
    assert compare(drawn(("a", 0, HEALTHY)), found(("a", 3, 1))).located == 1
    assert compare(drawn(("a", 0, HEALTHY)), found(("a", 4, 1))).located == 0


def test_two_frames_on_one_cell_locate_it_once() -> None:
    result = compare(drawn(("a", 0, HEALTHY)), found(("a", 0, 1), ("a", 1, 2)))
    assert (result.located, result.spurious) == (1, 1)


def test_white_cells_and_cut_cells_are_not_among_the_cells_drawn_whole() -> None:
    truth = drawn(
        ("a", 0, HEALTHY),
        ("a", 20, HEALTHY | {"kind": "white_cell"}),
        ("a", 40, HEALTHY | {"cut_by_edge": True}),
    )
    result = compare(truth, found(("a", 0, 1), ("a", 20, 2), ("a", 40, 0)))
    assert (result.drawn, result.located, result.spurious) == (1, 1, 1)


def test_a_slide_on_which_nothing_was_found_is_compared() -> None:
    assert compare(drawn(("a", 0, INFECTED)), found()) == Comparison(1, 0, 1, 0, 0, 0, 0)


def perfect_score(slides: list[str], *, out: Path) -> None:
    """Write what a scorer that makes no mistake would write."""
    slide = Path(*slides)
    truth = pd.read_parquet(slide.with_name(f"{slide.name}.truth.parquet")).query("kind == 'red_cell'")
    names = sorted(truth["field"].unique())
    cut, infected = truth["cut_by_edge"].to_numpy(bool), truth["infected"].to_numpy(bool)
    cells = CellRows(
        field=truth["field"].map(names.index).to_numpy(np.int32),
        boxes=truth[list(SIDES)].to_numpy(np.float32),
        detection_score=np.ones(len(truth), np.float32),
        infected_score=infected.astype(np.float32),
        second_score=np.full(len(truth), np.nan, np.float32),
        why_not=np.where(cut, NUMBER_OF_REASON["edge"], 0).astype(np.uint8),
    )
    order = np.argsort(cells.field, kind="stable")
    listed = np.bincount(cells.field[cells.ranked[:LISTED]], minlength=len(names)).tolist()
    rows = [
        FieldRow(name, 1280, 960, 0, 0, count, None, name, "")
        for name, count in zip(names, listed, strict=True)
    ]
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
    whole, infected = truth[~truth["cut_by_edge"]], int(truth["infected"].sum())
    assert 0 < infected < LISTED
    printed = capsys.readouterr().out
    table = [
        line.split() for line in printed.split("Truth against result\n")[1].split("\n\n")[0].splitlines()
    ]
    assert [row[-1] for row in table] == [str(len(whole)), str(infected), str(infected), "0"]
    assert table[2][:5] == ["first", "of", "the", "list", str(LISTED)]
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
