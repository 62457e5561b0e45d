"""The tables in Markdown, row by row."""

import math

from core.study.comparison import RunKey
from core.study.markdown import arms_markdown
from core.study.report import StudyReport
from core.study.table import COLUMNS, SHOWN, arm_rows
from core.study.targets import TARGETS, Runs, arm_outcomes


def runs(*accuracies: float, epg_other_method: float = 0.5) -> Runs:
    figures = {column.key: 0.5 for column in COLUMNS} | {"epg_other_method": epg_other_method}
    return {RunKey(seed, 0): figures | {"accuracy": value} for seed, value in enumerate(accuracies)}


def lines(ce: Runs, other: Runs) -> list[str]:
    figures = {"ce": ce, "other": other}
    rows = arm_rows(list(figures), "ce", figures)
    targets = arm_outcomes(list(figures), "ce", {}, figures)
    report = StudyReport("A study", {}, {}, "ce", {"Test images": rows}, {"Test images": targets}, [])
    return arms_markdown(report).splitlines()


def rows_of(found: list[str], arm: str) -> list[list[str]]:
    """Cells of the rows of an arm, those of the means first."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in found if line.startswith("|")]
    return [row for row in cells if row[0].removesuffix(" ◆") == arm]


def test_means_differences_and_targets_are_a_table_each() -> None:
    found = lines(runs(0.5, 0.5, 0.5), runs(0.6, 0.7, 0.8))
    means, differences, targets = rows_of(found, "other")
    assert means[:3] == ["other ◆", "70.0 ± 10.0", "0.500 ± 0.000"]
    assert differences[:3] == ["other", "+20.0 (−4.8 to +44.8)", "0.000 (0.000 to 0.000)"]
    number = 2 + [target.key for target in TARGETS].index("accuracy_kept")
    assert targets[number] == "not reached: +20.0 (−4.8 to +44.8)"
    assert rows_of(found, "ce") == [["ce", "50.0 ± 0.0", "0.500 ± 0.000", *["50.0 ± 0.0"] * (len(SHOWN) - 2)]]
    assert found[0] == "# A study"
    assert "## Test images" in found


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    found = lines(runs(0.5), runs(0.6, epg_other_method=math.nan))
    tables: list[list[int]] = []
    for before, line in zip(["", *found], found, strict=False):
        if line.startswith("|"):
            if not before.startswith("|"):
                tables.append([])
            tables[-1].append(line.count("|"))
    assert [len(table) for table in tables] == [4, 3, 3]
    assert all(len(set(table)) == 1 for table in tables)


def test_what_is_undefined_is_a_dash_and_one_run_has_neither_deviation_nor_interval() -> None:
    means, differences, _ = rows_of(lines(runs(0.5), runs(0.6, epg_other_method=math.nan)), "other")
    number = 1 + [column.key for column in SHOWN].index("epg_other_method")
    assert (means[1], means[number]) == ("60.0", "–")
    assert (differences[1], differences[number]) == ("+10.0", "–")


def test_an_arm_alone_is_compared_with_nothing() -> None:
    figures = {"ce": runs(0.5)}
    rows = arm_rows(["ce"], "ce", figures)
    text = arms_markdown(StudyReport("A study", {}, {}, "ce", {"Test": rows}, {"Test": ()}, []))
    assert "Difference" not in text
    assert "Targets" not in text
