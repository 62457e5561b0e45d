"""A verdict as lines of plain text, for terminals, pages and reports, in each language."""

from dataclasses import dataclass

from core.tally.density import Figures, WholeFieldFigures, sensitivity_lower_limit
from core.tally.reach import assumed_dispersion
from core.tally.records import CONFIDENCE, SEEN_ELSEWHERE, Evidence
from core.tally.verdicts import Verdict, reasons_in, recall_of_read
from core.wording.catalogue import Sentence, in_language, sentence, term


@dataclass(frozen=True)
class Fact:
    """Something that a verdict rests on: one or more texts under one label.

    Attributes
    ----------
    code
        ``density``, ``fraction``, ``whole_fields``, ``counted``, ``target``, ``model`` or ``given``.
    label, texts
        In words.
    """

    code: str
    label: str
    texts: tuple[str, ...]


def verdict_text(slide_name: str, evidence: Evidence, verdict: Verdict, language: str = "en") -> str:
    """Give the verdict, its reasons and all it rests on, as lines without a trailing newline.

    Line breaks in the slide's name become spaces. The last line is the research-use notice.
    """
    lines = [f"{' '.join(slide_name.split())}: {term('kind', verdict.kind, language).upper()}"]
    lines += [f"  - {reason}" for reason in reasons_in(verdict, language)]
    for fact in verdict_facts(evidence, verdict, language):
        labels = (fact.label, *("" for _ in fact.texts[1:]))
        lines += [f"  {label:<11}{text}" for label, text in zip(labels, fact.texts, strict=True)]
    notice = verdict.notice if language == "en" else in_language(sentence("notice"), language)
    return "\n".join([*lines, f"  {notice}"])


def verdict_facts(evidence: Evidence, verdict: Verdict, language: str) -> tuple[Fact, ...]:
    """All that a verdict is printed with, in the order in which it is."""
    facts: list[tuple[str, list[Sentence]]] = []
    if verdict.figures is not None:
        facts += _figures(evidence, verdict.figures)
    if verdict.whole_fields is not None:
        facts.append(("whole_fields", of_whole_fields(verdict.whole_fields)))
    facts.append(("counted", _counted(evidence)))
    if verdict.cells_needed is not None:
        facts.append(("target", [_target(evidence, verdict.target_cells, verdict.cells_needed)]))
    facts += [
        ("model", _model(evidence, verdict)),
        ("given", _assumed(evidence, verdict.figures)),
    ]
    return tuple(
        Fact(
            code,
            in_language(sentence(f"label.{code}"), language),
            tuple(in_language(said, language) for said in sentences)
            + (_left_out(evidence, language) if code == "counted" else ()),
        )
        for code, sentences in facts
    )


def _left_out(evidence: Evidence, language: str) -> tuple[str, ...]:
    """What was left out of the count and why, a text for each."""
    return tuple(
        in_language(
            sentence(f"fact.seen_elsewhere_{item.what}", count=item.count)
            if item.why == SEEN_ELSEWHERE
            else sentence(f"fact.left_out_{item.what}", count=item.count, why=item.why),
            language,
        )
        for item in evidence.count.excluded
    )


def _figures(evidence: Evidence, figures: Figures) -> list[tuple[str, list[Sentence]]]:
    density, raw, corrected = figures.density_per_ul, figures.raw_fraction, figures.corrected_fraction
    read_whole = evidence.count.read_to == evidence.count.looked_at
    fractions = [
        sentence(
            "fact.raw_fraction" if read_whole else "fact.raw_fraction_at_least",
            value=raw.value,
            low=raw.low,
            high=raw.high,
            infected=figures.infected,
            cells=figures.cells,
        )
    ]
    if density is None or corrected is None:
        return [("fraction", fractions)]
    fractions += [
        sentence("fact.corrected_fraction", value=corrected.value, low=corrected.low, high=corrected.high),
        *why_corrected(evidence, figures),
    ]
    shown = sentence(
        "fact.density", value=density.value, low=density.low, high=density.high, confidence=CONFIDENCE
    )
    return [("density", [shown]), ("fraction", fractions)]


