"""The tally and the verdict of a slide with what its readers decided."""

from collections import Counter
from dataclasses import dataclass, replace

from core.review.decisions import Decision, ReadCell, read_cells
from core.store import Role, SlideRecord, StoreError, TakenIn
from core.tally import Evidence, FieldReading, Readings, Verdict, verdict


@dataclass(frozen=True)
class Tally:
    """What a slide's count and readings come to.

    Attributes
    ----------
    evidence
        As the result has it, with the readings.
    verdict
        What may be said.
    """

    evidence: Evidence
    verdict: Verdict


def tally_of(record: SlideRecord) -> Tally:
    """Judge a slide with the readings that stand.

    Cells that the machine did not call make a slide positive or suspicious, but stay out of the density:
    its correction for sensitivity stands for them already.

    Raises
    ------
    StoreError
        Where the slide was not scored.
    """
    if record.taken_in is None:
        raise StoreError("the slide has not been scored yet")
    cells, evidence = read_cells(record), record.taken_in.result.evidence
    read = [cell for cell in cells if cell.readings]
    if not read:
        return Tally(evidence, verdict(evidence))
    unread = evidence.count.candidates - sum(cell.called for cell in read)
    evidence = replace(
        evidence,
        count=replace(evidence.count, candidates_unread=unread),
        readings=_readings(cells, record.taken_in),
    )
    return Tally(evidence, verdict(evidence))


def _readings(cells: tuple[ReadCell, ...], taken_in: TakenIn) -> Readings:
    called = Counter(cell.decision for cell in cells if cell.called)
    others = Counter(cell.decision for cell in cells if not cell.called)
    return Readings(
        accepted_by_both=called[Decision.ACCEPTED_BY_BOTH],
        accepted_by_one=called[Decision.ACCEPTED_BY_ONE],
        disputed=called[Decision.DISPUTED],
        unsure=called[Decision.UNSURE],
        gametocytes=sum(cell.called and cell.gametocyte for cell in cells),
        marked_by_both=others[Decision.ACCEPTED_BY_BOTH],
        # A dispute over such a cell too is one acceptance that awaits another.
        marked_by_one=others[Decision.ACCEPTED_BY_ONE] + others[Decision.DISPUTED],
        marked_unsure=others[Decision.UNSURE],
        fields_read_whole=_fields_read_whole(cells, taken_in),
    )


def _fields_read_whole(cells: tuple[ReadCell, ...], taken_in: TakenIn) -> tuple[FieldReading, ...]:
    """Fields whose candidates both readers have read; those without candidates too, once there are both."""
    called = [cell for cell in cells if cell.called]
    both = {Role.FIRST, Role.SECOND}
    if not any(both <= cell.readings.keys() for cell in called):
        return ()
    partly = {cell.candidate.field for cell in called if not both <= cell.readings.keys()}
    infected = Counter(
        cell.candidate.field
        for cell in called
        if cell.decision == Decision.ACCEPTED_BY_BOTH and not cell.gametocyte
    )
    return tuple(
        FieldReading(count, infected[field])
        for field, count in taken_in.field_cells.items()
        if field not in partly
    )
