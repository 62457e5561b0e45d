"""The verdict on a slide: six cases, the first that holds, each with its reasons as sentences."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

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
    PARASITES_FOR_A_DENSITY,
    Figures,
    density_figures,
    dispersion,
    sensitivity_lower_limit,
)
from core.tally.records import CONFIDENCE, TARGET_CELLS, TARGET_FIELDS, Evidence, Performance, Readings
from core.wording.catalogue import AS_WRITTEN, RESEARCH_USE_ONLY, Sentence, in_language, sentence


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
        Sentences for the person at the microscope, at least one, in English.
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
    sentences
        The reasons as codes and values, for other languages; empty in what was written before there were any.
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
    sentences: tuple[Sentence, ...] = ()


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
    shortcomings: tuple[Sentence, ...]

    @property
    def adequate(self) -> bool:
        """Whether it may be called free of parasites where none is found."""
        return not self.shortcomings


def reasons_in(judged: Verdict, language: str) -> tuple[str, ...]:
    """The reasons of a verdict in a language; as they were written where they are kept as text alone."""
    if not judged.sentences:
        return judged.reasons
    return tuple(in_language(said, language) for said in judged.sentences)


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
    return (
        _positive(evidence)
        or _suspicious(evidence)
        or _not_valid(evidence)
        or _of_clean_count(evidence, reach_of(evidence))
    )


def _of_clean_count(evidence: Evidence, reach: Reach) -> Verdict:
    """Cases 4 to 6, in which no parasite is known of."""
    return (
        _awaiting_review(evidence, reach)
        or _inadequate(evidence, reach)
        or _no_parasite_seen(evidence, reach)
    )


def _positive(evidence: Evidence) -> Verdict | None:
    readings = evidence.readings
    if readings is None:
        return None
    agreed = readings.accepted_by_both + readings.marked_by_both
    if agreed < _smallest_count(evidence):
        return None
    figures, reasons = _density(evidence, readings)
    sentences = (
        sentence("verdict.agreed", parasites=agreed),
        *_remarks_on_agreed(readings),
        *reasons,
    )
    return _verdict(VerdictKind.POSITIVE, sentences, figures=figures)


def _suspicious(evidence: Evidence) -> Verdict | None:
    readings = evidence.readings
    if readings is None:
        return None
    agreed = readings.accepted_by_both + readings.marked_by_both
    reasons = []
    if agreed:
        reasons.append(
            sentence(
                "verdict.too_few",
                parasites=agreed,
                needed=_smallest_count(evidence),
                cells=evidence.count.cells,
            )
        )
    alone = readings.accepted_by_one + readings.marked_by_one
    if alone:
        reasons.append(sentence("verdict.alone", parasites=alone))
    if readings.disputed:
        reasons.append(sentence("verdict.disputed", candidates=readings.disputed))
    if readings.unsure:
        reasons.append(sentence("verdict.unsure", candidates=readings.unsure))
    if readings.marked_unsure:
        reasons.append(sentence("verdict.unsure_beyond", cells=readings.marked_unsure))
    return _verdict(VerdictKind.SUSPICIOUS, tuple(reasons)) if reasons else None


def _not_valid(evidence: Evidence) -> Verdict | None:
    conditions = evidence.conditions
    if not conditions.outside_validity:
        return None
    outside = conditions.outside or tuple(
        sentence(AS_WRITTEN, text=text) for text in conditions.outside_validity
    )
    return _verdict(VerdictKind.NOT_VALID, (*outside, sentence("verdict.not_valid")))


def _awaiting_review(evidence: Evidence, reach: Reach) -> Verdict | None:
    count = evidence.count
    if count.candidates_unread:
        opening = sentence("verdict.unread", unread=count.candidates_unread, candidates=count.candidates)
    elif evidence.readings is None and reach.adequate:
        opening = sentence("verdict.nobody_looked")
    else:
        return None
    verdict_on_count = (
        (sentence("verdict.adequate", limit=evidence.assumptions.detection_limit_per_ul),)
        if reach.adequate
        else (sentence("verdict.not_adequate"), *reach.shortcomings)
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


def _inadequate(evidence: Evidence, reach: Reach) -> Verdict | None:
    if reach.adequate:
        return None
    if evidence.readings is None:
        excludes = _clean_review_would_exclude(evidence, reach)
    else:
        excludes = _excludes(evidence, reach, "verdict.excludes_so_far")
    reasons = (*reach.shortcomings, *excludes, *_spread(evidence))
    return _on_clean_count(VerdictKind.INADEQUATE, reasons, reach)


def _no_parasite_seen(evidence: Evidence, reach: Reach) -> Verdict:
    return _on_clean_count(
        VerdictKind.NO_PARASITE_SEEN,
        (*_excludes(evidence, reach, "verdict.excludes"), *_spread(evidence)),
        reach,
    )


def assumed_dispersion(performance: Performance) -> float:
    """Give phi where the slide cannot tell it: the card's, at least 1, or 1 where the card has none."""
    return max(1.0, performance.dispersion or 1.0)


