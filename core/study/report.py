"""What a study has to show: the numbers of its tables and of each run, before they are a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.study.comparison import RunKey
from core.study.table import ArmRow
from core.study.targets import ArmOutcomes
from core.training.curves import EpochFigures
from core.training.figures import ClassMeasures


@dataclass(frozen=True, eq=False)
class Answers:
    """What a network answered.

    Attributes
    ----------
    classes
        Measures of each.
    counts
        K rows of K: images by true class, and by predicted class within a row.
    """

    classes: tuple[ClassMeasures, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Link:
    """A file of a run.

    Attributes
    ----------
    path
        From the page.
    text
        That it is called by.
    """

    path: str
    text: str


@dataclass(frozen=True, eq=False)
class RunReport:
    """One run.

    Attributes
    ----------
    arm, key
        Which.
    curves
        Rows of training and validation images.
    before, after
        At epoch 0 and at the end.
    links
        Sheets and tables, by what they are.
    """

    arm: str
    key: RunKey
    curves: Sequence[EpochFigures]
    before: Answers
    after: Answers
    links: Mapping[str, tuple[Link, ...]]

    @property
    def last_epoch(self) -> int:
        """Number of the epoch at the end."""
        return max(row.epoch for row in self.curves)


@dataclass(frozen=True, eq=False)
class StudyReport:
    """A study.

    Attributes
    ----------
    title
        Of it.
    facts
        What it was made with, by name.
    arms
        What each arm does, by its name, in order.
    compared_with
        The arm that the others are compared with.
    tables
        Rows of the arms, by the images that they are of.
    targets
        What the arms reached, by the same images.
    runs
        In order.
    """

    title: str
    facts: Mapping[str, str]
    arms: Mapping[str, str]
    compared_with: str
    tables: Mapping[str, Sequence[ArmRow]]
    targets: Mapping[str, Sequence[ArmOutcomes]]
    runs: Sequence[RunReport]
