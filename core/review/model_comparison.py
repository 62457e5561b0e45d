"""Two models on the same reviewed slides: where the list of each has the cells that readers accepted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.cells.boxes import Box, intersection_over_union
from core.results.folder import ResultTables
from core.review.decisions import Decision
from core.review.signed_result import SignedResult
from core.tally import Recall, sensitivity_lower_limit

SAME_CELL = 0.5
"""Overlap of two boxes, over their union, from which two models speak of one cell."""

Place = tuple[str, Box]
"""A cell by its field and its box."""


@dataclass(frozen=True)
class Ranking:
    """Where a model's list has the cells of a slide, or of several, that two readers accepted.

    Attributes
    ----------
    ranks
        Of the accepted cells; None for one that the model does not look at.
    accepted_first
        How many of them stand within the review budget.
    first
        How many cells stand there: the budget, or the whole list where that is shorter.
    shared
        How many of these the other model has within the budget too.
    """

    ranks: tuple[int | None, ...]
    accepted_first: int
    first: int
    shared: int

    @property
    def accepted(self) -> int:
        """Cells that two readers accepted."""
        return len(self.ranks)

    @property
    def share_first(self) -> float | None:
        """Share of the accepted cells within the budget; None where none was accepted."""
        return self.accepted_first / self.accepted if self.ranks else None

    @property
    def middle_rank(self) -> int | None:
        """Rank down to which half of the accepted cells stand, what is not looked at standing last.

        None where no cell was accepted, or that half is not looked at.
        """
        if not self.ranks:
            return None
        order = sorted(self.ranks, key=lambda rank: (rank is None, rank or 0))
        return order[(len(order) - 1) // 2]

    def share_first_at_least(self, confidence: float) -> float | None:
        """Lower limit of `share_first`; None where no accepted cell stands within the budget."""
        if not self.accepted_first:
            return None
        recall = Recall(self.accepted_first, self.accepted - self.accepted_first)
        return sensitivity_lower_limit(recall, confidence=confidence)


def accepted_cells(signed: SignedResult) -> tuple[Place, ...]:
    """Cells of a signed result that two readers accepted."""
    return tuple(
        (cell.field, (cell.x, cell.y, cell.width, cell.height))
        for cell in signed.readings
        if cell.decision == Decision.ACCEPTED_BY_BOTH
    )


def rankings(
    first: ResultTables, second: ResultTables, accepted: Sequence[Place], review_budget: int
) -> tuple[Ranking, Ranking]:
    """What the lists of two models make of one slide.

    Parameters
    ----------
    first, second
        The slide as each model has scored it.
    accepted
        By its readers. A cell that overlaps with nothing that a model looks at by `SAME_CELL` has no rank.
    review_budget
        How many of each list are held against each other.
    """
    return (
        _ranking(first, second, accepted, review_budget),
        _ranking(second, first, accepted, review_budget),
    )


def summed(rankings_of_slides: Iterable[Ranking]) -> Ranking:
    """All slides together."""
    found = tuple(rankings_of_slides)
    return Ranking(
        ranks=tuple(rank for one in found for rank in one.ranks),
        accepted_first=sum(one.accepted_first for one in found),
        first=sum(one.first for one in found),
        shared=sum(one.shared for one in found),
    )


def _ranking(
    own: ResultTables, other: ResultTables, accepted: Sequence[Place], review_budget: int
) -> Ranking:
    leading = own.after_rank(0, review_budget)
    ranks = _ranks(own, accepted)
    elsewhere = _ranks(other, [(cell.field, cell.box) for cell in leading])
    return Ranking(
        ranks=ranks,
        accepted_first=_within(ranks, review_budget),
        first=len(leading),
        shared=_within(elsewhere, review_budget),
    )


def _within(ranks: Iterable[int | None], review_budget: int) -> int:
    return sum(rank is not None and rank <= review_budget for rank in ranks)


def _ranks(tables: ResultTables, places: Sequence[Place]) -> tuple[int | None, ...]:
    """The rank of what a model looks at in each place."""
    cells, of_fields = tables.cells, dict[str, tuple[NDArray[np.float32], NDArray[np.int32]]]()
    for field in {field for field, _ in places} & tables.number_of_field.keys():
        here = tables.on_field(field)
        here = here[cells.looked_at[here]]
        if len(here):
            of_fields[field] = cells.boxes[here], cells.rank[here]
    return tuple(_rank_at(box, *of_fields[field]) if field in of_fields else None for field, box in places)


def _rank_at(box: Box, boxes: NDArray[np.float32], ranks: NDArray[np.int32]) -> int | None:
    overlaps = intersection_over_union(np.array([box], np.float32), boxes)[0]
    nearest = int(overlaps.argmax())
    return int(ranks[nearest]) if overlaps[nearest] >= SAME_CELL else None
