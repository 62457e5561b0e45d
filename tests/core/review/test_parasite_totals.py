"""Totals of parasites by species and stage: every parasite once, gametocytes apart."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from core.review import parasite_totals, totals_in
from core.review.decisions import ReadCell
from core.store import Call, Candidate, CandidateKind, Opinion, Reading, Role, Species, Stage

FALCIPARUM, VIVAX = Species.FALCIPARUM, Species.VIVAX
RING, GAMETOCYTE = Stage.RING, Stage.GAMETOCYTE


def cell(*opinions: Opinion) -> ReadCell:
    candidate = Candidate(1, 1, CandidateKind.LISTED, 1, "a.png", (0, 0, 9, 9), 0.9, None, None)
    readings = {
        role: Reading(number, 1, 1, f"reader {number}", role, opinion, datetime.now(UTC), None)
        for number, (role, opinion) in enumerate(zip(Role, opinions, strict=False))
    }
    return ReadCell(candidate, readings, listed=True)


def parasite(stage: Stage | None = None, species: Species | None = None) -> Opinion:
    return Opinion(Call.PARASITE, stage=stage, species=species)


NO = Opinion(Call.NOT_PARASITE)


def test_only_what_two_readers_agree_on_is_counted() -> None:
    cells = [
        cell(parasite(RING), parasite(RING)),
        cell(parasite(RING)),
        cell(parasite(RING), NO),
        cell(NO, NO),
        cell(),
        cell(parasite(RING), NO, parasite()),
    ]
    totals = parasite_totals(cells)
    assert totals.parasites == 2
    assert totals.stages.named == ((RING, 2),)
    assert totals.gametocytes == 0


@pytest.mark.parametrize(
    ("species", "counts"),
    [
        ((FALCIPARUM, FALCIPARUM), (((FALCIPARUM, 1),), 0, 0)),
        ((FALCIPARUM, None), (((FALCIPARUM, 1),), 0, 0)),
        ((None, None), ((), 1, 0)),
        ((FALCIPARUM, VIVAX), ((), 0, 1)),
    ],
)
def test_a_species_is_counted_where_all_agree_who_named_one(
    species: Sequence[Species | None], counts: tuple[object, int, int]
) -> None:
    found = parasite_totals([cell(*(parasite(species=one) for one in species))]).species
    assert (found.named, found.not_stated, found.stated_otherwise) == counts


def test_a_gametocyte_is_of_a_species_and_of_no_stage_beside_it() -> None:
    both = parasite(GAMETOCYTE, FALCIPARUM)
    totals = parasite_totals([cell(both, both), cell(parasite(RING, VIVAX), parasite())])
    assert totals.gametocytes == 1
    assert totals.stages.named == ((RING, 1),)
    assert totals.species.named == ((FALCIPARUM, 1), (VIVAX, 1))


def test_where_readers_differ_on_gametocyte_it_counts_in_the_density_and_is_said_to_be_disputed() -> None:
    totals = parasite_totals([cell(parasite(GAMETOCYTE), parasite(RING))])
    assert (totals.gametocytes, totals.stages.stated_otherwise) == (0, 1)


def test_the_parts_add_up_to_all_parasites() -> None:
    stages = [RING, GAMETOCYTE, None]
    totals = parasite_totals([cell(parasite(one), parasite(other)) for one in stages for other in stages])
    named = sum(count for _, count in totals.stages.named)
    in_parts = named + totals.stages.not_stated + totals.stages.stated_otherwise + totals.gametocytes
    assert in_parts == totals.parasites == 9
    assert totals.species.not_stated == 9


def test_without_a_parasite_nothing_is_said() -> None:
    assert totals_in(parasite_totals([cell(NO, NO)]), "en") == ()


def test_the_most_frequent_comes_first_in_words() -> None:
    cells = [cell(parasite(stage), parasite(stage)) for stage in (Stage.SCHIZONT, RING, RING)]
    said = {fact.label: fact.texts for fact in totals_in(parasite_totals(cells), "en")}
    assert said == {"Species": ("not stated: 3",), "Stages": ("ring: 2, schizont: 1",)}
