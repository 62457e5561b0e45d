"""The tables of a study in Markdown, for a document that is read beside the code."""

from collections.abc import Iterable, Sequence

from core.study.numbers import FRONT_MARK, difference_parts, outcome_parts, reached_of, spread_parts
from core.study.report import StudyReport
from core.study.table import SHOWN, ArmRow
from core.study.targets import TARGETS, ArmOutcomes
from core.wording import RESEARCH_USE_ONLY


def arms_markdown(report: StudyReport) -> str:
    """Means, differences and targets, for each set of images that the study is told by."""
    parts = [f"# {report.title}\n", f"{RESEARCH_USE_ONLY.capitalize()}.\n"]
    for images, rows in report.tables.items():
        parts.append(f"## {images}\n")
        parts.append(
            "Mean ± standard deviation over the runs of an arm, in % but for CE. "
            f"{FRONT_MARK}: no other arm is better in accuracy, EPG and pixel IoU together.\n"
        )
        parts.append(_means(rows))
        compared = [row for row in rows if row.differences]
        if compared:
            parts.append(
                f"Difference to {report.compared_with}, run by run, with the 95 % interval of its mean "
                "(Student's t over the pairs), in points but for CE.\n"
            )
            parts.append(_differences(compared))
            parts.append(
                f"Targets, against {report.compared_with}; the mean is judged where no interval is named.\n"
            )
            parts.append(_targets(report.targets[images]))
    return "\n".join(parts)


def _means(rows: Sequence[ArmRow]) -> str:
    return _table(
        [column.title for column in SHOWN],
        (
            (
                f"{row.arm} {FRONT_MARK}" if row.on_front else row.arm,
                [_joined(*spread_parts(row.figures[column.key], column)) for column in SHOWN],
            )
            for row in rows
        ),
    )


def _differences(rows: Sequence[ArmRow]) -> str:
    return _table(
        [column.title for column in SHOWN],
        (
            (
                row.arm,
                [_bracketed(*difference_parts(row.differences[column.key], column)) for column in SHOWN],
            )
            for row in rows
        ),
    )


def _targets(arms: Sequence[ArmOutcomes]) -> str:
    def cells(arm: ArmOutcomes) -> Iterable[str]:
        for outcome, target in zip(arm.outcomes, TARGETS, strict=True):
            word, text, rest = outcome_parts(outcome, target)
            yield _bracketed(_joined(f"{word}:" if text else word, text), rest)

    return _table(
        ["reached", *(f"{target.title}: {target.asks}" for target in TARGETS)],
        ((arm.arm, [reached_of(arm), *cells(arm)]) for arm in arms),
    )


def _joined(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _bracketed(text: str, rest: str) -> str:
    return f"{text} ({rest})" if rest else text


def _table(heads: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]]) -> str:
    lines = [["arm", *heads], ["---"] * (len(heads) + 1), *([name, *cells] for name, cells in rows)]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)
