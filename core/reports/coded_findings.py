"""What a signed result says as findings with codes: the FHIR bundle and the DICOM report are made from them.

Every value is one of the signed document, unrounded. A code is of LOINC or SNOMED CT only where the
published code says just that; all others are this program's own.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from core.review import Decision, SignedResult, parasite_totals
from core.review.parasite_totals import NamedParasites
from core.review.signed_result import SignedCell
from core.store import CandidateKind, Role, Species, Stage
from core.tally import (
    CONFIDENCE,
    Estimate,
    Figures,
    VerdictKind,
    WholeFieldFigures,
    verdict_facts,
)

_OWN = uuid.UUID("6f0f6a52-54f5-5b3a-8d0e-2b9f6d0c7a11")


def own_uuid(*of: str) -> uuid.UUID:
    """An identifier made from texts: the same for the same, and for nothing of another program."""
    return uuid.uuid5(_OWN, "\n".join(of))


class Scheme(StrEnum):
    """Whose code it is."""

    OWN = "smearscope"
    LOINC = "LOINC"
    SNOMED_CT = "SNOMED CT"


class Unit(StrEnum):
    """Unit of a value, as UCUM writes it."""

    PER_UL = "/uL"
    ONE = "1"


@dataclass(frozen=True)
class Concept:
    """A thing that has a code.

    Attributes
    ----------
    code, scheme
        The code, and whose it is.
    meaning
        In English, at most 64 letters; that of the scheme, word for word.
    """

    code: str
    meaning: str
    scheme: Scheme = Scheme.OWN


@dataclass(frozen=True)
class CodedFinding:
    """One finding on a slide.

    Attributes
    ----------
    concept
        What was looked for.
    value
        What was found: a number in `unit`, or a concept.
    parts
        What belongs to it, such as the limits of an interval.
    remarks
        What must be said with it, in English.
    """

    concept: Concept
    value: float | Concept
    unit: Unit | None = None
    parts: tuple["CodedFinding", ...] = ()
    remarks: tuple[str, ...] = ()


class ReportStatus(StrEnum):
    """How far a report may be relied on, in the words of FHIR."""

    PRELIMINARY = "preliminary"
    FINAL = "final"
    AMENDED = "amended"


SMEAR = Concept("32700-7", "Microscopic observation [Identifier] in Blood by Malaria smear", Scheme.LOINC)
PRESENCE = Concept("51587-4", "Plasmodium sp [Presence] in Blood by Light microscopy", Scheme.LOINC)
_CLINICAL = {
    VerdictKind.POSITIVE: Concept("260373001", "Detected (qualifier value)", Scheme.SNOMED_CT),
    VerdictKind.NO_PARASITE_SEEN: Concept("260415000", "Not detected (qualifier value)", Scheme.SNOMED_CT),
}
"""Of the verdicts that answer whether there are parasites; no other is said in a code of SNOMED CT."""
SPECIES = {
    Species.FALCIPARUM: Concept("30020004", "Plasmodium falciparum (organism)", Scheme.SNOMED_CT),
    Species.VIVAX: Concept("74746009", "Plasmodium vivax (organism)", Scheme.SNOMED_CT),
    Species.MALARIAE: Concept("56395006", "Plasmodium malariae (organism)", Scheme.SNOMED_CT),
    Species.OVALE: Concept("18508006", "Plasmodium ovale (organism)", Scheme.SNOMED_CT),
    Species.KNOWLESI: Concept("49918008", "Plasmodium knowlesi (organism)", Scheme.SNOMED_CT),
}
STAGES = {stage: Concept(f"stage-{stage}", f"Plasmodium, {stage}") for stage in Stage}
DECISIONS = {
    Decision.UNREAD: Concept("unread", "Not read"),
    Decision.ACCEPTED_BY_BOTH: Concept("accepted-by-both", "Parasite, by two readers"),
    Decision.ACCEPTED_BY_ONE: Concept("accepted-by-one", "Parasite, by one reader"),
    Decision.DISPUTED: Concept("disputed", "Readers differ"),
    Decision.UNSURE: Concept("unsure", "Readers are unsure"),
    Decision.REJECTED: Concept("rejected", "Not a parasite"),
}
_VERDICTS = {
    VerdictKind.POSITIVE: Concept("positive", "Positive: two readers agree on parasites"),
    VerdictKind.SUSPICIOUS: Concept("suspicious", "Suspicious: not confirmed by two readers"),
    VerdictKind.NOT_VALID: Concept("not-valid", "The model is not valid for this slide"),
    VerdictKind.AWAITING_REVIEW: Concept("awaiting-review", "Awaiting review"),
    VerdictKind.INADEQUATE: Concept("inadequate", "Inadequate: too little was examined"),
    VerdictKind.NO_PARASITE_SEEN: Concept("none-seen", "No parasite seen, down to the detection limit"),
}


def verdict_concept(signed: SignedResult) -> Concept:
    """The verdict in this program's own code, which tells all six apart."""
    return _VERDICTS[signed.verdict.kind]


