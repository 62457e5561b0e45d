"""Two models on the same reviewed slides: what each calls of the cells that readers decided on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.cells.boxes import Box, intersection_over_union
from core.review.decisions import Decision
from core.review.signed_result import SignedResult
from core.tally import Recall, rate_upper_limit, sensitivity_lower_limit

SAME_CELL = 0.5
"""Overlap of two boxes, over their union, from which two models speak of one cell."""


@dataclass(frozen=True)
class DecidedCell:
    """A cell that readers decided on: accepted by two, or rejected by two or by the only reader."""

    field: str
    box: Box
    accepted: bool


@dataclass(frozen=True)
class Calls:
    """What a model made of the cells of a slide, or of several.

    Attributes
    ----------
    accepted, accepted_called
        Cells that two readers accepted, and how many of them the model calls.
    rejected, rejected_called
        The same of the cells that were rejected.
    called, cells
        All that the model calls, and all cells that it counted: what a person would have had to look at.
    """

    accepted: int
    accepted_called: int
    rejected: int
    rejected_called: int
    called: int
    cells: int

    @property
    def sensitivity(self) -> float | None:
        """Share of the accepted cells that are called; None where none was accepted."""
        return self.accepted_called / self.accepted if self.accepted else None

    @property
    def false_calls_per_1000(self) -> float | None:
        """Of the rejected cells; None where none was rejected."""
        return 1000 * self.rejected_called / self.rejected if self.rejected else None

    def sensitivity_at_least(self, confidence: float) -> float | None:
        """Lower limit of the sensitivity; None where no accepted cell is called."""
        if not self.accepted_called:
            return None
        recall = Recall(self.accepted_called, self.accepted - self.accepted_called)
        return sensitivity_lower_limit(recall, confidence=confidence)

    def false_calls_per_1000_at_most(self, confidence: float) -> float | None:
        """Upper limit of the false calls; None where no cell was rejected."""
        if not self.rejected:
            return None
        return 1000 * rate_upper_limit(self.rejected_called, self.rejected, confidence=confidence)


def decided_cells(signed: SignedResult) -> tuple[DecidedCell, ...]:
    """Cells of a signed result that teach something of a model; disputed, doubtful and unread ones do not."""
    truth = {Decision.ACCEPTED_BY_BOTH: True, Decision.REJECTED: False}
    return tuple(
        DecidedCell(cell.field, (cell.x, cell.y, cell.width, cell.height), truth[cell.decision])
        for cell in signed.readings
        if cell.decision in truth
    )


def calls_on(
    decided: Sequence[DecidedCell],
    located: Mapping[str, tuple[NDArray[np.floating], NDArray[np.bool_]]],
) -> Calls:
    """What a model calls of the cells that readers decided on.

    Parameters
    ----------
    decided
        By its readers, of one slide.
    located
        The model's own cells that count, by field: (N, 4) boxes x, y, width, height, and (N,) whether each
        is called. A decided cell that overlaps with none of them by `SAME_CELL` is not called.
    """
    called = [_is_called(cell, located) for cell in decided]
    accepted = [hit for cell, hit in zip(decided, called, strict=True) if cell.accepted]
    rejected = [hit for cell, hit in zip(decided, called, strict=True) if not cell.accepted]
    return Calls(
        accepted=len(accepted),
        accepted_called=sum(accepted),
        rejected=len(rejected),
        rejected_called=sum(rejected),
        called=sum(int(hits.sum()) for _, hits in located.values()),
        cells=sum(len(hits) for _, hits in located.values()),
    )


def summed(calls: Iterable[Calls]) -> Calls:
    """All slides together."""
    rows = [
        (one.accepted, one.accepted_called, one.rejected, one.rejected_called, one.called, one.cells)
        for one in calls
    ]
    return Calls(*(sum(column) for column in zip(*rows, strict=True))) if rows else Calls(0, 0, 0, 0, 0, 0)


def _is_called(
    cell: DecidedCell, located: Mapping[str, tuple[NDArray[np.floating], NDArray[np.bool_]]]
) -> bool:
    boxes, called = located.get(cell.field, (np.zeros((0, 4)), np.zeros(0, bool)))
    if not len(boxes):
        return False
    overlaps = intersection_over_union(np.array([cell.box], np.float32), np.asarray(boxes, np.float32))[0]
    nearest = int(overlaps.argmax())
    return bool(overlaps[nearest] >= SAME_CELL and called[nearest])
