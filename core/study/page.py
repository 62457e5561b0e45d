"""A study as one HTML page that needs nothing but itself, and the files it links to beside it."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from core.reports.line_chart import Line, line_chart
from core.study.comparison import RunKey
from core.study.numbers import number
from core.study.page_tables import arm_tables, header_row
from core.study.report import Answers, Link, RunReport, StudyReport
from core.study.table import SHOWN
from core.training.curves import EpochFigures
from core.wording import RESEARCH_USE_ONLY

MOST_CLASSES_SHOWN = 20
"""A confusion matrix of more classes is left to its CSV file."""

_CURVES = (
    ("accuracy", "Accuracy"),
    ("magtr", "MAGTR"),
    ("cross_entropy", "Cross-entropy"),
    ("loss", "Objective"),
)
_STYLE = Path(__file__).with_name("style.css")


def study_page(report: StudyReport) -> str:
    """The page."""
    tables = "".join(
        arm_tables(images, rows, report.targets[images], report.compared_with)
        for images, rows in report.tables.items()
    )
    runs = "".join(_run(run) for run in report.runs)
    facts = "".join(header_row(name, [escape(value)]) for name, value in report.facts.items())
    arms = "".join(header_row(name, [escape(does)]) for name, does in report.arms.items())
    meanings = "".join(header_row(column.title, [escape(column.meaning)]) for column in SHOWN)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(report.title)}</title>
<style>
{_STYLE.read_text(encoding="utf-8")}</style>
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
<span class="key validation"></span>validation images, both measured with their own regions. From epoch 0 on
they use the arm's own maps and objective, before that those of the reference. The dashed vertical line
is epoch 0, where guiding begins.</p>
{runs}
</body>
</html>
"""


def run_name(arm: str, key: RunKey) -> str:
    """A run in words."""
    return f"{arm}, seed {key.seed}" + (f", fold {key.fold}" if key.fold else "")


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
    links = "".join(header_row(name, [_links(given)]) for name, given in run.links.items() if given)
    return (
        f"<details><summary>{escape(run_name(run.arm, run.key))} <small>{_last(run.curves)}</small></summary>"
        f'<div class="charts">{charts}</div><table class="words"><tbody>{links}</tbody></table>'
        f'<div class="pair"><div>{_answers("Epoch 0", run.before)}</div>'
        f"<div>{_answers(f'Epoch {run.last_epoch}', run.after)}</div></div></details>"
    )


def _links(links: Iterable[Link]) -> str:
    return ", ".join(f'<a href="{quote(link.path)}">{escape(link.text)}</a>' for link in links)


def _last(curves: Sequence[EpochFigures]) -> str:
    row = max((row for row in curves if row.images == "validation"), key=lambda row: row.epoch)
    return f"validation at epoch {row.epoch}: accuracy {number(row.accuracy)} %, EPG {number(row.epg)} %"


def _answers(title: str, answers: Answers) -> str:
    names = [one.name.split(",")[0] for one in answers.classes]
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{one.images}</td>'
        + "".join(f"<td>{number(value)}</td>" for value in (one.precision, one.recall, one.f1))
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
