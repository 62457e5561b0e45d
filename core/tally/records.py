"""What the tally is told of a slide: its count, its readings, the assumptions."""

from dataclasses import dataclass, field

from core.tally.arguments import (
    check_at_most,
    check_count,
    check_positive,
    check_sensitivity,
    check_share,
)
from core.tally.performance import FalseAccepts, Performance
from core.wording.catalogue import Sentence

TARGET_CELLS = 200_000
"""Red cells to examine before a slide may be called free of visible parasites; the rule readers know."""

CONFIDENCE = 0.95
"""Of every bound and interval of a verdict."""

TARGET_FIELDS = 100
"""Fields to spread the count over, because parasites cluster."""


SEEN_ELSEWHERE = "seen elsewhere"
"""Why something is left out that another photograph shows as well: nothing is lost by it."""


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
    """What was counted on a slide, and how far its list is read.

    Attributes
    ----------
    cells
        Unique evaluable red cells examined: whole, in focus, counted once.
    fields
        Fields they were counted on.
    looked_at
        All objects that have a score, evaluable or not: the length of the list.
    to_read
        How many of the list, from the first on, are laid before readers.
    read_to
        The rank down to which the list is read without a gap.
    unread
        Those of `to_read` no reader has decided on.
    excluded
        What was left out of the cells and why, for printing.
    """

    cells: int
    fields: int
    looked_at: int
    to_read: int
    read_to: int
    unread: int
    excluded: tuple[Excluded, ...] = ()

    def __post_init__(self) -> None:
        for name in ("cells", "fields", "looked_at", "to_read", "read_to", "unread"):
            check_count(name, getattr(self, name))
        check_at_most("cells", self.cells, "looked_at", self.looked_at)
        check_at_most("to_read", self.to_read, "looked_at", self.looked_at)
        check_at_most("read_to + unread", self.read_to + self.unread, "to_read", self.to_read)
        if self.read_to < self.to_read and not self.unread:
            raise ValueError(
                f"read_to must be to_read ({self.to_read!r}) where nothing is unread; it is {self.read_to!r}"
            )


@dataclass(frozen=True)
class SlideConditions:
    """Whether the slide is like those the model was validated on.

    Attributes
    ----------
    outside_validity
        One sentence for each thing (stain, focus) that lies outside, in English; empty
        where nothing does.
    fields_failed
        Fields left out because they fail focus or stain.
    failed_share_limit
        Largest share of all fields, in [0, 1], that may fail.
    outside
        The same sentences as codes and values; empty in what was written before there were any.
    left_out
        A sentence for each reason for which fields do not count although they are looked at, and what to do.
    """

    outside_validity: tuple[str, ...]
    fields_failed: int
    failed_share_limit: float
    outside: tuple[Sentence, ...] = ()
    left_out: tuple[Sentence, ...] = ()

    def __post_init__(self) -> None:
        check_count("fields_failed", self.fields_failed)
        check_share("failed_share_limit", self.failed_share_limit)


@dataclass(frozen=True)
class FieldReading:
    """One field whose cells of the list were all read, as far as the list is read.

    Attributes
    ----------
    cells
        Evaluable cells of the field.
    infected
        Those of them that count as infected.
    """

    cells: int
    infected: int

    def __post_init__(self) -> None:
        check_count("cells", self.cells)
        check_count("infected", self.infected)
        check_at_most("infected", self.infected, "cells", self.cells)


@dataclass(frozen=True)
class Readings:
    """What readers decided. A cell stands in one group at most; what is in none was rejected or unread.

    Attributes
    ----------
    accepted_by_both
        Evaluable cells of the list two readers accepted as infected, gametocytes included.
    accepted_outside_count
        Objects of the list that are not evaluable (in a clump, at an edge, of odd shape) and that two
        readers accepted: they make a slide positive and stay out of every count.
    accepted_by_one
        Objects of the list one reader accepted and nobody else has read.
    disputed
        Objects of the list one reader accepted and another did not.
    unsure
        Objects of the list nobody accepted and somebody was unsure of.
    gametocytes
        How many of `accepted_by_both` are gametocytes: reported, not counted in the density.
    counted
        x: how many of `accepted_by_both` enter the density: no gametocytes, and none below the rank to
        which the list is read.
    marked_by_both, marked_by_one
        Parasites among cells marked by hand or drawn at random, by two readers or by one. They make a
        slide positive or suspicious but stay out of the density.
    marked_unsure
        Such cells that nobody accepted and somebody was unsure of.
    fields_read_whole
        One entry for each field whose cells of the list were all read by both readers.
    fields_looked_through
        One entry for each field of which both readers say that they have looked at all of it; its infected
        cells are those two accepted, of the list or not, without gametocytes.
    """

    accepted_by_both: int = 0
    accepted_outside_count: int = 0
    accepted_by_one: int = 0
    disputed: int = 0
    unsure: int = 0
    gametocytes: int = 0
    counted: int = 0
    marked_by_both: int = 0
    marked_by_one: int = 0
    marked_unsure: int = 0
    fields_read_whole: tuple[FieldReading, ...] = ()
    fields_looked_through: tuple[FieldReading, ...] = ()

    def __post_init__(self) -> None:
        for name in (
            "accepted_by_both",
            "accepted_outside_count",
            "accepted_by_one",
            "disputed",
            "unsure",
            "gametocytes",
            "counted",
            "marked_by_both",
            "marked_by_one",
            "marked_unsure",
        ):
            check_count(name, getattr(self, name))
        check_at_most(
            "gametocytes + counted",
            self.gametocytes + self.counted,
            "accepted_by_both",
            self.accepted_by_both,
        )
        infected = sum(reading.infected for reading in self.fields_read_whole)
        check_at_most("infected of fields_read_whole", infected, "counted", self.counted)
        infected = sum(reading.infected for reading in self.fields_looked_through)
        check_at_most("infected of fields_looked_through", infected, "agreed", self.agreed)

    @property
    def agreed(self) -> int:
        """Parasites two readers agree on, counted or not."""
        return self.accepted_by_both + self.accepted_outside_count + self.marked_by_both

    @property
    def on_the_list(self) -> int:
        """Objects of the list that stand in any group."""
        return (
            self.accepted_by_both
            + self.accepted_outside_count
            + self.accepted_by_one
            + self.disputed
            + self.unsure
        )


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
        Share of infected cells it is shown that review accepts, in (0, 1]; an assumption, said to be one.
    false_accepts
        Healthy cells that review let through, measured by the laboratory; None takes their rate as 0.
    """

    red_cells_per_ul: float = 5_000_000.0
    red_cells_measured: bool = False
    detection_limit_per_ul: float = 75.0
    review_sensitivity: float = 1.0
    false_accepts: FalseAccepts | None = None

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
        if readings is None:
            if count.unread != count.to_read:
                raise ValueError(
                    f"unread must equal to_read ({count.to_read!r}) where there are no readings; "
                    f"it is {count.unread!r}"
                )
            return
        check_at_most(
            "accepted, disputed and unsure of the list",
            readings.on_the_list,
            "what is read of it",
            count.to_read - count.unread,
        )
        check_at_most("counted", readings.counted, "read_to", count.read_to)
        check_at_most("counted", readings.counted, "cells", count.cells)
        for name in ("fields_read_whole", "fields_looked_through"):
            cells = sum(reading.cells for reading in getattr(readings, name))
            check_at_most(f"cells of {name}", cells, "cells", count.cells)
