"""The tally and the verdict of a slide with what its readers decided."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.review.decisions import Decision, ReadCell, read_cells
from core.review.progress import read_to
from core.review.whole_fields import looked_through
from core.store import Role, SlideRecord, StoredSlide, StoreError, TakenIn
from core.tally import Evidence, FieldReading, Readings, Verdict, verdict
from core.wording import sentence


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

    Cells that were drawn at random or marked by hand make a slide positive or suspicious, but stay out of the
    density: its correction for sensitivity stands for them already.

    Raises
    ------
    StoreError
        Where the slide was not scored.
    """
    if record.taken_in is None:
        raise StoreError(sentence("store.not_scored"))
    cells, evidence = read_cells(record), evidence_of(record.slide, record.taken_in)
    to_read, rank = sum(cell.listed for cell in cells), read_to(cells)
    unread = sum(not cell.readings for cell in cells[:to_read])
    count = replace(evidence.count, to_read=to_read, read_to=rank, unread=unread)
    anybody = any(cell.readings for cell in cells)
    readings = _readings(cells, cells[:rank], record.taken_in) if anybody else None
    if readings is not None:
        whole = looked_through(record.fields_read, cells, record.taken_in)
        readings = replace(readings, fields_looked_through=whole)
    evidence = replace(evidence, count=count, readings=readings)
    return Tally(evidence, verdict(evidence))


def evidence_of(slide: StoredSlide, taken_in: TakenIn) -> Evidence:
    """What scoring found of a slide, with the red cells that were measured for its patient."""
    evidence = taken_in.result.evidence
    if slide.red_cells_per_ul is None:
        return evidence
    assumptions = replace(
        evidence.assumptions, red_cells_per_ul=slide.red_cells_per_ul, red_cells_measured=True
    )
    return replace(evidence, assumptions=assumptions)


def _readings(
    cells: tuple[ReadCell, ...], read_without_gap: Sequence[ReadCell], taken_in: TakenIn
) -> Readings:
    # Only of cells that were read: this is worked out after every call, however many are left.
    read = [cell for cell in cells if cell.readings]
    listed = Counter(cell.decision for cell in read if cell.listed)
    others = Counter(cell.decision for cell in read if not cell.listed)
    agreed = [cell for cell in read if cell.listed and cell.decision == Decision.ACCEPTED_BY_BOTH]
    evaluable = [cell for cell in agreed if cell.candidate.evaluable]
    return Readings(
        accepted_by_both=len(evaluable),
        accepted_outside_count=len(agreed) - len(evaluable),
        accepted_by_one=listed[Decision.ACCEPTED_BY_ONE],
        disputed=listed[Decision.DISPUTED],
        unsure=listed[Decision.UNSURE],
        gametocytes=sum(cell.gametocyte for cell in evaluable),
        counted=sum(map(_counts, read_without_gap)),
        marked_by_both=others[Decision.ACCEPTED_BY_BOTH],
        # A dispute over such a cell too is one acceptance that awaits another.
        marked_by_one=others[Decision.ACCEPTED_BY_ONE] + others[Decision.DISPUTED],
        marked_unsure=others[Decision.UNSURE],
        fields_read_whole=_fields_read_whole(read_without_gap, taken_in),
    )


def _counts(cell: ReadCell) -> bool:
    """Whether a cell of the list that was read enters the density."""
    agreed = cell.decision == Decision.ACCEPTED_BY_BOTH
    return agreed and cell.candidate.evaluable and not cell.gametocyte


def _fields_read_whole(cells: Sequence[ReadCell], taken_in: TakenIn) -> tuple[FieldReading, ...]:
    """Fields whose cells of the list both readers have read, as far down as the list is read without a gap.

    Those without such cells too, once there are both readers.
    """
    both = {Role.FIRST, Role.SECOND}
    if not any(both <= cell.readings.keys() for cell in cells):
        return ()
    partly = {cell.candidate.field for cell in cells if not both <= cell.readings.keys()}
    infected = Counter(cell.candidate.field for cell in cells if _counts(cell))
    return tuple(
        FieldReading(count, infected[field])
        for field, count in taken_in.field_cells.items()
        if field not in partly
    )
