"""The tally and the verdict of a slide with what its readers decided."""

from collections import Counter
from dataclasses import dataclass, replace

from core.review.decisions import Decision, ReadCell, read_cells
from core.store import Role, SlideRecord, StoredSlide, StoreError, TakenIn
from core.tally import Evidence, FieldReading, Figures, Readings, Verdict, verdict
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
    machine_figures
        What the machine's calls come to alone, as the result has them, with the patient's red cells.
    """

    evidence: Evidence
    verdict: Verdict
    machine_figures: Figures | None


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
        raise StoreError(sentence("store.not_scored"))
    cells, evidence = read_cells(record), evidence_of(record.slide, record.taken_in)
    machine_figures = _machine_figures(record.slide, record.taken_in)
    read = [cell for cell in cells if cell.readings]
    if not read:
        return Tally(evidence, verdict(evidence), machine_figures)
    unread = evidence.count.candidates - sum(cell.called for cell in read)
    evidence = replace(
        evidence,
        count=replace(evidence.count, candidates_unread=unread),
        readings=_readings(cells, record.taken_in),
    )
    return Tally(evidence, verdict(evidence), machine_figures)


def evidence_of(slide: StoredSlide, taken_in: TakenIn) -> Evidence:
    """What scoring found of a slide, with the red cells that were measured for its patient."""
    evidence = taken_in.result.evidence
    if slide.red_cells_per_ul is None:
        return evidence
    assumptions = replace(
        evidence.assumptions, red_cells_per_ul=slide.red_cells_per_ul, red_cells_measured=True
    )
    return replace(evidence, assumptions=assumptions)


def _machine_figures(slide: StoredSlide, taken_in: TakenIn) -> Figures | None:
    figures = taken_in.result.machine_figures
    if figures is None or slide.red_cells_per_ul is None:
        return figures
    return replace(figures, density_per_ul=figures.corrected_fraction.times(slide.red_cells_per_ul))


def _readings(cells: tuple[ReadCell, ...], taken_in: TakenIn) -> Readings:
    # Only of cells that were read: this is worked out after every call, however many are left.
    read = [cell for cell in cells if cell.readings]
    called = Counter(cell.decision for cell in read if cell.called)
    others = Counter(cell.decision for cell in read if not cell.called)
    return Readings(
        accepted_by_both=called[Decision.ACCEPTED_BY_BOTH],
        accepted_by_one=called[Decision.ACCEPTED_BY_ONE],
        disputed=called[Decision.DISPUTED],
        unsure=called[Decision.UNSURE],
        gametocytes=sum(cell.called and cell.gametocyte for cell in read),
        marked_by_both=others[Decision.ACCEPTED_BY_BOTH],
        # A dispute over such a cell too is one acceptance that awaits another.
        marked_by_one=others[Decision.ACCEPTED_BY_ONE] + others[Decision.DISPUTED],
        marked_unsure=others[Decision.UNSURE],
        fields_read_whole=_fields_read_whole(cells, taken_in),
    )


def _fields_read_whole(cells: tuple[ReadCell, ...], taken_in: TakenIn) -> tuple[FieldReading, ...]:
    """Fields whose candidates both readers have read; those without candidates too, once there are both."""
    both = {Role.FIRST, Role.SECOND}
    if not any(cell.called and both <= cell.readings.keys() for cell in cells if len(cell.readings) > 1):
        return ()
    called = [cell for cell in cells if cell.called]
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
