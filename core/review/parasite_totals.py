"""How many of the parasites that two readers agree on are of which species and stage."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from core.review.decisions import Decision, ReadCell
from core.review.signed_result import SignedCell
from core.store import Call, Species, Stage
from core.tally import Fact
from core.wording import Sentence, in_language, sentence


@dataclass(frozen=True)
class NamedParasites:
    """Parasites by one thing that readers may name with their call: the species, or the stage.

    Attributes
    ----------
    named
        How many there are of each name on which all who named any agree; the most frequent first.
    not_stated
        Nobody named any.
    stated_otherwise
        Readers named different ones.
    """

    named: tuple[tuple[Species | Stage, int], ...]
    not_stated: int
    stated_otherwise: int


@dataclass(frozen=True)
class ParasiteTotals:
    """The parasites of a slide that two readers agree on, counted in the density or not.

    Attributes
    ----------
    parasites
        All of them.
    species
        All of them, by species.
    stages
        Those that are no gametocytes, by stage.
    gametocytes
        Not counted in the density.
    """

    parasites: int
    species: NamedParasites
    stages: NamedParasites
    gametocytes: int


def parasite_totals(cells: Iterable[ReadCell | SignedCell]) -> ParasiteTotals:
    """Count what two readers agree on among the cells of a slide, or of a signed result."""
    agreed = [cell for cell in cells if cell.decision == Decision.ACCEPTED_BY_BOTH]
    accepting = [[said for said in cell.opinions if said.call == Call.PARASITE] for cell in agreed]
    other = [said for cell, said in zip(agreed, accepting, strict=True) if not cell.gametocyte]
    return ParasiteTotals(
        parasites=len(agreed),
        species=_by_name([{one.species for one in said if one.species} for said in accepting]),
        stages=_by_name([{one.stage for one in said if one.stage} for said in other]),
        gametocytes=len(agreed) - len(other),
    )


def totals_in(totals: ParasiteTotals, language: str) -> tuple[Fact, ...]:
    """The totals in words; nothing where there is no parasite."""
    if not totals.parasites:
        return ()
    species = _said(totals.species, "species")
    stages = _said(totals.stages, "stage")
    count = totals.gametocytes
    gametocytes = [sentence("totals.not_in_density", count=count)] if count else []
    said = {"species": species, "stages": stages, "gametocytes": gametocytes}
    return tuple(
        Fact(
            code,
            in_language(sentence(f"totals.{code}"), language),
            (", ".join(in_language(one, language) for one in sentences),),
        )
        for code, sentences in said.items()
        if sentences
    )


def _by_name(names_of_cells: list[set[Species]] | list[set[Stage]]) -> NamedParasites:
    names: Counter[Species | Stage] = Counter()
    for found in names_of_cells:
        if len(found) == 1:
            names.update(found)
    not_stated = sum(not found for found in names_of_cells)
    return NamedParasites(
        tuple(names.most_common()), not_stated, len(names_of_cells) - not_stated - names.total()
    )


def _said(named: NamedParasites, what: str) -> list[Sentence]:
    """A sentence for each name, and for those without one."""
    rest = {"totals.not_stated": named.not_stated, "totals.stated_otherwise": named.stated_otherwise}
    return [
        *(sentence(f"totals.of_{what}", count=count, **{what: name}) for name, count in named.named),
        *(sentence(code, count=count) for code, count in rest.items() if count),
    ]
