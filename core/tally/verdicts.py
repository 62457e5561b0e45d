"""The verdict on a slide: six cases, the first that holds, each with its reasons as sentences."""

import math
from dataclasses import dataclass
from enum import StrEnum

from core.notice import RESEARCH_USE_ONLY
from core.tally.bounds import (
    cells_for_limit,
    detection_limit_per_ul,
    effective_cells,
    excluded_infected_cells_averaged,
    rate_upper_limit,
    smallest_count_beyond_noise,
    unaided_limit_per_ul,
)
from core.tally.density import (
    Figures,
    density_figures,
    dispersion,
    parasites_for_precision,
    sensitivity_lower_limit,
)
from core.tally.grouping import grouped, grouped_up, percent
from core.tally.records import TARGET_CELLS, TARGET_FIELDS, Evidence, Performance, Readings


class VerdictKind(StrEnum):
    """The six things that can be said of a slide, in the order in which they are tried."""

    POSITIVE = "positive"
    SUSPICIOUS = "suspicious"
    NOT_VALID = "not valid for this slide"
    AWAITING_REVIEW = "awaiting review"
    INADEQUATE = "inadequate"
    NO_PARASITE_SEEN = "no parasite seen"


@dataclass(frozen=True)
class Verdict:
    """What may be said of a slide.

    Attributes
    ----------
    kind
        Which of the six cases.
    reasons
        Sentences for the person at the microscope, at least one.
    figures
        Fraction and density, for a positive slide whose parasites may be counted; else None.
    detection_limit_per_ul
        Density above which a clean review excludes (awaiting review), would (inadequate) or does (no
        parasite seen), in parasites/µL; None in the other cases and where no cell was counted.
    cells_needed
        Cells that this sensitivity and clustering need for the assumed detection limit; None with
        `cells_missing` in the other cases.
    cells_missing
        How many of them are still to be counted.
    target_cells
        The number readers know.
    notice
        Printed with each verdict.
    """

    kind: VerdictKind
    reasons: tuple[str, ...]
    figures: Figures | None = None
    detection_limit_per_ul: float | None = None
    cells_needed: int | None = None
    cells_missing: int | None = None
    target_cells: int = TARGET_CELLS
    notice: str = RESEARCH_USE_ONLY


def verdict(evidence: Evidence) -> Verdict:
    """Judge a slide: the first that holds of the six cases, in the order of `VerdictKind`.

    1. Positive: two readers agree on at least c parasites (`smallest_count_beyond_noise` of n f_r; c = 1
       where f_r is taken as 0), whatever else is missing.
    2. Suspicious: one reader accepted, readers differ, fewer than c, or only "unsure".
    3. Not valid for this slide: stain, focus or share of candidates outside the model's validity. No figure.
    4. Awaiting review: candidates are unread, or nobody has read a slide with an adequate count.
    5. Inadequate: fewer cells than the detection limit takes, or too many fields fail.
    6. No parasite seen: none accepted, everything read, adequate.
    """
    for judge in (_positive, _suspicious, _not_valid, _awaiting_review, _inadequate):
        found = judge(evidence)
        if found is not None:
            return found
    return _no_parasite_seen(evidence)


def _positive(evidence: Evidence) -> Verdict | None:
    readings = evidence.readings
    if readings is None:
        return None
    agreed = readings.accepted_by_both + readings.marked_by_both
    if agreed < _smallest_count(evidence):
        return None
    figures, reasons = _density(evidence, readings)
    return Verdict(
        VerdictKind.POSITIVE,
        (
            f"Two readers agree on {_parasites(agreed)}.",
            *_remarks_on_agreed(readings),
            *reasons,
        ),
        figures=figures,
    )


def _suspicious(evidence: Evidence) -> Verdict | None:
    readings = evidence.readings
    if readings is None:
        return None
    agreed = readings.accepted_by_both + readings.marked_by_both
    reasons = []
    if agreed:
        reasons.append(
            f"Two readers agree on {_parasites(agreed)}, but {_smallest_count(evidence)} are needed: "
            f"fewer can be false accepts among {grouped(evidence.count.cells)} cells."
        )
    alone = readings.accepted_by_one + readings.marked_by_one
    if alone:
        reasons.append(f"{_parasites(alone)} accepted by only one reader: a second reader must decide.")
    if readings.disputed:
        reasons.append(f"Readers disagree on {_candidates(readings.disputed)}.")
    if readings.unsure:
        reasons.append(f"Readers are unsure of {_candidates(readings.unsure)}.")
    if readings.marked_unsure:
        beyond = f"{grouped(readings.marked_unsure)} {'cell' if readings.marked_unsure == 1 else 'cells'}"
        reasons.append(f"Readers are unsure of {beyond} that the machine did not call.")
    return Verdict(VerdictKind.SUSPICIOUS, tuple(reasons)) if reasons else None


