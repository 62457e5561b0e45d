"""What is signed: the result of a slide with its readings, as canonical JSON, and how it is verified.

Its layout is `signed_result.schema.json`, made from here: that of `result.json` with the readings added.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.cells.located import WhyNot
from core.results.result import SlideResult
from core.review.decisions import Decision
from core.store import (
    Call,
    CandidateKind,
    Case,
    Opinion,
    Reason,
    Role,
    Signature,
    SlideRecord,
    Species,
    Stage,
)
from core.wording import Sentence, sentence

SCHEMA_PATH = Path(__file__).with_name("signed_result.schema.json")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SignedReading(_Record):
    """A reading that stood as the result was signed."""

    number: int = Field(description="Of the reading in the store.")
    reader: str
    role: Role
    call: Call
    reason: Reason | None
    stage: Stage | None
    species: Species | None
    at: datetime


class SignedCell(_Record):
    """An object that was laid before readers, read or not."""

    candidate: int = Field(description="Its number in the store.")
    kind: CandidateKind
    rank: int | None = Field(
        description="Its place in the slide's list, from 1 on; null if it is not listed."
    )
    infected_score: float | None = Field(description="By which it was ranked; null if it was marked by hand.")
    why_not: WhyNot | None = Field(
        description="Why it is not an evaluable cell, empty if it is one; null if it was marked by hand."
    )
    field: str
    x: float
    y: float
    width: float
    height: float
    decision: Decision = Field(description="The decision from its readings; a call stands when two give it.")
    gametocyte: bool = Field(description="Accepted by two, but not counted in the density.")
    readings: tuple[SignedReading, ...]

    @property
    def opinions(self) -> tuple[Opinion, ...]:
        """What each of its readers says."""
        return tuple(
            Opinion(reading.call, reading.reason, reading.stage, reading.species) for reading in self.readings
        )

    @model_validator(mode="before")
    @classmethod
    def _of_version_0_1_0(cls, given: Any) -> Any:  # noqa: ANN401 - whatever a document holds
        """Read what 0.1.0 signed: cells that it had called, or offered as the next; all of them counted."""
        match given:
            case {"kind": "called" | "further"}:
                return {**given, "kind": CandidateKind.LISTED, "why_not": WhyNot.EVALUABLE}
            case {"kind": str()} if "why_not" not in given:
                of_sample = given["kind"] == CandidateKind.SAMPLE
                return {**given, "why_not": WhyNot.EVALUABLE if of_sample else None}
        return given


class SignedPicture(_Record):
    """A picture of an accepted cell, kept beside the document."""

    candidate: int
    sha256: str = Field(description="Of the PNG file.")


class SignedField(_Record):
    """A field of which a reader said, as the result was signed, that they had looked at all of it."""

    number: int = Field(description="Of what was said in the store.")
    field: str
    reader: str
    role: Role
    at: datetime


class FieldToRepeat(_Record):
    """A field to photograph again."""

    field: str
    by: str
    reason: str


class SignedNote(_Record):
    """A note that stood as the result was signed: on a cell, on a whole field, or on the slide."""

    number: int = Field(description="Of the note in the store.")
    candidate: int | None = Field(description="The cell's number in the store; null if it is on no cell.")
    rank: int | None = Field(description="The cell's place in the slide's list; null if it has none.")
    field: str | None = Field(description="The field, or that of the cell; null if it is on the slide.")
    by: str
    text: str
    at: datetime


class ReaderAgreement(_Record):
    """First against second reading of this slide, before adjudication."""

    cells: int = Field(description="Cells that both have read.")
    agreed: int
    kappa: float | None = Field(description="Cohen's; null where it is not defined.")


class SignedUnder(_Record):
    """Whose signature, when, and of which version."""

    version: int = Field(description="1, then one more for each amendment.")
    by: str
    at: datetime
    amendment: str | None = Field(description="Why the version before was amended; null for the first.")
    previous_sha256: str | None = Field(description="Of the document of the version before.")
    result_sha256: str = Field(description="Of the bytes of the result.json that was read.")
    patient_sha256: str | None = Field(
        description="Ties the document to the patient as entered without holding it: of a secret text of the "
        "case, a line feed, and the patient; null where the patient had been erased."
    )


class SignedResult(SlideResult):
    """A slide's result with its readings; `evidence` and `verdict` rest on them."""

    signature: SignedUnder
    readings: tuple[SignedCell, ...]
    agreement: ReaderAgreement | None = Field(description="Null where no cell was read by two.")
    fields_read: tuple[SignedField, ...] = Field(
        default=(), description="Fields read whole; empty in what was signed before there were any."
    )
    fields_to_photograph_again: tuple[FieldToRepeat, ...]
    pictures: tuple[SignedPicture, ...]
    notes: tuple[SignedNote, ...] = Field(
        default=(),
        description="Those that stood; a document that was signed before there were notes has none.",
    )


