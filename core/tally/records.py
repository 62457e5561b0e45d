"""What the tally is told: validation figures, the count of a slide, its readings, the assumptions."""

import math
from dataclasses import dataclass, field

from core.tally.arguments import (
    check_at_most,
    check_count,
    check_positive,
    check_sensitivity,
    check_share,
)
from core.wording.catalogue import Sentence

TARGET_CELLS = 200_000
"""Red cells to examine before a slide may be called free of visible parasites; the rule readers know."""

CONFIDENCE = 0.95
"""Of every bound and interval of a verdict."""

TARGET_FIELDS = 100
"""Fields to spread the count over, because parasites cluster."""


@dataclass(frozen=True)
class Recall:
    """Infected cells of a validation set that one step found and missed.

    At least one must have been found: a step that never found any has no usable sensitivity.
    """

    found: int
    missed: int

    def __post_init__(self) -> None:
        check_count("found", self.found)
        check_count("missed", self.missed)
        check_positive("found", self.found)

    @property
    def value(self) -> float:
        """Share found, in (0, 1]."""
        return self.found / (self.found + self.missed)


@dataclass(frozen=True)
class FalseCalls:
    """Healthy cells of a validation set that were called infected.

    Attributes
    ----------
    count
        Healthy cells called (by the machine) or accepted (by a reader).
    healthy_cells
        Healthy cells examined, at least 1.
    """

    count: int
    healthy_cells: int

    def __post_init__(self) -> None:
        check_count("count", self.count)
        check_count("healthy_cells", self.healthy_cells)
        check_positive("healthy_cells", self.healthy_cells)
        check_at_most("count", self.count, "healthy_cells", self.healthy_cells)

    @property
    def rate(self) -> float:
        """False calls per healthy cell, in [0, 1]."""
        return self.count / self.healthy_cells


@dataclass(frozen=True)
class Performance:
    """What validation says of the machine at the slide's threshold.

    Attributes
    ----------
    model, validation_set
        Names, printed with every verdict.
    threshold
        Score from which a cell is a candidate; the figures below belong to it.
    steps
        One `Recall` where detection and classification were measured together, else one for each;
        the machine's sensitivity is their product.
    false_calls
        Of the machine, before any review.
    dispersion
        How much more than Poisson the counts of fields vary on positive slides (`dispersion`), as
        the model's card has it; None where it was never measured.
    """

    model: str
    validation_set: str
    threshold: float
    steps: tuple[Recall, ...]
    false_calls: FalseCalls
    dispersion: float | None = None

    def __post_init__(self) -> None:
        check_share("threshold", self.threshold)
        if not self.steps:
            raise ValueError(f"steps must hold at least one Recall; it is {self.steps!r}")
        if self.dispersion is not None:
            check_positive("dispersion", self.dispersion)

    @property
    def sensitivity(self) -> float:
        """Share of infected cells that become candidates, in (0, 1]: the product of the steps."""
        return math.prod(step.value for step in self.steps)


@dataclass(frozen=True)
class Excluded:
    """Things left out of the count and why: ``Excluded(312, "cells", "edge")``."""

    count: int
    what: str
    why: str

    def __post_init__(self) -> None:
        check_count("count", self.count)


@dataclass(frozen=True)
class SlideCount:
    """What was counted on a slide.

    Attributes
    ----------
    cells
        Unique evaluable red cells examined: whole, in focus, counted once.
    fields
        Fields they were counted on.
    candidates
        Those of the cells that score at or above the threshold.
    candidates_unread
        Candidates no reader has decided on.
    excluded
        What was left out and why, for printing.
    """

    cells: int
    fields: int
    candidates: int
    candidates_unread: int
    excluded: tuple[Excluded, ...] = ()

    def __post_init__(self) -> None:
        for name in ("cells", "fields", "candidates", "candidates_unread"):
            check_count(name, getattr(self, name))
        check_at_most("candidates", self.candidates, "cells", self.cells)
        check_at_most("candidates_unread", self.candidates_unread, "candidates", self.candidates)


@dataclass(frozen=True)
class SlideConditions:
    """Whether the slide is like those the model was validated on.

    Attributes
    ----------
    outside_validity
        One sentence for each thing (stain, focus, share of candidates) that lies outside, in English; empty
        where nothing does.
    fields_failed
        Fields left out because they fail focus or stain.
    failed_share_limit
        Largest share of all fields, in [0, 1], that may fail.
    outside
        The same sentences as codes and values; empty in what was written before there were any.
    """

    outside_validity: tuple[str, ...]
    fields_failed: int
    failed_share_limit: float
    outside: tuple[Sentence, ...] = ()

    def __post_init__(self) -> None:
        check_count("fields_failed", self.fields_failed)
        check_share("failed_share_limit", self.failed_share_limit)


@dataclass(frozen=True)
class FieldReading:
    """One field whose candidates were all read.

    Attributes
    ----------
    cells
        Evaluable cells of the field.
    infected
        Candidates both readers accepted, gametocytes left out.
    """

    cells: int
    infected: int

    def __post_init__(self) -> None:
        check_count("cells", self.cells)
        check_count("infected", self.infected)
        check_at_most("infected", self.infected, "cells", self.cells)


