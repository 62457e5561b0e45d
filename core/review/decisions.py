"""From the calls of several readers to what holds of a cell."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import takewhile
from types import MappingProxyType

from core.store import Call, Candidate, Opinion, Reading, Role, SlideRecord, Stage


class Decision(StrEnum):
    """What the readings of a cell come to. A call stands where two readers give it."""

    UNREAD = "unread"
    ACCEPTED_BY_BOTH = "accepted by two readers"
    ACCEPTED_BY_ONE = "accepted by one reader"
    """One reader accepted it and nobody else has read it."""
    DISPUTED = "disputed"
    """One reader accepted it, another did not, and no two agree."""
    UNSURE = "unsure"
    """Nobody accepted it, somebody is unsure, and no two rejected it."""
    REJECTED = "rejected"


ACCEPTED = (Decision.ACCEPTED_BY_BOTH, Decision.DISPUTED, Decision.ACCEPTED_BY_ONE)
"""What cells come to that anybody accepted and no two rejected; those agreed on first."""


@dataclass(frozen=True)
class ReadCell:
    """A candidate with the readings that stand.

    Attributes
    ----------
    readings
        The one that stands of each role in which it was read.
    listed
        Whether it is of the list as it is to be read, from its first on (`to_read`): what is drawn at random
        or marked by hand is not, nor what stands beyond a gap.
    """

    candidate: Candidate
    readings: Mapping[Role, Reading]
    listed: bool

    @cached_property
    def decision(self) -> Decision:
        """What its readings come to."""
        return decision_of([said.call for said in self.opinions])

    @property
    def opinions(self) -> tuple[Opinion, ...]:
        """What each of its readers says."""
        return tuple(reading.opinion for reading in self.readings.values())

    @property
    def gametocyte(self) -> bool:
        """Whether two accepted it, and every stage that was named with an acceptance is gametocyte."""
        if self.decision != Decision.ACCEPTED_BY_BOTH:
            return False
        stages = {said.stage for said in self.opinions if said.call == Call.PARASITE and said.stage}
        return stages == {Stage.GAMETOCYTE}

    @property
    def to_adjudicate(self) -> bool:
        """Whether first and second reader differ and no adjudicator has read it.

        They differ on a cell that is not listed also where the second marked it and the first never did.
        """
        if Role.ADJUDICATOR in self.readings or Role.SECOND not in self.readings:
            return False
        second = self.readings[Role.SECOND].opinion.call
        if Role.FIRST in self.readings:
            return second != self.readings[Role.FIRST].opinion.call
        return not self.listed and second != Call.NOT_PARASITE


def decision_of(calls: Collection[Call]) -> Decision:
    """What calls by different readers come to.

    Parameters
    ----------
    calls
        One of each reader, at most three.
    """
    accepted = sum(call == Call.PARASITE for call in calls)
    rejected = sum(call == Call.NOT_PARASITE for call in calls)
    if not calls:
        return Decision.UNREAD
    if accepted >= 2:
        return Decision.ACCEPTED_BY_BOTH
    if rejected >= 2:
        return Decision.REJECTED
    if accepted:
        return Decision.ACCEPTED_BY_ONE if len(calls) == 1 else Decision.DISPUTED
    return Decision.UNSURE if Call.UNSURE in calls else Decision.REJECTED


def standing(readings: Iterable[Reading]) -> dict[int, dict[Role, Reading]]:
    """The reading that stands of each candidate in each role: the last that was not taken back."""
    found: dict[int, dict[Role, Reading]] = defaultdict(dict)
    for reading in readings:
        if reading.undone_by is None:
            found[reading.candidate_id][reading.role] = reading
    return dict(found)


def read_cells(record: SlideRecord) -> tuple[ReadCell, ...]:
    """Candidates of a slide, in its order, each with the readings that stand."""
    readings, unread = standing(record.readings), MappingProxyType[Role, Reading]({})
    listed = to_read(record, readings)
    return tuple(
        # The list stands first among the candidates, by rank.
        ReadCell(candidate, readings.get(candidate.id, unread), listed=place < listed)
        for place, candidate in enumerate(record.candidates)
    )


def to_read(record: SlideRecord, readings: Mapping[int, Mapping[Role, Reading]]) -> int:
    """How many of a slide's list have to be read: those within the review budget.

    Of what somebody has asked for beyond, only as many as were read without a gap: who has looked a little
    further need not read all that they were shown.

    Parameters
    ----------
    readings
        Those that stand, by candidate.
    """
    within_budget = 0 if record.taken_in is None else record.taken_in.result.cells.listed
    read = sum(1 for _ in takewhile(lambda candidate: candidate.id in readings, record.candidates))
    return min(record.laid_out, max(within_budget, read))
