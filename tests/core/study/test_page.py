"""What the page of a study says of given numbers."""

import math
import re

import pytest

from core.study.comparison import RunKey
from core.study.page import MOST_CLASSES_SHOWN, study_page
from core.study.report import Answers, Link, RunReport, StudyReport
from core.study.table import COLUMNS, SHOWN, ArmRow, arm_rows
from core.study.targets import TARGETS, ArmOutcomes, arm_outcomes
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


def cells(text: str, caption: str, arm: str) -> list[str]:
    """Texts of the cells of an arm's row in the table with a caption."""
    table = text[text.index(caption) :]
    row = re.search(f'<th scope="row">{arm}[ <].*?</tr>', table)
    assert row
    found = re.findall(r"<td>(.*?)</td>", row.group())
    return [" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in found]


def test_shares_are_in_per_cent_and_cross_entropy_is_not() -> None:
    text = page(rows([figures(accuracy=0.9, cross_entropy=0.25)], [figures()]))
    assert cells(text, "Mean ±", "ce")[:2] == ["90.0", "0.250"]


def test_several_runs_have_a_deviation_and_a_difference_an_interval() -> None:
    # Differences of .1, .2 and .3: their mean is .2 and half the interval .1 4.302653 / 3 ** .5.
    other = [figures(accuracy=value) for value in (0.6, 0.7, 0.8)]
    text = page(rows([figures()] * 3, other))
    assert cells(text, "Mean ±", "other")[0] == "70.0 ± 10.0"
    assert cells(text, "Difference to ce", "other")[0] == "+20.0 −4.8 to +44.8"
    assert cells(text, "Difference to ce", "other")[1] == "0.000 0.000 to 0.000"


def test_an_interval_without_0_is_bold() -> None:
    other = [figures(accuracy=value) for value in (0.60, 0.61, 0.62)]
    assert page(rows([figures()] * 3, other)).count('class="number clear"') == 1


def test_what_is_undefined_is_a_dash() -> None:
    missing = figures(epg_other_method=math.nan)
    text = page(rows([figures()], [missing]))
    number = [column.key for column in SHOWN].index("epg_other_method")
    assert cells(text, "Mean ±", "other")[number] == "–"
    assert cells(text, "Difference to ce", "other")[number] == "–"
    assert ">nan" not in text


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


def test_arms_on_the_front_are_marked_in_the_table_and_in_the_chart() -> None:
    # The other arm is better in one figure of the front and worse in none.
    text = page(rows([figures()], [figures(epg=0.6)]))
    assert text.count('class="front-mark"') == 1
    assert '<th scope="row">other <span class="front-mark" title="on the front">◆</span></th>' in text
    assert text.count('class="dot marked"') == 1
    assert text.count('class="dot"') == 1


def test_each_target_says_in_words_whether_it_is_reached_with_its_number_and_interval() -> None:
    other = [figures(epg=value, accuracy=value, region_area=1.0) for value in (0.6, 0.7, 0.8)]
    found = cells(page(rows([figures()] * 3, other)), "Targets, against ce", "other")
    by_target = dict(zip([target.key for target in TARGETS], found, strict=True))
    assert by_target["epg_gain"] == "reached +20.0 −4.8 to +44.8"
    assert by_target["pointing_game_gain"] == "not reached 0.0 0.0 to 0.0"
    assert by_target["epg_beyond_shuffled"] == "not known no arm with shuffled regions and otherwise the same"
    assert by_target["accuracy_kept"] == "not reached +20.0 −4.8 to +44.8"
    assert by_target["share_above_half_of_area"] == "reached 50.0 % 50.0 to 50.0"


def test_what_the_files_alone_have_is_not_on_the_page() -> None:
    assert "region area" not in page(rows([figures()], [figures()]))