def _not_valid(evidence: Evidence) -> Verdict | None:
    outside = evidence.conditions.outside_validity
    if not outside:
        return None
    return Verdict(
        VerdictKind.NOT_VALID,
        (*outside, "The model was not validated on such slides, so no figure is given."),
    )


def _awaiting_review(evidence: Evidence) -> Verdict | None:
    count, reach = evidence.count, reach_of(evidence)
    if count.candidates_unread:
        opening = f"{grouped(count.candidates_unread)} of {_candidates(count.candidates)} are unread."
    elif evidence.readings is None and reach.adequate:
        opening = "No cell scores above the threshold, but nobody has looked at the slide yet."
    else:
        return None
    verdict_on_count = (
        (f"The count is adequate for {grouped(evidence.assumptions.detection_limit_per_ul)} parasites/µL.",)
        if reach.adequate
        else ("The count is not adequate yet.", *reach.shortcomings)
    )
    return _on_clean_count(
        VerdictKind.AWAITING_REVIEW,
        (
            opening,
            *_clean_review_would_exclude(evidence, reach),
            *verdict_on_count,
            *_without_review(evidence),
            *_spread(evidence),
        ),
        reach,
    )


def _inadequate(evidence: Evidence) -> Verdict | None:
    reach = reach_of(evidence)
    if reach.adequate:
        return None
    if evidence.readings is None:
        excludes = _clean_review_would_exclude(evidence, reach)
    else:
        excludes = _excludes(evidence, reach, "No parasite seen so far;")
    reasons = (*reach.shortcomings, *excludes, *_spread(evidence))
    return _on_clean_count(VerdictKind.INADEQUATE, reasons, reach)


def _no_parasite_seen(evidence: Evidence) -> Verdict:
    reach = reach_of(evidence)
    return _on_clean_count(
        VerdictKind.NO_PARASITE_SEEN,
        (*_excludes(evidence, reach, "No parasite seen;"), *_spread(evidence)),
        reach,
    )


def assumed_dispersion(performance: Performance) -> float:
    """Give phi where the slide cannot tell it: the card's, at least 1, or 1 where the card has none."""
    return max(1.0, performance.dispersion or 1.0)


@dataclass(frozen=True)
class Reach:
    """How far a count without parasites reaches.

    Attributes
    ----------
    limit_per_ul
        Density in parasites/µL above which it excludes; None where no cell was counted.
    needed, missing
        Cells that the assumed detection limit takes, and how many of them are still to be counted.
    shortcomings
        A sentence for each thing that makes the count inadequate.
    """

    limit_per_ul: float | None
    needed: int
    missing: int
    shortcomings: tuple[str, ...]

    @property
    def adequate(self) -> bool:
        """Whether it may be called free of parasites where none is found."""
        return not self.shortcomings


def reach_of(evidence: Evidence) -> Reach:
    """How far the count of a slide reaches where no parasite is found in it, whatever was found."""
    count, assumptions = evidence.count, evidence.assumptions
    phi = assumed_dispersion(evidence.performance)
    excluded = excluded_infected_cells_averaged(
        evidence.performance.steps,
        review_sensitivity=assumptions.review_sensitivity,
        confidence=assumptions.confidence,
    )
    limit = detection_limit_per_ul(effective_cells(count.cells, phi), excluded, assumptions.red_cells_per_ul)
    independent = cells_for_limit(assumptions.detection_limit_per_ul, excluded, assumptions.red_cells_per_ul)
    needed = math.ceil(independent * phi)
    missing = max(0, needed - count.cells)
    return Reach(limit, needed, missing, _shortcomings(evidence, missing, needed))


def _shortcomings(evidence: Evidence, missing: int, needed: int) -> tuple[str, ...]:
    count, conditions, assumptions = evidence.count, evidence.conditions, evidence.assumptions
    found = []
    if not count.cells:
        found.append("No evaluable red cell was counted, so nothing can be said of parasites.")
    if missing:
        found.append(
            f"{grouped(missing)} more cells are missing: {grouped(count.cells)} are counted, and "
            f"{grouped(needed)} are needed to exclude "
            f"{grouped(assumptions.detection_limit_per_ul)} parasites/µL with this sensitivity. "
            "Fields may be added to this slide."
        )
    fields = count.fields + conditions.fields_failed
    if fields and conditions.fields_failed / fields > conditions.failed_share_limit:
        found.append(
            f"{grouped(conditions.fields_failed)} of {grouped(fields)} fields fail focus or stain, more than "
            f"the {percent(conditions.failed_share_limit)} that may: photograph or prepare the slide again."
        )
    return tuple(found)


def _on_clean_count(kind: VerdictKind, reasons: tuple[str, ...], reach: Reach) -> Verdict:
    return Verdict(
        kind,
        reasons,
        detection_limit_per_ul=reach.limit_per_ul,
        cells_needed=reach.needed,
        cells_missing=reach.missing,
    )