def signed_result_schema() -> dict[str, Any]:
    """JSON schema of a signed document, from the types of `SignedResult`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **SignedResult.model_json_schema(mode="serialization"),
    }


def canonical(result: SignedResult) -> str:
    """The one text of a result: keys sorted, no white space, UTF-8 as it is.

    Raises
    ------
    jsonschema.ValidationError
        Where the result does not fit the published schema.
    """
    document = result.model_dump(mode="json")
    _validator().validate(document)
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_of(text: str) -> str:
    """Hash of a text's UTF-8 bytes, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def patient_sha256(case: Case) -> str | None:
    """What ties a document to a case's patient; None where that was erased."""
    return None if case.patient is None else sha256_of(f"{case.salt}\n{case.patient}")


def read_document(signature: Signature) -> SignedResult:
    """The result that was signed."""
    return SignedResult.model_validate_json(signature.document)


def violations(record: SlideRecord, version: int, pictures: Mapping[int, bytes]) -> tuple[Sentence, ...]:
    """Hold a signed version against the store: one sentence for each thing that was altered since.

    Parameters
    ----------
    record
        The slide as the store has it now.
    version
        The signed version to look at, from 1 on.
    pictures
        As `Store.signatures.pictures` gives them.
    """
    signature = record.signatures[version - 1]
    found = []
    if sha256_of(signature.document) != signature.sha256:
        found.append(sentence("altered.document"))
    try:
        document = read_document(signature)
    except ValidationError:
        return (*found, sentence("altered.no_result"))
    under = document.signature
    if (under.version, under.by, under.at) != (signature.version, signature.by, signature.at):
        found.append(sentence("altered.signature"))
    previous = record.signatures[version - 2].sha256 if version > 1 else None
    if under.previous_sha256 != previous:
        found.append(sentence("altered.version_before"))
    patient = patient_sha256(record.case)
    if patient and under.patient_sha256 and patient != under.patient_sha256:
        found.append(sentence("altered.patient"))
    found += _altered_readings(record, document)
    found += _altered_notes(record, document)
    found += _altered_fields(record, document)
    hashes = {candidate: hashlib.sha256(png).hexdigest() for candidate, png in pictures.items()}
    if hashes != {picture.candidate: picture.sha256 for picture in document.pictures}:
        found.append(sentence("altered.pictures"))
    return tuple(found)


def _altered_readings(record: SlideRecord, document: SignedResult) -> list[Sentence]:
    present = {
        reading.id: (reading.candidate_id, reading.reader, reading.role, reading.opinion, reading.at)
        for reading in record.readings
    }
    altered = 0
    for cell in document.readings:
        for reading in cell.readings:
            kept = present.get(reading.number)
            if kept is None:
                altered += 1
                continue
            candidate, reader, role, opinion, at = kept
            given = (reading.call, reading.reason, reading.stage, reading.species)
            altered += (candidate, reader, role, at) != (
                cell.candidate,
                reading.reader,
                reading.role,
                reading.at,
            ) or given != (opinion.call, opinion.reason, opinion.stage, opinion.species)
    return [sentence("altered.readings", count=altered)] if altered else []


def _altered_notes(record: SlideRecord, document: SignedResult) -> list[Sentence]:
    present = {note.id: note for note in record.notes}
    altered = 0
    for signed in document.notes:
        kept = present.get(signed.number)
        if kept is None:
            altered += 1
            continue
        erased = kept.text is None and record.case.patient is None
        altered += (signed.candidate, signed.field, signed.by, signed.at) != (
            kept.candidate_id,
            kept.field,
            kept.by,
            kept.at,
        ) or (signed.text != kept.text and not erased)
    return [sentence("altered.notes", count=altered)] if altered else []


def _altered_fields(record: SlideRecord, document: SignedResult) -> list[Sentence]:
    present = {one.id: (one.field, one.reader, one.role, one.at) for one in record.fields_read if one.whole}
    altered = sum(
        present.get(one.number) != (one.field, one.reader, one.role, one.at) for one in document.fields_read
    )
    return [sentence("altered.fields", count=altered)] if altered else []


@cache
def _validator() -> jsonschema.protocols.Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA_PATH.read_text(encoding="utf-8")))
