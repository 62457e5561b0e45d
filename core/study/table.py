"""The table of a study: a row an arm, a column a figure, as numbers for a page, JSON and CSV."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.files import RFC_4180, write_csv
from core.study.comparison import Difference, RunKey, Spread, paired_difference, spread
from core.study.pareto import FRONT, on_front


@dataclass(frozen=True)
class Column:
    """A figure of a run.

    Attributes
    ----------
    key, title
        Its name in files, and on the page.
    meaning
        One line for who has not met it.
    per_cent
        Whether it is a share, which the page gives in per cent.
    on_page
        Whether the page has it, or the files alone.
    """

    key: str
    title: str
    meaning: str
    per_cent: bool = True
    on_page: bool = True


COLUMNS = (
    Column("accuracy", "accuracy", "share of images whose class is right"),
    Column("cross_entropy", "CE", "cross-entropy of the true class", per_cent=False),
    Column("magtr", "MAGTR", "mean of map / maximum inside the region; also rises when the map spreads"),
    Column("mangtr", "MANGTR", "mean of map / maximum outside the region"),
    Column("epg", "EPG", "energy of the map inside the region"),
    Column("epg_even_grid", "EPG, even grid", "EPG of the map upsampled as published, its cells equal parts"),
    Column("epg_above_area", "EPG above area", "EPG corrected for the region's area: 0 for a flat map"),
    Column("pointing_game", "pointing game", "the map's highest point lies in the region"),
    Column("pointing_game_even_grid", "pointing game, even grid", "of the same map"),
    Column("max_box_acc_v2", "MaxBoxAccV2", "boxes drawn from the map fit, mean over IoU .3, .5, .7"),
    Column("pixel_overlap", "pixel IoU", "map above a threshold against the region, at the best threshold"),
    Column("share_above_half", "above half", "share of the image above half the map's maximum"),
    Column("deletion_inside", "deletion inside", "lost probability when the region's pixels are covered"),
    Column("deletion_outside", "deletion outside", "lost probability when as many beside it are covered"),
    Column("deletion_gap", "deletion gap", "inside less outside: how much the answer depends on the region"),
    Column("epg_other_method", "EPG, other method", "EPG under a map method that was not in the loss"),
    Column(
        "accuracy_outside_blurred",
        "accuracy, blurred outside",
        "accuracy where all but the region is blurred",
    ),
    Column("region_area", "region area", "share of the image that the region takes", on_page=False),
)
SHOWN = tuple(column for column in COLUMNS if column.on_page)
"""The columns of the page."""


@dataclass(frozen=True)
class StudyRun:
    """A run that is measured.

    Attributes
    ----------
    arm
        Its name.
    key
        Seed and fold.
    figures, unseen
        By `Column.key`, NaN where undefined; `unseen` of the images that no published weights have seen, None
        where there are none.
    """

    arm: str
    key: RunKey
    figures: Mapping[str, float]
    unseen: Mapping[str, float] | None


@dataclass(frozen=True)
class ArmRow:
    """An arm of the table.

    Attributes
    ----------
    arm
        Its name.
    on_front
        Whether no other arm is better in `core.study.pareto.FRONT`, by the means.
    figures
        By `Column.key`.
    differences
        To the arm that it is compared with; empty for that arm itself.
    """

    arm: str
    on_front: bool
    figures: Mapping[str, Spread]
    differences: Mapping[str, Difference]


def arm_rows(
    arms: Sequence[str], compared_with: str, figures: Mapping[str, Mapping[RunKey, Mapping[str, float]]]
) -> tuple[ArmRow, ...]:
    """Rows of the arms, in their order.

    Parameters
    ----------
    arms
        Names.
    compared_with
        One of them.
    figures
        Of each arm, by run and `Column.key`.
    """

    def of(arm: str, key: str) -> dict[RunKey, float]:
        return {run: values[key] for run, values in figures[arm].items()}

    spreads = [{column.key: spread(list(of(arm, column.key).values())) for column in COLUMNS} for arm in arms]
    best = on_front([[found[key].mean for key in FRONT] for found in spreads])
    return tuple(
        ArmRow(
            arm,
            is_best,
            found,
            {}
            if arm == compared_with
            else {
                column.key: paired_difference(of(arm, column.key), of(compared_with, column.key))
                for column in COLUMNS
            },
        )
        for arm, found, is_best in zip(arms, spreads, best, strict=True)
    )


def write_rows(path: Path, rows: Mapping[str, Sequence[ArmRow]]) -> None:
    """Write a CSV file with a row for each set of images and arm; raises `core.files.OutputError`."""
    names = ("runs", "mean", "sd", "difference", "low", "high")
    heads = (f"{column.key}_{name}" for column in COLUMNS for name in names)
    write_csv(
        path,
        ["images", "arm", "on_front", *heads],
        (
            [
                images,
                row.arm,
                "yes" if row.on_front else "no",
                *(value for column in COLUMNS for value in _cells(row, column)),
            ]
            for images, arms in rows.items()
            for row in arms
        ),
        RFC_4180,
    )


def write_runs(path: Path, runs: Sequence[StudyRun]) -> None:
    """Write a CSV file with a row for each set of images and run; raises `core.files.OutputError`."""
    rows = (
        [images, run.arm, run.key.seed, run.key.fold, *(f"{values[column.key]:.6g}" for column in COLUMNS)]
        for images, figures in (("all", "figures"), ("unseen_by_imagenet_weights", "unseen"))
        for run in runs
        if (values := getattr(run, figures)) is not None
    )
    write_csv(path, ["images", "arm", "seed", "fold", *(column.key for column in COLUMNS)], rows, RFC_4180)


def _cells(row: ArmRow, column: Column) -> list[str]:
    found, difference = row.figures[column.key], row.differences.get(column.key)
    values = [found.mean, found.deviation]
    values += [difference.mean, difference.low, difference.high] if difference else []
    return [str(found.runs), *(f"{value:.6g}" for value in values), *[""] * (5 - len(values))]
