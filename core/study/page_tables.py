"""The tables and the chart of a study's arms, as parts of its page."""

from collections.abc import Iterable, Sequence
from html import escape

from core.reports.scatter_chart import Dot, scatter_chart
from core.study.comparison import Difference, Spread
from core.study.numbers import FRONT_MARK, difference_parts, outcome_parts, reached_of, spread_parts
from core.study.pareto import on_front
from core.study.table import SHOWN, ArmRow, Column
from core.study.targets import TARGETS, ArmOutcomes, Outcome, Target


def arm_tables(
    images: str, rows: Sequence[ArmRow], targets: Sequence[ArmOutcomes], compared_with: str
) -> str:
    """The arms on one set of images: means, front, differences and what was reached."""
    head = "".join(_heading(column) for column in SHOWN)
    means = "".join(
        _arm_row(row, [_spread(row.figures[column.key], column) for column in SHOWN]) for row in rows
    )
    control = escape(compared_with)
    page = (
        f"<h2>{escape(images)}</h2>"
        + _table(
            "Mean ± standard deviation over the runs of each arm; "
            f"{FRONT_MARK}: on the front, no other arm is better in accuracy, EPG and pixel IoU together",
            f"<th></th>{head}",
            means,
        )
        + _chart(rows)
    )
    compared = [row for row in rows if row.differences]
    if not compared:
        return page
    differences = "".join(
        header_row(row.arm, [_difference(row.differences[column.key], column) for column in SHOWN])
        for row in compared
    )
    goals = "".join(
        f"<th>{escape(target.title)}<br><small>{escape(target.asks)}</small></th>" for target in TARGETS
    )
    reached = "".join(_targets(arm) for arm in targets)
    return (
        page
        + _table(
            f"Difference to {control}, run by run, with the 95 % interval of its mean (Student's t over the "
            "pairs); bold where it leaves out 0",
            f"<th></th>{head}",
            differences,
        )
        + _table(
            f"Targets, against {control}; the mean is judged where no interval is named",
            f"<th></th>{goals}",
            reached,
            "targets",
        )
    )


def header_row(name: str, cells: Iterable[str]) -> str:
    """A row of a table: its name and its cells, which are HTML."""
    return f'<tr><th scope="row">{escape(name)}</th>{_cells(cells)}</tr>'


def _cells(cells: Iterable[str]) -> str:
    return "".join(f"<td>{cell}</td>" for cell in cells)


def _table(caption: str, head: str, body: str, kind: str = "") -> str:
    return (
        f'<div class="scroll"><table class="{f"comparison {kind}".strip()}"><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _heading(column: Column) -> str:
    unit = "<br><small>%</small>" if column.per_cent else ""
    return f"<th>{escape(column.title)}{unit}</th>"


def _arm_row(row: ArmRow, cells: Iterable[str]) -> str:
    mark = f' <span class="front-mark" title="on the front">{FRONT_MARK}</span>' if row.on_front else ""
    return f'<tr><th scope="row">{escape(row.arm)}{mark}</th>{_cells(cells)}</tr>'


def _spread(found: Spread, column: Column) -> str:
    mean, deviation = spread_parts(found, column)
    return f'<span class="number">{mean}</span>' + (f"<br><small>{deviation}</small>" if deviation else "")


def _difference(found: Difference, column: Column) -> str:
    mean, interval = difference_parts(found, column)
    kind = "number clear" if found.low > 0 or found.high < 0 else "number"
    return f'<span class="{kind}">{mean}</span>' + (f"<br><small>{interval}</small>" if interval else "")


def _targets(arm: ArmOutcomes) -> str:
    cells = [_outcome(outcome, target) for outcome, target in zip(arm.outcomes, TARGETS, strict=True)]
    reached = f"<br><small>{reached_of(arm)} reached</small>"
    return f'<tr><th scope="row">{escape(arm.arm)}{reached}</th>{_cells(cells)}</tr>'


def _outcome(outcome: Outcome, target: Target) -> str:
    word, text, rest = outcome_parts(outcome, target)
    lines = [f'<span class="{word.replace(" ", "-")}">{word}</span>']
    lines += [f'<span class="number">{text}</span>'] if text else []
    kind = ' class="why"' if outcome.why else ""
    lines += [f"<small{kind}>{escape(rest)}</small>"] if rest else []
    return "<br>".join(lines)


def _chart(rows: Sequence[ArmRow]) -> str:
    places = [(100 * row.figures["accuracy"].mean, 100 * row.figures["epg"].mean) for row in rows]
    front = [place for place, best in zip(places, on_front(places), strict=True) if best]
    dots = [Dot(row.arm, x, y, row.on_front) for row, (x, y) in zip(rows, places, strict=True)]
    chart = scatter_chart("Accuracy against EPG, means of the arms", ("accuracy, %", "EPG, %"), dots, front)
    return (
        f'<figure>{chart}<figcaption class="pale">Filled diamonds: the front of accuracy, EPG and pixel '
        "IoU; rings: other arms. The line of steps is the front of the two figures that are drawn."
        "</figcaption></figure>"
    )
