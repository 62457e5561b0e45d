"""What the runs of a study left, each kind in one CSV file, small enough to be kept with the code."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path

from core.files import RFC_4180, write_csv
from core.study.report import Answers, RunReport
from core.study.targets import TARGETS, ArmOutcomes
from core.training.curves import EpochFigures
from core.training.figures import ClassMeasures

_RUN = ("arm", "seed", "fold")
_REACHED = {True: "yes", False: "no", None: ""}


def write_all_curves(path: Path, runs: Sequence[RunReport]) -> None:
    """Write a row for each run, epoch and set of images; raises `core.files.OutputError`."""
    heads = [field.name for field in fields(EpochFigures)]
    _write(
        path,
        [*_RUN, *heads],
        ([*_of(run), *map(_cell, asdict(row).values())] for run in runs for row in run.curves),
    )


def write_all_confusions(path: Path, runs: Sequence[RunReport]) -> None:
    """Write the cells of the confusion matrices at epoch 0 and at the end; raises `core.files.OutputError`.

    A row for each run, epoch, true and predicted class; cells of 0 images are left out.
    """
    _write(
        path,
        [*_RUN, "epoch", "truth", "prediction", "images"],
        (
            [*_of(run), epoch, truth.name, prediction.name, count]
            for run, epoch, answers in _answers(runs)
            for truth, counts in zip(answers.classes, answers.counts, strict=True)
            for prediction, count in zip(answers.classes, counts, strict=True)
            if count
        ),
    )


def write_all_classes(path: Path, runs: Sequence[RunReport]) -> None:
    """Write the measures of the classes at epoch 0 and at the end; raises `core.files.OutputError`."""
    heads = [field.name for field in fields(ClassMeasures)]
    _write(
        path,
        [*_RUN, "epoch", *heads],
        (
            [*_of(run), epoch, *map(_cell, asdict(one).values())]
            for run, epoch, answers in _answers(runs)
            for one in answers.classes
        ),
    )


def write_targets(path: Path, targets: Mapping[str, Sequence[ArmOutcomes]]) -> None:
    """Write a row for each set of images, arm and target; raises `core.files.OutputError`.

    `reached` is empty where it cannot be said.
    """
    _write(
        path,
        ["images", "arm", "shuffled", "target", "asks", "reached", "number", "low", "high", "why"],
        (
            [
                images,
                arm.arm,
                arm.shuffled or "",
                target.key,
                target.asks,
                _REACHED[outcome.reached],
                *map(_cell, (outcome.number, outcome.low, outcome.high)),
                outcome.why,
            ]
            for images, arms in targets.items()
            for arm in arms
            for target, outcome in zip(TARGETS, arm.outcomes, strict=True)
        ),
    )


def _of(run: RunReport) -> tuple[str, int, int]:
    return run.arm, run.key.seed, run.key.fold


def _answers(runs: Sequence[RunReport]) -> Iterable[tuple[RunReport, int, Answers]]:
    for run in runs:
        yield run, 0, run.before
        yield run, run.last_epoch, run.after


def _cell(value: object) -> object:
    return f"{value:.6g}" if isinstance(value, float) else value


def _write(path: Path, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    write_csv(path, heads, rows, RFC_4180)
