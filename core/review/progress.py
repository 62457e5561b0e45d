"""How far the reading of a slide has come, and what is to be read next by whom."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile

from core.review.decisions import Decision, ReadCell, read_cells
from core.store import Candidate, Reading, Role, ScoringStep, SlideRecord
from core.store.records import same_person


class SlideState(StrEnum):
    """Where a slide stands on its way to a signed result."""

    QUEUED = "queued"
    SCORING = "scoring"
    STOPPED = "stopped"
    FAILED = "failed"
    TO_REVIEW = "to review"
    SECOND_READING = "second reading"
    ADJUDICATION = "adjudication"
    TO_SIGN = "to sign"
    DONE = "done"
    """Signed."""


@dataclass(frozen=True)
class ReviewProgress:
    """How many cells are left to whom, and what was decided.

    Attributes
    ----------
    to_read
        How many of the list have to be read.
    read_to
        The rank down to which the list is read by anybody without a gap.
    first_left
        Those of `to_read` that the first reader has not read.
    second_left
        Those that the second reader has not read, and other cells that the first has and the second has not.
    to_adjudicate
        Cells on which first and second reader differ.
    agreed, accepted_alone, disputed, unsure
        Cells by what their readings come to, of the list or not; see `Decision`.
    """

    to_read: int
    read_to: int
    first_left: int
    second_left: int
    to_adjudicate: int
    agreed: int
    accepted_alone: int
    disputed: int
    unsure: int


def progress(record: SlideRecord) -> ReviewProgress:
    """How far the reading of a slide has come."""
    cells = read_cells(record)
    read = [cell for cell in cells if cell.readings]
    unread = sum(cell.listed for cell in cells if not cell.readings)
    decisions = Counter(cell.decision for cell in read)
    return ReviewProgress(
        to_read=sum(cell.listed for cell in cells),
        read_to=read_to(cells),
        first_left=unread + sum(cell.listed and Role.FIRST not in cell.readings for cell in read),
        second_left=unread + sum(_for_second(cell) and Role.SECOND not in cell.readings for cell in read),
        to_adjudicate=sum(cell.to_adjudicate for cell in read),
        agreed=decisions[Decision.ACCEPTED_BY_BOTH],
        accepted_alone=decisions[Decision.ACCEPTED_BY_ONE],
        disputed=decisions[Decision.DISPUTED],
        unsure=decisions[Decision.UNSURE],
    )


def read_to(cells: Sequence[ReadCell]) -> int:
    """The rank down to which a slide's list is read by anybody without a gap.

    Parameters
    ----------
    cells
        As `read_cells` gives them: the list first, by rank.
    """
    return sum(1 for _ in takewhile(lambda cell: cell.listed and cell.readings, cells))


def slide_state(record: SlideRecord) -> SlideState:
    """Where a slide stands."""
    if record.slide.scoring != ScoringStep.SCORED:
        return SlideState(record.slide.scoring.value)
    if record.locked:
        return SlideState.DONE
    left = progress(record)
    nobody_has_read = all(reading.undone_by is not None for reading in record.readings)
    if left.first_left or nobody_has_read:
        return SlideState.TO_REVIEW
    if left.second_left:
        return SlideState.SECOND_READING
    return SlideState.ADJUDICATION if left.to_adjudicate else SlideState.TO_SIGN


def cells_for(record: SlideRecord, role: Role, reader: str) -> tuple[Candidate, ...]:
    """Candidates that a reader is given, read or not, in the order in which they are shown.

    The first reader gets all, the list by rank. The second gets the list as it is laid before readers, and
    what the first has read beside it, in an order of their own (`second_order`), so that neither rank nor
    order tells anything; without cells that another second reader has read, because a cell has one reader in
    each role. The adjudicator gets the cells on which the two differ, and those already adjudicated.
    """
    if role == Role.FIRST:
        return record.candidates
    cells = read_cells(record)
    if role == Role.SECOND:
        given = [
            cell.candidate
            for cell in cells
            if _for_second(cell) and not is_anothers(cell.readings, role, reader)
        ]
        return second_order(given, reader, record.slide.id)
    return tuple(cell.candidate for cell in cells if cell.to_adjudicate or Role.ADJUDICATOR in cell.readings)


def settled_disputes(record: SlideRecord) -> frozenset[int]:
    """Cells on which two readers differed and a third has decided; none while one of them is open.

    Until all are settled the first reader is not shown which they are: a call that is changed in order to
    agree would be no call of their own.
    """
    cells = read_cells(record)
    if any(cell.to_adjudicate for cell in cells):
        return frozenset()
    return frozenset(cell.candidate.id for cell in cells if Role.ADJUDICATOR in cell.readings)


def is_anothers(readings: Mapping[Role, Reading], role: Role, reader: str) -> bool:
    """Whether another person has read a cell in a role, so that this one cannot."""
    return role in readings and not same_person(readings[role].reader, reader)


def second_order(
    candidates: tuple[Candidate, ...] | list[Candidate], reader: str, slide_id: int
) -> tuple[Candidate, ...]:
    """An order that looks random, is the same each time for a reader and slide, and differs between readers.

    A cell that is added moves none of the others.
    """

    def place(candidate: Candidate) -> bytes:
        return hashlib.sha256(f"{slide_id} {candidate.id} {reader.casefold()}".encode()).digest()

    return tuple(sorted(candidates, key=place))


def _for_second(cell: ReadCell) -> bool:
    return cell.listed or Role.FIRST in cell.readings or Role.SECOND in cell.readings
