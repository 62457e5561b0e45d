"""The verdict on a slide: six cases, the first that holds, each with its reasons as sentences."""

from dataclasses import dataclass, replace
from enum import StrEnum

from core.tally.bounds import smallest_count_beyond_noise
from core.tally.density import (
    PARASITES_FOR_A_DENSITY,
    Figures,
    WholeFieldFigures,
    density_figures,
    dispersion,
    whole_field_figures,
)
from core.tally.performance import Recall
from core.tally.reach import Reach, assumed_dispersion, reach_of, reading_on
from core.tally.records import CONFIDENCE, TARGET_CELLS, TARGET_FIELDS, Evidence, Readings
from core.wording.catalogue import (
    AS_WRITTEN,
    ENGLISH,
    RESEARCH_USE_ONLY,
    Sentence,
    in_language,
    messages,
    sentence,
)


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
        Density above which a clean review would exclude (awaiting review) or the review excludes
        (inadequate, no parasite seen), in parasites/µL; None in the other cases and where no cell was
        counted.
    cells_needed
        Cells that this sensitivity and clustering need for the assumed detection limit; None with
        `cells_missing` in the other cases.
    cells_missing
        How many of them are still to be counted.
    target_cells
        The number readers know.
    sentences
        The reasons as codes and values, for other languages; empty in what was written before there were any.
    whole_fields
        What fields that both readers have looked at whole amount to, for a positive slide; None where there
        are none, and where `figures` are withdrawn.
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
    whole_fields: WholeFieldFigures | None = None


def reasons_in(judged: Verdict, language: str) -> tuple[str, ...]:
    """The reasons of a verdict in a language; as they were written where they can be said in no other."""
    if language == ENGLISH or not can_be_translated(judged):
        return judged.reasons
    return tuple(in_language(said, language) for said in judged.sentences)


def can_be_translated(judged: Verdict) -> bool:
    """Whether the reasons are kept as codes too, all of which the catalogues still have."""
    return bool(judged.sentences) and all(said.code in messages() for said in judged.sentences)


def verdict(evidence: Evidence) -> Verdict:
    """Judge a slide: the first that holds of the six cases, in the order of `VerdictKind`.

    1. Positive: two readers agree on at least c parasites (`smallest_count_beyond_noise` of n f_r; c = 1
       where f_r is taken as 0), whatever else is missing.
    2. Suspicious: one reader accepted, readers differ, fewer than c, or only "unsure".
    3. Not valid for this slide: stain or focus outside the model's validity. No figure; the list is to be
       read all the same. In the first two cases too, this withdraws the figures and is said.
    4. Awaiting review: some of what is laid before readers is unread.
    5. Inadequate: fewer cells than the detection limit takes, or too many fields fail.
    6. No parasite seen: none accepted, everything read, adequate.

    To each are added the fields that do not count because no parasite could be seen on them: before all else
    where nothing counts for that reason and no parasite is known of.
    """
    of_parasites = _positive(evidence) or _suspicious(evidence)
    judged = of_parasites or _not_valid(evidence) or _of_clean_count(evidence, reach_of(evidence))
    left_out = evidence.conditions.left_out
    last = of_parasites is not None or evidence.count.cells > 0
    said = (*judged.sentences, *left_out) if last else (*left_out, *judged.sentences)
    return replace(judged, reasons=tuple(map(str, said)), sentences=said)


def _of_clean_count(evidence: Evidence, reach: Reach) -> Verdict:
    """Cases 4 to 6, in which no parasite is known of."""
    return (
        _awaiting_review(evidence, reach)
        or _inadequate(evidence, reach)
        or _no_parasite_seen(evidence, reach)
    )


def _positive(evidence: Evidence) -> Verdict | None:
    readings = evidence.readings
    if readings is None or readings.agreed < _smallest_count(evidence):
        return None
    agreed = (sentence("verdict.agreed", parasites=readings.agreed), *_remarks_on_agreed(readings))
    if outside := _outside(evidence):
        return _verdict(VerdictKind.POSITIVE, (*agreed, *outside))
    figures, remarks = _density(evidence, readings)
    whole = whole_field_figures(
        readings.fields_looked_through,
        assumed_dispersion(evidence.performance),
        evidence.assumptions.red_cells_per_ul,
    )
    judged = _verdict(VerdictKind.POSITIVE, (*agreed, *remarks, *_of_whole_fields(whole)), figures=figures)
    return replace(judged, whole_fields=whole)


def _suspicious(evidence: Evidence) -> Verdict | None:
    readings = evidence.readings
    if readings is None:
        return None
    reasons = []
    if readings.agreed:
        reasons.append(
            sentence(
                "verdict.too_few",
                parasites=readings.agreed,
                needed=_smallest_count(evidence),
                cells=evidence.count.cells,
            )
        )
    alone = readings.accepted_by_one + readings.marked_by_one
    if alone:
        reasons.append(sentence("verdict.alone", parasites=alone))
    if readings.disputed:
        reasons.append(sentence("verdict.disputed", cells=readings.disputed))
    if readings.unsure:
        reasons.append(sentence("verdict.unsure", cells=readings.unsure))
    if readings.marked_unsure:
        reasons.append(sentence("verdict.unsure_marked", cells=readings.marked_unsure))
    if not reasons:
        return None
    return _verdict(VerdictKind.SUSPICIOUS, (*reasons, *_outside(evidence)))


def _not_valid(evidence: Evidence) -> Verdict | None:
    outside = _outside(evidence)
    return _verdict(VerdictKind.NOT_VALID, (*outside, *_unread(evidence))) if outside else None