def why_corrected(evidence: Evidence, figures: Figures) -> tuple[Sentence, ...]:
    """Why the corrected fraction is not the raw one: what validation found as far as the list is read.

    Nothing where there is no corrected fraction, or the two are one.
    """
    if figures.corrected_fraction is None or figures.corrected_fraction.value == figures.raw_fraction.value:
        return ()
    rank, recall = evidence.count.read_to, recall_of_read(evidence).value
    if evidence.assumptions.false_accepts:
        return (sentence("fact.why_corrected_false_accepts", rank=rank, recall=recall),)
    return (
        sentence(
            "fact.why_corrected",
            rank=rank,
            recall=recall,
            infected=figures.infected,
            cells=figures.cells,
            sensitivity=recall * evidence.assumptions.review_sensitivity,
        ),
    )


def of_whole_fields(figures: WholeFieldFigures) -> list[Sentence]:
    """What fields read whole amount to, and what has to hold for it."""
    density, fraction = figures.density_per_ul, figures.fraction
    measured = "measured" if figures.dispersion_measured else "assumed"
    return [
        sentence(
            "fact.density", value=density.value, low=density.low, high=density.high, confidence=CONFIDENCE
        ),
        sentence(
            "fact.whole_fields",
            value=fraction.value,
            low=fraction.low,
            high=fraction.high,
            infected=figures.infected,
            cells=figures.cells,
            fields=figures.fields,
        ),
        sentence("fact.whole_fields_chosen"),
        sentence("fact.whole_fields_seen"),
        sentence(f"fact.whole_fields_clustering_{measured}", dispersion=figures.dispersion),
    ]


def _counted(evidence: Evidence) -> list[Sentence]:
    count = evidence.count
    return [
        sentence("fact.counted", cells=count.cells, fields=count.fields),
        sentence("fact.list", objects=count.looked_at, to_read=count.to_read, unread=count.unread),
    ]


def _target(evidence: Evidence, target: int, needed: int) -> Sentence:
    limit = evidence.assumptions.detection_limit_per_ul
    return sentence("fact.target", target=target, needed=needed, limit=limit)


def _model(evidence: Evidence, verdict: Verdict) -> list[Sentence]:
    """The model and, where that can be told, what share of the parasites the list holds so far down."""
    performance, count, figures = evidence.performance, evidence.count, verdict.figures
    named = sentence("fact.model", model=performance.model, validation_set=performance.validation_set)
    if evidence.conditions.outside_validity or (figures is not None and figures.density_per_ul is None):
        return [named]
    if figures is None:
        rank, recall = count.to_read, performance.recall(count.to_read, count.looked_at)
    else:
        rank, recall = count.read_to, recall_of_read(evidence)
    finds = sentence(
        "fact.finds",
        rank=rank,
        objects=count.looked_at,
        sensitivity=recall.value,
        found=recall.found,
        parasites=recall.found + recall.missed,
        lower=sensitivity_lower_limit(recall, confidence=CONFIDENCE),
        confidence=CONFIDENCE,
    )
    return [named, finds]


def _assumed(evidence: Evidence, figures: Figures | None) -> list[Sentence]:
    assumptions = evidence.assumptions
    measured = "measured" if assumptions.red_cells_measured else "assumed"
    if assumptions.false_accepts is None:
        accepts = sentence("fact.no_false_accepts")
    else:
        accepts = sentence(
            "fact.false_accepts",
            count=assumptions.false_accepts.count,
            healthy=assumptions.false_accepts.healthy_cells,
        )
    return [
        sentence(f"fact.red_cells_{measured}", red_cells=assumptions.red_cells_per_ul),
        sentence("fact.review_accepts", sensitivity=assumptions.review_sensitivity),
        accepts,
        _clustering(evidence, figures),
    ]


def _clustering(evidence: Evidence, figures: Figures | None) -> Sentence:
    if figures is not None and figures.dispersion_measured:
        return sentence("fact.clustering_measured", dispersion=figures.dispersion)
    source = "assumed" if evidence.performance.dispersion is None else "of_card"
    return sentence(f"fact.clustering_{source}", dispersion=assumed_dispersion(evidence.performance))