def report_status(signed: SignedResult) -> ReportStatus:
    """How final a signed result is: a signature alone does not make it final, two readers do.

    It is preliminary while anything laid before readers is unread, was read by one alone, or is undecided;
    of a positive slide too, whose density these cells would change.
    """
    if signed.evidence.count.unread or not _read_by_two(signed):
        return ReportStatus.PRELIMINARY
    return ReportStatus.AMENDED if signed.signature.version > 1 else ReportStatus.FINAL


def _read_by_two(signed: SignedResult) -> bool:
    undecided = (Decision.ACCEPTED_BY_ONE, Decision.DISPUTED, Decision.UNSURE)
    return all(
        cell.decision not in undecided and (len(cell.readings) > 1 or not _to_be_read(signed, cell))
        for cell in signed.readings
    )


def _to_be_read(signed: SignedResult, cell: SignedCell) -> bool:
    to_read = signed.evidence.count.to_read
    return cell.kind == CandidateKind.LISTED and cell.rank is not None and cell.rank <= to_read


def readers_of(signed: SignedResult) -> tuple[str, ...]:
    """Everybody who read, as they first appear; capitals make no other person."""
    names: dict[str, str] = {}
    for _, name in readers_by_role(signed):
        names.setdefault(name.casefold(), name)
    return tuple(names.values())


def readers_by_role(signed: SignedResult) -> tuple[tuple[Role, str], ...]:
    """Everybody who read cells or whole fields, once for each role."""
    of_cells = [(said.role, said.reader) for cell in signed.readings for said in cell.readings]
    of_fields = [(said.role, said.reader) for said in signed.fields_read]
    found: dict[tuple[Role, str], str] = {}
    for role, name in (*of_cells, *of_fields):
        found.setdefault((role, name.casefold()), name)
    return tuple((role, name) for (role, _), name in found.items())


def findings_of(signed: SignedResult) -> tuple[CodedFinding, ...]:
    """All that a signed result says of the slide as a whole, the verdict first."""
    said = {fact.code: fact.texts for fact in verdict_facts(signed.evidence, signed.verdict, "en")}
    judged = signed.verdict
    clinical = _CLINICAL.get(judged.kind, verdict_concept(signed))
    remarks = (f"{judged.kind.capitalize()}.", *judged.reasons)
    findings = [CodedFinding(PRESENCE, clinical, remarks=remarks)]
    if judged.figures is not None:
        findings += _of_figures(signed, judged.figures, said)
    if judged.whole_fields is not None:
        findings.append(_of_whole_fields(signed, judged.whole_fields, said["whole_fields"]))
    findings += _of_parasites(signed)
    findings += _of_count(signed, said)
    if judged.detection_limit_per_ul is not None:
        findings.append(_of_detection_limit(signed, judged.detection_limit_per_ul, said["given"]))
    findings += _of_agreement(signed)
    return tuple(findings)


def _number(
    code: str,
    meaning: str,
    value: float,
    unit: Unit = Unit.ONE,
    *parts: CodedFinding,
    said: tuple[str, ...] = (),
) -> CodedFinding:
    return CodedFinding(Concept(code, meaning), value, unit, parts, said)


def _interval(code: str, meaning: str, estimate: Estimate, unit: Unit) -> tuple[CodedFinding, CodedFinding]:
    return (
        _number(f"{code}-low", f"{meaning}, lower limit ({CONFIDENCE:.0%})", estimate.low, unit),
        _number(f"{code}-high", f"{meaning}, upper limit ({CONFIDENCE:.0%})", estimate.high, unit),
    )


def _estimate(
    code: str, meaning: str, estimate: Estimate, unit: Unit, *parts: CodedFinding, said: tuple[str, ...]
) -> CodedFinding:
    limits = _interval(code, meaning, estimate, unit)
    return _number(code, meaning, estimate.value, unit, *limits, *parts, said=said)


def _red_cells(signed: SignedResult) -> CodedFinding:
    """By which red cell count a density follows: a part of it, as nobody counted it here."""
    assumptions = signed.evidence.assumptions
    measured = "measured" if assumptions.red_cells_measured else "assumed"
    meaning = f"Red cells per microlitre, {measured}"
    return _number(f"rbc-{measured}", meaning, assumptions.red_cells_per_ul, Unit.PER_UL)