def _outside(evidence: Evidence) -> tuple[Sentence, ...]:
    """In what the slide is unlike those of the validation, and that this takes the figures; or nothing."""
    conditions = evidence.conditions
    if not conditions.outside_validity:
        return ()
    outside = conditions.outside or tuple(
        sentence(AS_WRITTEN, text=text) for text in conditions.outside_validity
    )
    return (*outside, sentence("verdict.not_valid"))


def _unread(evidence: Evidence) -> tuple[Sentence, ...]:
    count = evidence.count
    if not count.unread:
        return ()
    return (sentence("verdict.unread", unread=count.unread, to_read=count.to_read),)


def _awaiting_review(evidence: Evidence, reach: Reach) -> Verdict | None:
    if not evidence.count.unread:
        return None
    verdict_on_count = (
        (sentence("verdict.adequate", limit=evidence.assumptions.detection_limit_per_ul),)
        if reach.adequate
        else (sentence("verdict.not_adequate"), *reach.shortcomings, *reading_on(reach.read_on))
    )
    return _on_clean_count(
        VerdictKind.AWAITING_REVIEW,
        (
            *_unread(evidence),
            *_excludes(evidence, reach, "verdict.excludes_after_review"),
            *verdict_on_count,
            *_spread(evidence),
        ),
        reach,
    )


def _inadequate(evidence: Evidence, reach: Reach) -> Verdict | None:
    if reach.adequate:
        return None
    excludes = _excludes(evidence, reach, "verdict.excludes_so_far")
    reasons = (*reach.shortcomings, *reading_on(reach.read_on), *excludes, *_spread(evidence))
    return _on_clean_count(VerdictKind.INADEQUATE, reasons, reach)


def _no_parasite_seen(evidence: Evidence, reach: Reach) -> Verdict:
    return _on_clean_count(
        VerdictKind.NO_PARASITE_SEEN,
        (*_excludes(evidence, reach, "verdict.excludes"), *_spread(evidence)),
        reach,
    )


def _of_whole_fields(figures: WholeFieldFigures | None) -> tuple[Sentence, ...]:
    if figures is None:
        return ()
    said = sentence(
        "verdict.whole_fields", fields=figures.fields, infected=figures.infected, cells=figures.cells
    )
    return (said,)


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
    """Figures of a positive slide, or None, and the sentences that explain them.

    The list is read to rank r, and what stands above there and is no parasite is healthy: s is that of r - x
    healthy objects among N - x. Where most are parasites, the list ends before they do and s cannot be told.
    """
    count, infected = evidence.count, readings.counted
    if not infected:
        return None, (sentence("verdict.none_counts"),)
    full = 2 * infected > count.read_to
    # Fields with all the same share would give 0, which no interval can be made from.
    estimated = dispersion(readings.fields_read_whole) or None
    phi = assumed_dispersion(evidence.performance) if estimated is None else estimated
    figures = density_figures(
        infected,
        count.cells,
        None if full else recall_of_read(evidence),
        evidence.assumptions,
        phi,
        dispersion_measured=estimated is not None,
    )
    remarks = []
    if count.read_to < count.looked_at:
        remarks.append(sentence("verdict.read_to", rank=count.read_to, objects=count.looked_at))
    if full:
        remarks.append(sentence("verdict.list_full", parasites=infected, rank=count.read_to))
    elif figures is None or figures.density_per_ul is None:
        remarks.append(sentence("verdict.nothing_known_there", rank=count.read_to))
    elif not figures.density_per_ul.value:
        return None, (sentence("verdict.no_more_than_mistakes"),)
    elif infected < PARASITES_FOR_A_DENSITY:
        remarks.append(sentence("verdict.rough", parasites=infected, enough=PARASITES_FOR_A_DENSITY))
    return figures, tuple(remarks)


def recall_of_read(evidence: Evidence) -> Recall:
    """What the list finds as far as it is read; parasites counted in it are none of its healthy objects."""
    count, counted = evidence.count, evidence.readings.counted if evidence.readings else 0
    return evidence.performance.recall(count.read_to - counted, count.looked_at - counted)


def _remarks_on_agreed(readings: Readings) -> tuple[Sentence, ...]:
    undecided = (
        readings.accepted_by_one
        + readings.disputed
        + readings.unsure
        + readings.marked_by_one
        + readings.marked_unsure
    )
    remarks = {
        "verdict.gametocytes": readings.gametocytes,
        "verdict.not_evaluable": readings.accepted_outside_count,
        "verdict.further_down": readings.accepted_by_both - readings.gametocytes - readings.counted,
        "verdict.marked": readings.marked_by_both,
        "verdict.undecided": undecided,
    }
    return tuple(sentence(code, count=count) for code, count in remarks.items() if count)


def _excludes(evidence: Evidence, reach: Reach, code: str) -> tuple[Sentence, ...]:
    if reach.limit_per_ul is None:
        return ()
    return (sentence(code, limit=reach.limit_per_ul, confidence=CONFIDENCE),)


def _spread(evidence: Evidence) -> tuple[Sentence, ...]:
    fields = evidence.count.fields
    if fields >= TARGET_FIELDS or not evidence.count.cells:
        return ()
    return (sentence("verdict.spread", fields=fields, target=TARGET_FIELDS),)


def _smallest_count(evidence: Evidence) -> int:
    expected = evidence.count.cells * evidence.assumptions.false_accept_rate
    return smallest_count_beyond_noise(expected, confidence=CONFIDENCE)
