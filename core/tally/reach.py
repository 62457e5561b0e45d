"""How far a count reaches in which no parasite is found, and what reading on adds to that."""

import math
from bisect import bisect_left
from dataclasses import dataclass

from core.tally.bounds import (
    cells_for_limit,
    detection_limit_per_ul,
    effective_cells,
    excluded_infected_cells_averaged,
)
from core.tally.performance import Performance
from core.tally.records import CONFIDENCE, Assumptions, Evidence
from core.wording.catalogue import Sentence, sentence

WORTHWHILE = 0.25
"""Share of the cells needed by which reading on must lower their number to be worth naming."""
FURTHEST = 10
"""Times as far as the list is read now: further no reader is sent, unless it makes the count adequate."""


@dataclass(frozen=True)
class ReadOn:
    """The next step down the list that is worth its time.

    Attributes
    ----------
    further, rank
        How many more of the list to read, and to which rank they lead.
    needed, fewer
        Cells that the detection limit takes after that, and how many less that is.
    enough
        Whether the cells that are counted already are as many.
    """

    further: int
    rank: int
    needed: int
    fewer: int
    enough: bool


@dataclass(frozen=True)
class Reach:
    """How far a count reaches in which readers find no parasite.

    Attributes
    ----------
    limit_per_ul
        Density in parasites/µL above which it excludes; None where no cell was counted.
    needed, missing
        Cells that the assumed detection limit takes, and how many of them are still to be counted.
    shortcomings
        A sentence for each thing that makes the count inadequate.
    read_on
        What reading on would spare; None where no cell is missing, or reading on spares little.
    """

    limit_per_ul: float | None
    needed: int
    missing: int
    shortcomings: tuple[Sentence, ...]
    read_on: ReadOn | None

    @property
    def adequate(self) -> bool:
        """Whether the slide may be called free of parasites where none is found."""
        return not self.shortcomings


def reach_of(evidence: Evidence) -> Reach:
    """How far the count of a slide reaches where no parasite is found in what is laid before readers.

    Whatever was found, and however much of it is read.
    """
    count, performance, assumptions = evidence.count, evidence.performance, evidence.assumptions
    excluded = _excluded(performance, assumptions, count.to_read, count.looked_at)
    independent = effective_cells(count.cells, assumed_dispersion(performance))
    limit = detection_limit_per_ul(independent, excluded, assumptions.red_cells_per_ul)
    needed = cells_needed(performance, assumptions, count.to_read, count.looked_at)
    missing = max(0, needed - count.cells)
    step = next_step(performance, assumptions, count.cells, count.to_read, count.looked_at)
    return Reach(limit, needed, missing, _shortcomings(evidence, missing, needed), step)


def cells_needed(performance: Performance, assumptions: Assumptions, rank: int, looked_at: int) -> int:
    """Cells that a clean count takes to exclude the assumed detection limit, the list being read to a rank.

    Parameters
    ----------
    rank, looked_at
        How far the list is read, and how long it is.
    """
    excluded = _excluded(performance, assumptions, rank, looked_at)
    independent = cells_for_limit(assumptions.detection_limit_per_ul, excluded, assumptions.red_cells_per_ul)
    return math.ceil(independent * assumed_dispersion(performance))


def next_step(
    performance: Performance, assumptions: Assumptions, cells: int, rank: int, looked_at: int
) -> ReadOn | None:
    """How much further down the list it is worth reading, where too few cells are counted.

    As far as makes the present count adequate, if any rank does. Else as far as lowers the number of cells
    needed by `WORTHWHILE`, if that takes no more than `FURTHEST` times the present rank. The curve knows no
    more between two of its rates, so steps end on its rates.

    Parameters
    ----------
    cells
        Evaluable cells counted.
    rank, looked_at
        How far the list is read, or is to be read, now; and how long it is.

    Returns
    -------
    None where enough cells are counted, or no step is worthwhile.
    """
    needed = cells_needed(performance, assumptions, rank, looked_at)
    if needed <= cells:
        return None
    ranks = [first for rate in performance.curve.rates if (first := _first_rank(rate, looked_at)) > rank]

    def first_that_needs(most: float) -> int:
        """The first of the ranks that needs no more cells than that; their need never rises."""
        return bisect_left(
            ranks, x=True, key=lambda to: cells_needed(performance, assumptions, to, looked_at) <= most
        )

    chosen = first_that_needs(cells)
    if chosen == len(ranks):
        chosen = first_that_needs((1 - WORTHWHILE) * needed)
        if chosen == len(ranks) or ranks[chosen] > FURTHEST * rank:
            return None
    to = ranks[chosen]
    then = cells_needed(performance, assumptions, to, looked_at)
    return ReadOn(to - rank, to, then, needed - then, enough=then <= cells)


def reading_on(step: ReadOn | None) -> tuple[Sentence, ...]:
    """What to say of it."""
    if step is None:
        return ()
    if step.enough:
        return (sentence("verdict.read_on_enough", further=step.further, rank=step.rank),)
    return (sentence("verdict.read_on", further=step.further, rank=step.rank, fewer=step.fewer),)


def assumed_dispersion(performance: Performance) -> float:
    """Give phi where the slide cannot tell it: the card's, at least 1, or 1 where the card has none."""
    return max(1.0, performance.dispersion or 1.0)


def _excluded(performance: Performance, assumptions: Assumptions, rank: int, looked_at: int) -> float:
    return excluded_infected_cells_averaged(
        performance.recall(rank, looked_at),
        review_sensitivity=assumptions.review_sensitivity,
        confidence=CONFIDENCE,
    )


def _first_rank(rate: float, looked_at: int) -> int:
    """The first rank of a list that is so large a share of it, divided as `Performance.recall` divides."""
    rank = math.floor(rate * looked_at)
    while looked_at and rank / looked_at < rate:
        rank += 1
    return rank


def _shortcomings(evidence: Evidence, missing: int, needed: int) -> tuple[Sentence, ...]:
    count, conditions, assumptions = evidence.count, evidence.conditions, evidence.assumptions
    found = []
    if not count.cells:
        found.append(sentence("verdict.no_cells"))
    if missing:
        found.append(
            sentence(
                "verdict.missing",
                missing=missing,
                cells=count.cells,
                needed=needed,
                limit=assumptions.detection_limit_per_ul,
            )
        )
    fields = count.fields + conditions.fields_failed
    if fields and conditions.fields_failed / fields > conditions.failed_share_limit:
        found.append(
            sentence(
                "verdict.fields_fail",
                failed=conditions.fields_failed,
                fields=fields,
                share=conditions.failed_share_limit,
            )
        )
    return tuple(found)