def reach_of(evidence: Evidence) -> Reach:
    """How far the count of a slide reaches where no parasite is found in it, whatever was found."""
    count, assumptions = evidence.count, evidence.assumptions
    phi = assumed_dispersion(evidence.performance)
    excluded = excluded_infected_cells_averaged(
        evidence.performance.steps,
        review_sensitivity=assumptions.review_sensitivity,
        confidence=CONFIDENCE,
    )
    limit = detection_limit_per_ul(effective_cells(count.cells, phi), excluded, assumptions.red_cells_per_ul)
    independent = cells_for_limit(assumptions.detection_limit_per_ul, excluded, assumptions.red_cells_per_ul)
    needed = math.ceil(independent * phi)
    missing = max(0, needed - count.cells)
    return Reach(limit, needed, missing, _shortcomings(evidence, missing, needed))


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


def _verdict(kind: VerdictKind, sentences: tuple[Sentence, ...], figures: Figures | None = None) -> Verdict:
    return Verdict(kind, tuple(map(str, sentences)), figures, sentences=sentences)


def _on_clean_count(kind: VerdictKind, sentences: tuple[Sentence, ...], reach: Reach) -> Verdict:
    return replace(
        _verdict(kind, sentences),
        detection_limit_per_ul=reach.limit_per_ul,
        cells_needed=reach.needed,
        cells_missing=reach.missing,
    )


def _density(evidence: Evidence, readings: Readings) -> tuple[Figures | None, tuple[Sentence, ...]]:
    """Figures of a positive slide, or None, and the sentences that explain them."""
    fields = readings.fields_read_whole
    if not evidence.count.candidates_unread:
        infected, cells = readings.counted, evidence.count.cells
        remarks = []
    elif fields and readings.fields_drawn_at_random:
        infected = sum(reading.infected for reading in fields)
        cells = sum(reading.cells for reading in fields)
        remarks = [sentence("verdict.in_part", fields=len(fields))]
    else:
        return None, (sentence("verdict.in_part_no_density"),)
    if not infected:
        remarks.append(sentence("verdict.none_counts"))
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
        remarks.append(sentence("verdict.no_more_than_mistakes"))
        return None, tuple(remarks)
    if infected < PARASITES_FOR_A_DENSITY:
        remarks.append(sentence("verdict.rough", parasites=infected, enough=PARASITES_FOR_A_DENSITY))
    return figures, tuple(remarks)


def _remarks_on_agreed(readings: Readings) -> tuple[Sentence, ...]:
    remarks = []
    if readings.gametocytes:
        remarks.append(sentence("verdict.gametocytes", count=readings.gametocytes))
    if readings.marked_by_both:
        remarks.append(sentence("verdict.marked", count=readings.marked_by_both))
    undecided = (
        readings.accepted_by_one
        + readings.disputed
        + readings.unsure
        + readings.marked_by_one
        + readings.marked_unsure
    )
    if undecided:
        remarks.append(sentence("verdict.undecided", count=undecided))
    return tuple(remarks)


def _clean_review_would_exclude(evidence: Evidence, reach: Reach) -> tuple[Sentence, ...]:
    return _excludes(evidence, reach, "verdict.excludes_after_review")


def _excludes(evidence: Evidence, reach: Reach, code: str) -> tuple[Sentence, ...]:
    if reach.limit_per_ul is None:
        return ()
    return (sentence(code, limit=reach.limit_per_ul, confidence=CONFIDENCE),)


def _without_review(evidence: Evidence) -> tuple[Sentence, ...]:
    """What the calls alone could tell, at the safe limits of s and f; nothing where they tell nothing."""
    false_calls = evidence.performance.false_calls
    sensitivity = sensitivity_lower_limit(evidence.performance.steps, confidence=CONFIDENCE)
    rate = rate_upper_limit(false_calls.count, false_calls.healthy_cells, confidence=CONFIDENCE)
    if rate >= sensitivity:
        return ()
    limit = unaided_limit_per_ul(
        evidence.count.cells,
        sensitivity,
        rate,
        evidence.assumptions.red_cells_per_ul,
        confidence=CONFIDENCE,
    )
    if limit is None:
        return ()
    return (sentence("verdict.without_review", limit=limit),)


def _spread(evidence: Evidence) -> tuple[Sentence, ...]:
    fields = evidence.count.fields
    if fields >= TARGET_FIELDS or not evidence.count.cells:
        return ()
    return (sentence("verdict.spread", fields=fields, target=TARGET_FIELDS),)


def _smallest_count(evidence: Evidence) -> int:
    expected = evidence.count.cells * evidence.false_accept_rate
    return smallest_count_beyond_noise(expected, confidence=CONFIDENCE)
