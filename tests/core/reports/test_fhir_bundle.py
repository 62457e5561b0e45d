"""A signed result as a FHIR R4 bundle: valid to two other programs, its numbers those of the document."""

import json
from pathlib import Path
from typing import Any

import fhirkit
import pytest
from fhir.resources.R4B.bundle import Bundle

from core.reports.coded_findings import findings_of
from core.reports.fhir_bundle import OWN_SYSTEM, fhir_bundle, fhir_text
from core.review import SignedResult
from core.store import Store
from tests.core.reports.signed_slides import signed_after, signed_positive

ROOT = Path(__file__).parents[3]
NOTICE = "research use only, not for diagnosis"


def resources(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    every = [entry["resource"] for entry in bundle["entry"]]
    return [resource for resource in every if resource["resourceType"] == kind]


def problems(bundle: dict[str, Any]) -> list[str]:
    """What a library for R4 itself says; fhir.resources, which knows R4B, raises of its own."""
    Bundle.model_validate(bundle)
    return [str(issue) for issue in fhirkit.validate(bundle)]


def references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [found for inner in value.values() for found in references(inner)]
    if isinstance(value, list):
        return [found for inner in value for found in references(inner)]
    return []


def test_other_programs_find_the_bundle_of_a_positive_slide_valid(store: Store, tmp_path: Path) -> None:
    result, sha256 = signed_positive(store, tmp_path)
    bundle = json.loads(fhir_text(result, sha256))
    assert problems(bundle) == []
    for kind in ("DiagnosticReport", "Specimen", "Device", "Patient"):
        assert len(resources(bundle, kind)) == 1
    assert [each["name"][0]["text"] for each in resources(bundle, "Practitioner")] == [
        "Dora",
        "Anna Roy",
        "Ben=^",
    ]


@pytest.mark.parametrize("readings", [("---",), ("---", "---"), ("?--", "?--"), ("+--", "---", "-..")])
def test_other_programs_find_the_bundle_of_every_verdict_valid(
    store: Store, tmp_path: Path, readings: tuple[str, ...]
) -> None:
    result = signed_after(store, tmp_path, *readings)
    assert problems(fhir_bundle(result, "0" * 64)) == []


def test_another_program_reads_the_numbers_that_were_signed(store: Store, tmp_path: Path) -> None:
    result, sha256 = signed_positive(store, tmp_path)
    read = Bundle.model_validate_json(fhir_text(result, sha256))
    every: list[Any] = [entry.resource for entry in read.entry or ()]
    observations = [each for each in every if each.get_resource_type() == "Observation"]
    assert len(observations) == len(findings_of(result))
    values = {each.code.coding[0].code: each.valueQuantity for each in observations}
    figures = result.verdict.figures
    assert figures is not None
    assert figures.density_per_ul is not None
    assert float(values["density"].value) == figures.density_per_ul.value
    assert (values["density"].system, values["density"].code) == ("http://unitsofmeasure.org", "/uL")
    assert int(values["cells-examined"].value) == result.evidence.count.cells


def test_the_report_says_what_was_found_in_codes_and_in_words(store: Store, tmp_path: Path) -> None:
    result, sha256 = signed_positive(store, tmp_path)
    bundle = fhir_bundle(result, sha256)
    (report,) = resources(bundle, "DiagnosticReport")
    assert report["status"] == "final"
    assert report["code"]["coding"][0] == {
        "system": "http://loinc.org",
        "code": "32700-7",
        "display": "Microscopic observation [Identifier] in Blood by Malaria smear",
    }
    assert report["conclusion"].startswith(f"{NOTICE}. Positive. Two readers agree on 3 parasites.")
    assert report["conclusionCode"][0]["coding"][0]["code"] == "positive"
    assert report["resultsInterpreter"][0]["display"] == "Dora"
    assert report["identifier"][0]["value"] == sha256
    species = [
        observation["valueCodeableConcept"]["coding"][0]
        for observation in resources(bundle, "Observation")
        if observation["code"]["coding"][0]["code"] == "species"
    ]
    assert [(code["system"], code["code"]) for code in species] == [("http://snomed.info/sct", "74746009")]


def test_every_resource_carries_the_notice_and_every_reference_leads_to_one_of_the_bundle(
    store: Store, tmp_path: Path
) -> None:
    bundle = fhir_bundle(*signed_positive(store, tmp_path))
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(urls)) == len(urls)
    assert set(references(bundle)) <= set(urls)
    for entry in bundle["entry"]:
        assert NOTICE in entry["resource"]["text"]["div"]
        assert entry["resource"]["meta"]["tag"][0]["system"] == OWN_SYSTEM


def test_the_patient_is_a_pseudonym_and_nothing_once_erased(store: Store, tmp_path: Path) -> None:
    result, sha256 = signed_positive(store, tmp_path)
    assert "patient 7" not in fhir_text(result, sha256)  # as entered
    (patient,) = resources(fhir_bundle(result, sha256), "Patient")
    assert patient["identifier"][0]["value"] == result.signature.patient_sha256
    assert "name" not in patient
    erased = of_nobody(result)
    bundle = fhir_bundle(erased, sha256)
    assert problems(bundle) == []
    assert resources(bundle, "Patient") == []
    assert all("subject" not in observation for observation in resources(bundle, "Observation"))


def of_nobody(result: SignedResult) -> SignedResult:
    signature = result.signature.model_copy(update={"patient_sha256": None})
    return result.model_copy(update={"signature": signature})


def test_what_people_wrote_is_text_and_no_markup(store: Store, tmp_path: Path) -> None:
    result = signed_after(store, tmp_path, "---").model_copy(update={"slide": '<b onclick="x">&'})
    bundle = fhir_bundle(result, "0" * 64)
    assert problems(bundle) == []
    assert "<b onclick" not in resources(bundle, "Specimen")[0]["text"]["div"]
    assert resources(bundle, "Specimen")[0]["identifier"][0]["value"] == '<b onclick="x">&'


def test_the_same_document_gives_the_same_text_and_another_other_identifiers(
    store: Store, tmp_path: Path
) -> None:
    result, sha256 = signed_positive(store, tmp_path)
    assert fhir_text(result, sha256) == fhir_text(SignedResult.model_validate(result.model_dump()), sha256)
    other = fhir_bundle(result, "1" * 64)
    urls = {entry["fullUrl"] for entry in fhir_bundle(result, sha256)["entry"]}
    assert not urls & {entry["fullUrl"] for entry in other["entry"]}


def test_the_example_of_the_documents_is_valid_and_says_what_is_written_today(
    store: Store, tmp_path: Path
) -> None:
    example = json.loads((ROOT / "docs/reports/bundle.json").read_text(encoding="utf-8"))
    today = fhir_bundle(*signed_positive(store, tmp_path))
    assert problems(example) == []
    assert [each["code"] for each in resources(example, "Observation")] == [
        each["code"] for each in resources(today, "Observation")
    ]