def _of_figures(
    signed: SignedResult, figures: Figures, said: dict[str, tuple[str, ...]]
) -> Iterator[CodedFinding]:
    if figures.density_per_ul is not None:
        remarks, density = (*said["fraction"], *said["given"]), figures.density_per_ul
        yield _estimate("density", "Parasite density", density, Unit.PER_UL, _red_cells(signed), said=remarks)
    counted = (
        _number("infected-counted", "Infected red cells counted", figures.infected),
        _number("cells-counted", "Red cells they were counted among", figures.cells),
    )
    yield _estimate(
        "fraction-raw",
        "Infected fraction, raw",
        figures.raw_fraction,
        Unit.ONE,
        *counted,
        said=said["fraction"],
    )
    if figures.corrected_fraction is not None:
        yield _estimate(
            "fraction-corr",
            "Infected fraction, corrected",
            figures.corrected_fraction,
            Unit.ONE,
            said=said["fraction"],
        )


def _of_whole_fields(signed: SignedResult, figures: WholeFieldFigures, said: tuple[str, ...]) -> CodedFinding:
    return _estimate(
        "whole-density",
        "Parasite density on fields read whole",
        figures.density_per_ul,
        Unit.PER_UL,
        _number("whole-fields", "Fields read whole by two readers", figures.fields),
        _number("whole-infected", "Infected red cells on fields read whole", figures.infected),
        _number("whole-cells", "Red cells on fields read whole", figures.cells),
        _red_cells(signed),
        said=said,
    )


def _of_parasites(signed: SignedResult) -> Iterator[CodedFinding]:
    """How many two readers agree on; species and stages only where there is a parasite."""
    totals = parasite_totals(signed.readings)
    yield _number(
        "parasites-agreed",
        "Parasites on which two readers agree",
        totals.parasites,
        Unit.ONE,
        _number("gametocytes", "Of them gametocytes, not in the density", totals.gametocytes),
    )
    for species, count in totals.species.named:
        number = _number("species-count", "Parasites of this species", count)
        yield CodedFinding(
            Concept("species", "Species named by readers"), SPECIES[Species(species)], parts=(number,)
        )
    if not totals.parasites:
        return
    yield from _unnamed("species", totals.species)
    for stage, count in totals.stages.named:
        number = _number("stage-count", "Parasites of this stage", count)
        yield CodedFinding(Concept("stage", "Stage named by readers"), STAGES[Stage(stage)], parts=(number,))
    yield from _unnamed("stage", totals.stages)


def _unnamed(what: str, parasites: NamedParasites) -> Iterator[CodedFinding]:
    if parasites.not_stated:
        yield _number(f"{what}-unnamed", f"Parasites of which no {what} was named", parasites.not_stated)
    if parasites.stated_otherwise:
        meaning = f"Parasites on whose {what} readers differ"
        yield _number(f"{what}-differs", meaning, parasites.stated_otherwise)


def _of_count(signed: SignedResult, said: dict[str, tuple[str, ...]]) -> Iterator[CodedFinding]:
    count = signed.evidence.count
    yield _number("cells-examined", "Red cells examined", count.cells, said=said["counted"])
    yield _number("fields-examined", "Fields examined", count.fields)
    yield _number(
        "list-read-to",
        "Rank to which the list was read",
        count.read_to,
        Unit.ONE,
        _number("list-to-read", "First of the list, laid before readers", count.to_read),
        _number("list-unread", "Of them unread", count.unread),
        _number("list-length", "Objects on the list", count.looked_at),
        said=said["model"],
    )


def _of_detection_limit(signed: SignedResult, limit: float, said: tuple[str, ...]) -> CodedFinding:
    judged = signed.verdict
    cells = (
        ("cells-needed", "Red cells needed for the wanted limit", judged.cells_needed),
        ("cells-missing", "Red cells still missing for it", judged.cells_missing),
    )
    parts = tuple(_number(code, meaning, value) for code, meaning, value in cells if value is not None)
    wanted = _number(
        "limit-wanted",
        "Detection limit wanted",
        signed.evidence.assumptions.detection_limit_per_ul,
        Unit.PER_UL,
    )
    meaning = f"Detection limit of this review ({CONFIDENCE:.0%})"
    return _number(
        "detection-limit", meaning, limit, Unit.PER_UL, wanted, _red_cells(signed), *parts, said=said
    )


def _of_agreement(signed: SignedResult) -> Iterator[CodedFinding]:
    agreement = signed.agreement
    if agreement is None:
        return
    kappa = agreement.kappa
    yield _number(
        "cells-read-twice",
        "Cells read by first and second reader",
        agreement.cells,
        Unit.ONE,
        _number("cells-agreed", "Of them called alike", agreement.agreed),
        *(() if kappa is None else (_number("kappa", "Cohen's kappa before adjudication", kappa),)),
    )
