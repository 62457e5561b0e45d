"""What the page of a study says of given numbers."""

import math

import pytest

from core.study.comparison import RunKey
from core.study.page import MOST_CLASSES_SHOWN, study_page
from core.study.report import Answers, Link, RunReport, StudyReport
from core.study.table import COLUMNS, ArmRow, arm_rows
from core.study.targets import ArmOutcomes, arm_outcomes
from core.training.curves import EpochFigures
from core.training.figures import ClassMeasures

Tables = tuple[tuple[ArmRow, ...], tuple[ArmOutcomes, ...]]


def figures(**given: float) -> dict[str, float]:
    return {column.key: 0.5 for column in COLUMNS} | given


def rows(ce: list[dict[str, float]], other: list[dict[str, float]]) -> Tables:
    runs = {
        "ce": {RunKey(seed, 0): values for seed, values in enumerate(ce)},
        "other": {RunKey(seed, 0): values for seed, values in enumerate(other)},
    }
    return arm_rows(["ce", "other"], "ce", runs), arm_outcomes(["ce", "other"], "ce", {}, runs)


def epoch(number: int, images: str) -> EpochFigures:
    return EpochFigures(number, images, 0.9, 0.4, 0.3, 0.3, 0.1, 0.6, 0, 0, 0)


def answers(classes: int) -> Answers:
    measures = tuple(ClassMeasures(f"class {n}, also", 4, math.nan, 0.75, 0.5) for n in range(classes))
    return Answers(measures, tuple((3,) * classes for _ in range(classes)))


def page(tables: Tables, classes: int = 2, title: str = "A study") -> str:
    curves = [epoch(number, images) for number in (0, 1) for images in ("training", "validation")]
    links = {"maps": (Link("runs/a b/maps.png", "right to wrong"),)}
    run = RunReport("other", RunKey(3, 2), curves, answers(classes), answers(classes), links)
    arms, targets = tables
    return study_page(
        StudyReport(
            title, {"images": "drawn"}, {"ce": "control"}, "ce", {"Test": arms}, {"Test": targets}, [run]
        )
    )


def test_a_run_has_four_charts_links_and_its_classes_before_and_after() -> None:
    text = page(rows([figures()], [figures()]))
    assert text[text.index("<h2>Runs</h2>") :].count("<svg") == 4
    assert 'href="runs/a%20b/maps.png"' in text
    assert "other, seed 3, fold 2" in text
    assert text.count('<th scope="row">class 1</th><td>4</td><td>–</td><td>75.0</td><td>50.0</td>') == 2
    assert text.count('class="confusion"') == 2


@pytest.mark.parametrize(("classes", "shown"), [(MOST_CLASSES_SHOWN, 2), (MOST_CLASSES_SHOWN + 1, 0)])
def test_a_matrix_of_many_classes_is_left_to_its_file(classes: int, shown: int) -> None:
    assert page(rows([figures()], [figures()]), classes).count('class="confusion"') == shown


def test_the_page_carries_the_notice_and_names_cannot_break_it() -> None:
    text = page(rows([figures()], [figures()]), title="<script>&")
    assert "<h1>&lt;script&gt;&amp;</h1>" in text
    assert "Research use only, not for diagnosis." in text
    assert "prefers-color-scheme: dark" in text


def test_what_the_files_alone_have_is_not_on_the_page() -> None:
    assert "region area" not in page(rows([figures()], [figures()]))
