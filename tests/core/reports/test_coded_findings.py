"""What a signed result says in codes: the numbers of the document, and no more certainty than it has."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.reports.coded_findings import (
    DECISIONS,
    SPECIES,
    STAGES,
    CodedFinding,
    Concept,
    ReportStatus,
    Scheme,
    Unit,
    findings_of,
    own_uuid,
    readers_by_role,
    readers_of,
    report_status,
    verdict_concept,
)
from core.review import Decision, SignedResult
from core.store import Call, Opinion, Role, Species, Stage, Store
from core.tally import VerdictKind
from tests.core.reports.signed_slides import BOTH, signed, signed_after, signed_positive
from tests.scored_slides import scored_slide


def by_code(result: SignedResult) -> dict[str, CodedFinding]:
    return {finding.concept.code: finding for finding in findings_of(result)}


def parts_of(finding: CodedFinding) -> dict[str, object]:
    return {part.concept.code: part.value for part in finding.parts}


def test_each_number_is_that_of_the_signed_result_unrounded(store: Store, tmp_path: Path) -> None:
    result, _ = signed_positive(store, tmp_path)
    found = by_code(result)
    figures, whole = result.verdict.figures, result.verdict.whole_fields
    assert figures is not None
    assert figures.density_per_ul is not None
    assert whole is not None
    density = found["density"]
    # 2 of 20 red cells, the list finds 95 of 100, and 5 million red cells a microlitre
    assert density.value == pytest.approx(2 / 20 / 0.95 * 5e6)
    assert (density.value, density.unit) == (figures.density_per_ul.value, Unit.PER_UL)
    assert parts_of(density) == {
        "density-low": figures.density_per_ul.low,
        "density-high": figures.density_per_ul.high,
        "rbc-assumed": 5_000_000,
    }
    assert found["fraction-raw"].value == 0.1
    assert parts_of(found["fraction-raw"])["infected-counted"] == 2
    assert found["whole-density"].value == whole.density_per_ul.value
    assert found["cells-examined"].value == 20
    assert found["fields-examined"].value == 2
    assert found["list-read-to"].value == 4
    assert parts_of(found["list-read-to"]) == {"list-to-read": 4, "list-unread": 0, "list-length": 21}
    assert not {"rbc-assumed", "rbc-measured"} & found.keys(), "nobody counted red cells per microlitre here"
    assert found["cells-read-twice"].value == 5


def test_parasites_are_counted_by_species_and_stage_as_far_as_readers_named_them(
    store: Store, tmp_path: Path
) -> None:
    result, _ = signed_positive(store, tmp_path)
    found = by_code(result)
    assert found["parasites-agreed"].value == 3
    assert (found["species"].value, parts_of(found["species"])) == (
        Concept("74746009", "Plasmodium vivax (organism)", Scheme.SNOMED_CT),
        {"species-count": 1},
    )
    assert found["species-unnamed"].value == 2
    assert (found["stage"].value, parts_of(found["stage"])) == (STAGES[Stage.RING], {"stage-count": 1})
    assert found["stage-unnamed"].value == 2


def test_readers_who_name_different_species_are_not_made_to_agree(store: Store, tmp_path: Path) -> None:
    record = scored_slide(store, tmp_path, listed=1)
    for species, (reader, role) in zip((Species.VIVAX, Species.OVALE), BOTH, strict=True):
        opinion = Opinion(Call.PARASITE, species=species)
        store.read(record.slide.id, record.candidates[0].id, opinion, reader=reader, role=role)
    found = by_code(signed(store, store.record(record.slide.id))[0])
    assert found["species-differs"].value == 1
    assert not {"species", "species-unnamed"} & found.keys()


def test_a_clean_slide_has_its_detection_limit_and_no_species(store: Store, tmp_path: Path) -> None:
    result = signed_after(store, tmp_path, "---", "---", counted=300_000)
    found = by_code(result)
    limit = found["detection-limit"]
    assert limit.value == result.verdict.detection_limit_per_ul
    assert parts_of(limit)["limit-wanted"] == 75
    assert parts_of(limit)["cells-missing"] == 0
    assert found["parasites-agreed"].value == 0
    assert not {"density", "species", "stage", "species-unnamed"} & found.keys()
    assert found["51587-4"].value == Concept("260415000", "Not detected (qualifier value)", Scheme.SNOMED_CT)


def test_only_a_verdict_that_answers_the_question_is_said_in_a_clinical_code(
    store: Store, tmp_path: Path
) -> None:
    """Twenty cells exclude nothing: that is no negative smear."""
    result = signed_after(store, tmp_path, "---", "---")
    assert result.verdict.kind == VerdictKind.INADEQUATE
    assert by_code(result)["51587-4"].value == verdict_concept(result)
    assert verdict_concept(result).scheme == Scheme.OWN
    assert by_code(result)["51587-4"].remarks == ("Inadequate.", *result.verdict.reasons)


@pytest.mark.parametrize(
    ("readings", "status"),
    [
        (("---",), ReportStatus.PRELIMINARY),  # a clean slide may be signed after one reading
        (("---", "---"), ReportStatus.FINAL),
        (("+--", "+--"), ReportStatus.FINAL),
        (("+--", "---", "-.."), ReportStatus.FINAL),  # the adjudicator decides
        (("+--", "---", "?.."), ReportStatus.PRELIMINARY),
        (("?--", "?--"), ReportStatus.PRELIMINARY),
        (("+..", "+.."), ReportStatus.PRELIMINARY),  # positive, but its list is not read
        (("+..", "+++"), ReportStatus.PRELIMINARY),  # two more cells that one alone has read
        (("+..", "+?-"), ReportStatus.PRELIMINARY),
    ],
)
def test_a_report_is_final_where_two_have_read_and_nothing_is_open(
    store: Store, tmp_path: Path, readings: tuple[str, ...], status: ReportStatus
) -> None:
    assert report_status(signed_after(store, tmp_path, *readings)) == status


def test_a_later_version_is_amended_and_not_final_anew(store: Store, tmp_path: Path) -> None:
    result, _ = signed_positive(store, tmp_path)
    store.signatures.begin_amendment(1, "another look", by="Dora")
    second, _ = signed(store, store.record(1))
    assert (report_status(result), report_status(second)) == (ReportStatus.FINAL, ReportStatus.AMENDED)


def test_readers_are_named_once_and_once_for_each_role(store: Store, tmp_path: Path) -> None:
    result, _ = signed_positive(store, tmp_path)
    assert readers_of(result) == ("Anna Roy", "Ben=^")
    assert readers_by_role(result) == ((Role.FIRST, "Anna Roy"), (Role.SECOND, "Ben=^"))


def test_all_that_can_be_said_has_a_code_and_each_code_says_one_thing(store: Store, tmp_path: Path) -> None:
    result, _ = signed_positive(store, tmp_path)
    verdicts = [
        verdict_concept(result.model_copy(update={"verdict": replace(result.verdict, kind=kind)}))
        for kind in VerdictKind
    ]
    findings = findings_of(result)
    concepts = {
        *(finding.concept for finding in findings),
        *(part.concept for finding in findings for part in finding.parts),
        *verdicts,
        *SPECIES.values(),
        *STAGES.values(),
        *DECISIONS.values(),
    }
    assert [set(SPECIES), set(STAGES), set(DECISIONS)] == [set(Species), set(Stage), set(Decision)]
    assert len({(concept.scheme, concept.code) for concept in concepts}) == len(concepts)
    assert max(len(concept.meaning) for concept in concepts) <= 64  # as DICOM has it
    assert len(set(verdicts)) == len(VerdictKind)


def test_own_identifiers_follow_from_what_they_are_of() -> None:
    assert own_uuid("a", "b") == own_uuid("a", "b")
    assert len({own_uuid("a", "b"), own_uuid("b", "a"), own_uuid("ab")}) == 3