@dataclass(frozen=True)
class Readings:
    """What readers decided. A candidate stands in one group at most; what is in none was rejected or unread.

    Attributes
    ----------
    accepted_by_both
        Candidates two readers accepted as infected, gametocytes included.
    accepted_by_one
        Candidates one reader accepted and nobody else has read.
    disputed
        Candidates one reader accepted and another did not.
    unsure
        Candidates nobody accepted and somebody was unsure of.
    gametocytes
        How many of `accepted_by_both` are gametocytes: reported, not counted in the density.
    marked_by_both, marked_by_one
        Parasites marked by hand where the machine saw none, by two readers or by one. They make a
        slide positive or suspicious but stay out of the density.
    marked_unsure
        Cells that the machine did not call, that nobody accepted and somebody was unsure of.
    fields_read_whole
        One entry for each field whose candidates were all read by both readers.
    fields_drawn_at_random
        Whether these fields were drawn at random, so that they stand for the slide while other
        candidates are unread.
    """

    accepted_by_both: int = 0
    accepted_by_one: int = 0
    disputed: int = 0
    unsure: int = 0
    gametocytes: int = 0
    marked_by_both: int = 0
    marked_by_one: int = 0
    marked_unsure: int = 0
    fields_read_whole: tuple[FieldReading, ...] = ()
    fields_drawn_at_random: bool = False

    def __post_init__(self) -> None:
        for name in (
            "accepted_by_both",
            "accepted_by_one",
            "disputed",
            "unsure",
            "gametocytes",
            "marked_by_both",
            "marked_by_one",
            "marked_unsure",
        ):
            check_count(name, getattr(self, name))
        check_at_most("gametocytes", self.gametocytes, "accepted_by_both", self.accepted_by_both)
        infected = sum(reading.infected for reading in self.fields_read_whole)
        check_at_most("infected of fields_read_whole", infected, "infected cells counted", self.counted)

    @property
    def counted(self) -> int:
        """Infected cells that enter the density: accepted by both and no gametocytes."""
        return self.accepted_by_both - self.gametocytes


@dataclass(frozen=True)
class Assumptions:
    """What the verdict takes as given, all of it printed.

    Attributes
    ----------
    red_cells_per_ul
        Red cells per µL of blood.
    red_cells_measured
        Whether they were measured for this patient.
    detection_limit_per_ul
        Density, in parasites/µL, that a clean count must be able to exclude.
    review_sensitivity
        Share of infected candidates that review accepts, in (0, 1]; an assumption, said to be one.
    false_accepts
        Healthy cells that review let through, measured by the laboratory; None takes their rate as 0.
    """

    red_cells_per_ul: float = 5_000_000.0
    red_cells_measured: bool = False
    detection_limit_per_ul: float = 75.0
    review_sensitivity: float = 1.0
    false_accepts: FalseCalls | None = None

    def __post_init__(self) -> None:
        check_positive("red_cells_per_ul", self.red_cells_per_ul)
        check_positive("detection_limit_per_ul", self.detection_limit_per_ul)
        check_sensitivity("review_sensitivity", self.review_sensitivity)

    @property
    def false_accept_rate(self) -> float:
        """False accepts per healthy cell; 0 where they were never measured."""
        return self.false_accepts.rate if self.false_accepts else 0.0


@dataclass(frozen=True)
class Evidence:
    """All that a verdict on one slide rests on; `readings` is None until somebody has read."""

    count: SlideCount
    conditions: SlideConditions
    performance: Performance
    assumptions: Assumptions = field(default_factory=Assumptions)
    readings: Readings | None = None

    def __post_init__(self) -> None:
        count, readings = self.count, self.readings
        if not self.sensitivity > self.false_accept_rate:
            raise ValueError(
                f"sensitivity must be above the rate of false accepts ({self.false_accept_rate!r}); "
                f"it is {self.sensitivity!r}"
            )
        if readings is None:
            if count.candidates_unread != count.candidates:
                raise ValueError(
                    f"candidates_unread must equal candidates ({count.candidates!r}) where there are no "
                    f"readings; it is {count.candidates_unread!r}"
                )
            return
        grouped = readings.accepted_by_both + readings.accepted_by_one + readings.disputed + readings.unsure
        check_at_most(
            "accepted, disputed and unsure candidates",
            grouped,
            "candidates read",
            count.candidates - count.candidates_unread,
        )
        check_at_most(
            "cells of fields_read_whole",
            sum(reading.cells for reading in readings.fields_read_whole),
            "cells",
            count.cells,
        )

    @property
    def sensitivity(self) -> float:
        """Share of infected cells that the machine offers and review accepts, in (0, 1]."""
        return self.performance.sensitivity * self.assumptions.review_sensitivity

    @property
    def false_accept_rate(self) -> float:
        """False accepts per healthy cell that remain after review."""
        return self.assumptions.false_accept_rate