def _density(evidence: Evidence, readings: Readings) -> tuple[Figures | None, tuple[str, ...]]:
    """Figures of a positive slide, or None, and the sentences that explain them."""
    fields = readings.fields_read_whole
    if not evidence.count.candidates_unread:
        infected, cells = readings.counted, evidence.count.cells
        remarks = []
    elif fields and readings.fields_drawn_at_random:
        infected = sum(reading.infected for reading in fields)
        cells = sum(reading.cells for reading in fields)
        remarks = [
            f"Reviewed only in part: the density comes from {grouped(len(fields))} "
            f"{'field' if len(fields) == 1 else 'fields'} read whole and drawn at random."
        ]
    else:
        return None, (
            "Reviewed only in part, without fields drawn at random and read whole: no density is given.",
        )
    if not infected:
        remarks.append("No parasite that counts toward the density was found: no density is given.")
        return None, tuple(remarks)
    # Fields with all the same share would give 0, which no interval can be made from.
    estimated = dispersion(fields) or None
    phi = assumed_dispersion(evidence.performance) if estimated is None else estimated
    figures = density_figures(
        infected,
        cells,
        evidence.performance,
        evidence.assumptions,
        phi,
        dispersion_measured=estimated is not None,
    )
    if figures is None or not figures.density_per_ul.value:
        remarks.append("What was found is no more than review lets through by mistake: no density is given.")
        return None, tuple(remarks)
    enough = parasites_for_precision()
    if infected < enough:
        remarks.append(
            f"The density rests on {_parasites(infected)}; about {enough} are needed to know it within 25 %."
        )
    return figures, tuple(remarks)


def _remarks_on_agreed(readings: Readings) -> tuple[str, ...]:
    remarks = []
    if readings.gametocytes:
        remarks.append(
            f"{grouped(readings.gametocytes)} of them "
            f"{'is a gametocyte' if readings.gametocytes == 1 else 'are gametocytes'}, "
            "not counted in the density."
        )
    if readings.marked_by_both:
        remarks.append(
            f"{grouped(readings.marked_by_both)} of them {'was' if readings.marked_by_both == 1 else 'were'} "
            "marked by hand where the machine saw none, not counted in the density."
        )
    undecided = (
        readings.accepted_by_one
        + readings.disputed
        + readings.unsure
        + readings.marked_by_one
        + readings.marked_unsure
    )
    if undecided:
        remarks.append(f"{grouped(undecided)} more not agreed by two readers, not counted in the density.")
    return tuple(remarks)


def _clean_review_would_exclude(evidence: Evidence, reach: Reach) -> tuple[str, ...]:
    return _excludes(evidence, reach, "After a review that accepts none:")


def _excludes(evidence: Evidence, reach: Reach, opening: str) -> tuple[str, ...]:
    if reach.limit_per_ul is None:
        return ()
    confidence = percent(evidence.assumptions.confidence)
    return (f"{opening} more than {grouped_up(reach.limit_per_ul)} parasites/µL excluded at {confidence}.",)


def _without_review(evidence: Evidence) -> tuple[str, ...]:
    """What the calls alone could tell, at the safe limits of s and f; nothing where they tell nothing."""
    confidence, false_calls = evidence.assumptions.confidence, evidence.performance.false_calls
    sensitivity = sensitivity_lower_limit(evidence.performance.steps, confidence=confidence)
    rate = rate_upper_limit(false_calls.count, false_calls.healthy_cells, confidence=confidence)
    if rate >= sensitivity:
        return ()
    limit = unaided_limit_per_ul(
        evidence.count.cells,
        sensitivity,
        rate,
        evidence.assumptions.red_cells_per_ul,
        confidence=confidence,
    )
    if limit is None:
        return ()
    return (f"Without review, false calls alone can hide up to {grouped_up(limit)} parasites/µL.",)


def _spread(evidence: Evidence) -> tuple[str, ...]:
    fields = evidence.count.fields
    if fields >= TARGET_FIELDS or not evidence.count.cells:
        return ()
    return (
        f"The cells come from {grouped(fields)} {'field' if fields == 1 else 'fields'}: take at least "
        f"{TARGET_FIELDS} spread over the film, because parasites cluster.",
    )


def _smallest_count(evidence: Evidence) -> int:
    expected = evidence.count.cells * evidence.false_accept_rate
    return smallest_count_beyond_noise(expected, confidence=evidence.assumptions.confidence)


def _parasites(number: int) -> str:
    return f"{grouped(number)} {'parasite' if number == 1 else 'parasites'}"


def _candidates(number: int) -> str:
    return f"{grouped(number)} {'candidate' if number == 1 else 'candidates'}"
