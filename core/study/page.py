"""A study as one HTML page that needs nothing but itself, and the files it links to beside it."""

import math
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from core.guided.tables import EpochFigures
from core.notice import RESEARCH_USE_ONLY
from core.reports.line_chart import Line, line_chart
from core.study.comparison import Difference, RunKey, Spread
from core.study.report import Answers, Link, RunReport, StudyReport
from core.study.table import COLUMNS, ArmRow, Column

MOST_CLASSES_SHOWN = 20
"""A confusion matrix of more classes is left to its CSV file."""

_CURVES = (
    ("accuracy", "Accuracy"),
    ("magtr", "MAGTR"),
    ("cross_entropy", "Cross-entropy"),
    ("loss", "Objective"),
)
_STYLE = Path(__file__).with_name("style.css")
_NONE = "–"


def study_page(report: StudyReport) -> str:
    """The page."""
    tables = "".join(_tables(images, rows, report) for images, rows in report.tables.items())
    runs = "".join(_run(run) for run in report.runs)
    facts = "".join(_row(name, [escape(value)]) for name, value in report.facts.items())
    arms = "".join(_row(name, [escape(does)]) for name, does in report.arms.items())
    meanings = "".join(_row(column.title, [escape(column.meaning)]) for column in COLUMNS)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(report.title)}</title>
<style>
{_STYLE.read_text()}</style>
</head>
<body>
<h1>{escape(report.title)}</h1>
<p class="notice">{escape(RESEARCH_USE_ONLY.capitalize())}.</p>
<div class="pair">
<div><h2>The study</h2><table class="words"><tbody>{facts}</tbody></table></div>
<div><h2>Its arms</h2><table class="words"><tbody>{arms}</tbody></table></div>
</div>
{tables}
<details><summary>What the columns are</summary>
<table class="words"><tbody>{meanings}</tbody></table>
</details>
<p>Files: <a href="arms.csv">arms.csv</a>, <a href="runs.csv">runs.csv</a>,
<a href="study.json">study.json</a>.</p>
<h2>Runs</h2>
<p class="pale">Curves: <span class="key training"></span>training images,
<span class="key validation"></span>validation images, both with their own regions; the dashed upright line is
epoch 0, where guiding begins.</p>
{runs}
</body>
</html>
"""


def run_name(arm: str, key: RunKey) -> str:
    """A run in words."""
    return f"{arm}, seed {key.seed}" + (f", fold {key.fold}" if key.fold else "")


def _tables(images: str, rows: Sequence[ArmRow], report: StudyReport) -> str:
    head = "".join(_heading(column) for column in COLUMNS)
    means = "".join(
        _row(row.arm, [_spread(row.figures[column.key], column) for column in COLUMNS]) for row in rows
    )
    differences = "".join(
        _row(row.arm, [_difference(row.differences[column.key], column) for column in COLUMNS])
        for row in rows
        if row.differences
    )
    control = escape(report.compared_with)
    page = (
        f"<h2>{escape(images)}</h2>"
        f'<div class="scroll"><table class="comparison"><caption>Mean ± standard deviation over the runs of '
        f"each arm</caption><thead><tr><th></th>{head}</tr></thead><tbody>{means}</tbody></table></div>"
    )
    if differences:
        page += (
            f'<div class="scroll"><table class="comparison"><caption>Difference to {control}, run by run, '
            "with the 95 % interval of its mean (Student's t over the pairs); bold where it leaves out 0"
            "</caption>"
            f"<thead><tr><th></th>{head}</tr></thead><tbody>{differences}</tbody></table></div>"
        )
    return page


def _heading(column: Column) -> str:
    unit = "<br><small>%</small>" if column.per_cent else ""
    return f"<th>{escape(column.title)}{unit}</th>"


def _row(name: str, cells: Iterable[str]) -> str:
    return f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _number(value: float, column: Column, *, signed: bool = False) -> str:
    if math.isnan(value):
        return _NONE
    text = f"{100 * value:+.1f}" if column.per_cent else f"{value:+.3f}"
    # A figure of 0 has no sign, also where it is a little below.
    text = text if float(text) else text[1:]
    return (text if signed else text.removeprefix("+")).replace("-", "−")


def _spread(found: Spread, column: Column) -> str:
    text = f'<span class="number">{_number(found.mean, column)}</span>'
    if math.isnan(found.deviation):
        return text
    return f"{text}<br><small>± {_number(found.deviation, column)}</small>"


def _difference(found: Difference, column: Column) -> str:
    text = _number(found.mean, column, signed=True)
    if math.isnan(found.low):
        return f'<span class="number">{text}</span>'
    low, high = (_number(value, column, signed=True) for value in (found.low, found.high))
    kind = "number clear" if found.low > 0 or found.high < 0 else "number"
    return f'<span class="{kind}">{text}</span><br><small>{low} to {high}</small>'


def _run(run: RunReport) -> str:
    charts = "".join(
        line_chart(
            title,
            [
                Line(
                    images,
                    tuple((row.epoch, getattr(row, key)) for row in run.curves if row.images == images),
                )
                for images in ("training", "validation")
            ],
            mark=0,
        )
        for key, title in _CURVES
    )
    links = "".join(_row(name, [_links(given)]) for name, given in run.links.items() if given)
    last = max(row.epoch for row in run.curves)
    return (
        f"<details><summary>{escape(run_name(run.arm, run.key))} <small>{_last(run.curves)}</small></summary>"
        f'<div class="charts">{charts}</div><table class="words"><tbody>{links}</tbody></table>'
        f'<div class="pair"><div>{_answers("Epoch 0", run.before)}</div>'
        f"<div>{_answers(f'Epoch {last}', run.after)}</div></div></details>"
    )


def _links(links: Iterable[Link]) -> str:
    return ", ".join(f'<a href="{quote(link.path)}">{escape(link.text)}</a>' for link in links)


def _last(curves: Sequence[EpochFigures]) -> str:
    row = max((row for row in curves if row.images == "validation"), key=lambda row: row.epoch)
    return f"validation at epoch {row.epoch}: accuracy {100 * row.accuracy:.1f} %, EPG {100 * row.epg:.1f} %"


def _answers(title: str, answers: Answers) -> str:
    names = [one.name.split(",")[0] for one in answers.classes]
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{one.images}</td>'
        + "".join(
            f"<td>{_NONE if math.isnan(value) else format(100 * value, '.1f')}</td>"
            for value in (one.precision, one.recall, one.f1)
        )
        + "</tr>"
        for name, one in zip(names, answers.classes, strict=True)
    )
    page = (
        f"<h3>{escape(title)}</h3><table><thead><tr><th></th><th>images</th><th>precision, %</th>"
        f"<th>recall, %</th><th>F1, %</th></tr></thead><tbody>{rows}</tbody></table>"
    )
    if len(names) > MOST_CLASSES_SHOWN:
        return f'{page}<p class="pale">{len(names)} classes: the confusion matrix is in its CSV file.</p>'
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    counts = "".join(
        f'<tr><th scope="row">{escape(name)}</th>'
        + "".join(f'<td style="--share:{count / max(sum(row), 1):.2f}">{count}</td>' for count in row)
        + "</tr>"
        for name, row in zip(names, answers.counts, strict=True)
    )
    return (
        f'{page}<table class="confusion"><caption>Rows: truth; columns: answer</caption>'
        f"<thead><tr><th></th>{head}</tr></thead><tbody>{counts}</tbody></table>"
    )
