"""A signed result as a FHIR R4 bundle: a diagnostic report with its observations, for hospital systems."""

import json
from html import escape
from typing import Any

from core.reports.coded_findings import (
    SMEAR,
    CodedFinding,
    Concept,
    Scheme,
    Unit,
    findings_of,
    own_uuid,
    readers_of,
    report_status,
    verdict_concept,
)
from core.review import SignedResult

Resource = dict[str, Any]

OWN_SYSTEM = own_uuid("codes").urn
"""Of this program's own codes: a name that is nobody else's, and no address to look at."""
_DOCUMENTS = own_uuid("signed documents").urn
_PSEUDONYMS = own_uuid("patients").urn
_SLIDES = own_uuid("slides").urn
"""What identifiers belong to: hashes of signed documents, pseudonyms of patients, names of slides."""
_SYSTEMS = {
    Scheme.OWN: OWN_SYSTEM,
    Scheme.LOINC: "http://loinc.org",
    Scheme.SNOMED_CT: "http://snomed.info/sct",
}
_UCUM = "http://unitsofmeasure.org"
_UNIT_NAMES = {Unit.PER_UL: "per microlitre", Unit.ONE: "1"}


def fhir_text(signed: SignedResult, sha256: str) -> str:
    """The bundle as JSON; the same signed document gives the same text."""
    return json.dumps(fhir_bundle(signed, sha256), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def fhir_bundle(signed: SignedResult, sha256: str) -> Resource:
    """A collection: the report, specimen, program, readers and observations, and the patient's pseudonym.

    No name of a patient is in it. The status of the report is that of `report_status`.

    Parameters
    ----------
    sha256
        Of the signed document; all identifiers are made from it.
    """
    return _Bundle(signed, sha256).made()


class _Bundle:
    def __init__(self, signed: SignedResult, sha256: str) -> None:
        self._signed = signed
        self._sha256 = sha256
        self._at = signed.signature.at.isoformat()
        self._readers = readers_of(signed) or (signed.signature.by,)
        self._people = {name.casefold(): name for name in (signed.signature.by, *self._readers)}
        self._about = {"specimen": self._reference("specimen"), **self._subject}

    def made(self) -> Resource:
        observations = [self._observation(finding) for finding in findings_of(self._signed)]
        resources = [
            ("report", self._report(len(observations))),
            ("specimen", self._specimen()),
            ("device", self._device()),
            *((f"reader {key}", self._practitioner(name)) for key, name in self._people.items()),
            *([("patient", self._patient())] if self._subject else []),
            *((f"observation {number}", made) for number, made in enumerate(observations)),
        ]
        return {
            "resourceType": "Bundle",
            "meta": self._meta(),
            "identifier": {"system": _DOCUMENTS, "value": self._sha256},
            "type": "collection",
            "timestamp": self._at,
            "entry": [{"fullUrl": self._url(what), "resource": resource} for what, resource in resources],
        }

    def _url(self, what: str) -> str:
        return own_uuid(self._sha256, what).urn

    def _reference(self, what: str) -> Resource:
        return {"reference": self._url(what)}

    def _reader(self, name: str) -> Resource:
        return {**self._reference(f"reader {name.casefold()}"), "display": self._people[name.casefold()]}

    @property
    def _subject(self) -> Resource:
        return (
            {} if self._signed.signature.patient_sha256 is None else {"subject": self._reference("patient")}
        )

    def _meta(self) -> Resource:
        return {"tag": [{"system": OWN_SYSTEM, "code": "research-use", "display": self._signed.notice}]}

    def _resource(self, kind: str, *said: str) -> Resource:
        """The head of a resource; what it says in words begins with the notice."""
        lines = "".join(f"<p>{escape(line)}</p>" for line in (self._signed.notice, *said))
        div = f'<div xmlns="http://www.w3.org/1999/xhtml">{lines}</div>'
        return {"resourceType": kind, "meta": self._meta(), "text": {"status": "generated", "div": div}}

    def _report(self, observations: int) -> Resource:
        signed, under = self._signed, self._signed.signature
        judged, verdict = signed.verdict, verdict_concept(signed)
        conclusion = " ".join((f"{signed.notice}.", f"{judged.kind.capitalize()}.", *judged.reasons))
        by = f"Signed by {under.by}, version {under.version}."
        return {
            **self._resource("DiagnosticReport", f"Slide {signed.slide}.", conclusion, by),
            "identifier": [{"system": _DOCUMENTS, "value": self._sha256}],
            "status": report_status(signed).value,
            "category": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/v2-0074",
                            "code": "LAB",
                            "display": "Laboratory",
                        }
                    ]
                }
            ],
            "code": _concept(SMEAR, "Malaria parasites on a thin blood smear"),
            **self._subject,
            "issued": self._at,
            "performer": [self._reader(name) for name in self._readers],
            "resultsInterpreter": [self._reader(under.by)],
            "specimen": [self._reference("specimen")],
            "result": [self._reference(f"observation {number}") for number in range(observations)],
            "conclusion": conclusion,
            "conclusionCode": [_concept(verdict)],
        }

    def _specimen(self) -> Resource:
        slide = self._signed.slide
        return {
            **self._resource("Specimen", f"Thin blood smear, slide {slide}."),
            "identifier": [{"system": _SLIDES, "value": slide}],
            "type": {"text": "Thin blood smear"},
            **self._subject,
            "note": self._notes(),
        }

    def _device(self) -> Resource:
        signed = self._signed
        program = [("program", signed.versions["smearscope"]), ("model", signed.model.identity)]
        return {
            **self._resource("Device", f"Smearscope with the model {signed.model.identity}."),
            "deviceName": [{"name": "Smearscope", "type": "user-friendly-name"}],
            "type": {"text": "Program that ranks the objects of a thin smear for readers"},
            "version": [{"type": {"text": kind}, "value": value} for kind, value in program],
            "note": self._notes(),
        }

    def _practitioner(self, name: str) -> Resource:
        return {
            **self._resource("Practitioner", f"{name}, by the name that the laboratory's program has."),
            "name": [{"text": name}],
        }

    def _patient(self) -> Resource:
        pseudonym = self._signed.signature.patient_sha256
        return {
            **self._resource("Patient", "By pseudonym. The name is not in the signed result."),
            "identifier": [{"system": _PSEUDONYMS, "value": pseudonym}],
        }

    def _observation(self, finding: CodedFinding) -> Resource:
        said = f"{finding.concept.meaning}: {_in_words(finding)}"
        parts = [{"code": _concept(part.concept), **_value(part.value, part.unit)} for part in finding.parts]
        return {
            **self._resource(
                "Observation", said, *(f"{p.concept.meaning}: {_in_words(p)}" for p in finding.parts)
            ),
            "status": report_status(self._signed).value,
            "category": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                            "code": "laboratory",
                            "display": "Laboratory",
                        }
                    ]
                }
            ],
            "code": _concept(finding.concept),
            **self._about,
            "issued": self._at,
            "performer": [self._reader(name) for name in self._readers],
            **_value(finding.value, finding.unit),
            "note": self._notes(*finding.remarks),
            "device": self._reference("device"),
            **({"component": parts} if parts else {}),
        }

    def _notes(self, *remarks: str) -> list[Resource]:
        return [{"text": text} for text in (self._signed.notice, *remarks)]


def _concept(concept: Concept, text: str = "") -> Resource:
    coding = {"system": _SYSTEMS[concept.scheme], "code": concept.code, "display": concept.meaning}
    return {"coding": [coding], "text": text or concept.meaning}


def _value(value: float | Concept, unit: Unit | None) -> Resource:
    if isinstance(value, Concept):
        return {"valueCodeableConcept": _concept(value)}
    if unit is None:
        raise ValueError(f"the value {value} has no unit")
    quantity = {"value": value, "unit": _UNIT_NAMES[unit], "system": _UCUM, "code": unit.value}
    return {"valueQuantity": quantity}


def _in_words(finding: CodedFinding) -> str:
    if isinstance(finding.value, Concept):
        return finding.value.meaning
    return f"{finding.value}" + ("" if finding.unit in (None, Unit.ONE) else f" {finding.unit}")
