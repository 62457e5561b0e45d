"""A signed result as a DICOM structured report: a measurement report (TID 1500) that points at its images."""

from collections.abc import Iterable, Mapping

import highdicom as hd
import numpy as np
from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    DeviceObserverIdentifyingAttributes,
    GraphicTypeValues,
    ImageRegion,
    Measurement,
    MeasurementReport,
    MeasurementsAndQualitativeEvaluations,
    ObservationContext,
    ObserverContext,
    PersonObserverIdentifyingAttributes,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    QualitativeEvaluation,
    RelationshipTypeValues,
    SourceImageForRegion,
    SubjectContext,
    SubjectContextSpecimen,
    TextContentItem,
    TrackingIdentifier,
)
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import ComprehensiveSRStorage

from core.errors import SmearscopeError
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
    readers_by_role,
    report_status,
)
from core.reports.field_images_dicom import (
    ImageReference,
    describe_slide,
    dicom_uid,
    file_meta,
    long_string,
    specimen_uid,
)
from core.review import SignedResult
from core.review.signed_result import SignedCell, SignedReading
from core.store import Call, CandidateKind, Reason, Role

_Group = MeasurementsAndQualitativeEvaluations | PlanarROIMeasurementsAndQualitativeEvaluations

OWN_CODES = "99SMEARSCOPE"
DOCUMENT = Concept("document", "SHA-256 of the signed document")
DECISION = Concept("decision", "What the readings of the object come to")
CANDIDATE = "object "
"""How the tracking identifier of an object begins; its number in the signed document follows."""
_SCHEMES = {Scheme.OWN: OWN_CODES, Scheme.LOINC: "LN", Scheme.SNOMED_CT: "SCT"}
_UNITS = {
    Unit.PER_UL: CodedConcept("/uL", "UCUM", "per microlitre"),
    Unit.ONE: CodedConcept("1", "UCUM", "no units"),
}
_OBJECT = Concept("object", "Object on a thin blood smear")
_KINDS = {
    CandidateKind.LISTED: Concept("listed", "Of the ranked list"),
    CandidateKind.SAMPLE: Concept("sample", "Drawn at random from the list"),
    CandidateKind.MARKED: Concept("marked", "Marked by a reader"),
}
_CALLS = {
    Call.PARASITE: Concept("parasite", "Parasite"),
    Call.NOT_PARASITE: Concept("not-a-parasite", "Not a parasite"),
    Call.UNSURE: Concept("unsure", "Unsure"),
}
_REASONS = {reason: Concept(reason.replace(" ", "-"), reason.capitalize()) for reason in Reason}
_ROLES = {
    Role.FIRST: Concept("first", "First reader"),
    Role.SECOND: Concept("second", "Second reader"),
    Role.ADJUDICATOR: Concept("adjudicator", "Adjudicator"),
}
_VERSION = Concept("version", "Version of the signed result")
_RANK = Concept("rank", "Rank in the list")
_SCORE = Concept("score", "Score by which it was ranked")
_KIND = Concept("kind", "Why it was read")
_SIGNER = Concept("signer", "Signed the result")


def structured_report(signed: SignedResult, sha256: str, images: Mapping[str, ImageReference]) -> Dataset:
    """The report: a group for each finding on the slide, then one for each object laid before readers.

    The same signed document and images give the same file.

    Parameters
    ----------
    sha256
        Of the signed document.
    images
        What shows each field on which an object lies (`core.reports.field_images_dicom.point_at_fields`).

    Raises
    ------
    SmearscopeError
        Where no object was laid before readers: such a report must point at an image.
    """
    if not images:
        raise SmearscopeError(
            f"no object of slide {signed.slide} was laid before readers, so a DICOM report has nothing to "
            "point at: write its FHIR bundle"
        )
    groups: list[_Group] = [
        _document_group(signed, sha256),
        *(_finding_group(number, found, sha256) for number, found in enumerate(findings_of(signed), start=1)),
        *(_cell_group(signed, cell, images[cell.field]) for cell in signed.readings),
    ]
    content = MeasurementReport(
        observation_context=_context(signed),
        procedure_reported=codes.SCT.Microscopy,
        imaging_measurements=groups,
    )
    instance = dicom_uid("report", sha256)
    report = hd.sr.ComprehensiveSR(
        evidence=_evidence(signed, images.values()),
        content=content[0],
        series_instance_uid=dicom_uid("reports", signed.signature.result_sha256),
        series_number=2,
        sop_instance_uid=instance,
        instance_number=signed.signature.version,
        manufacturer="Smearscope",
        is_complete=True,
        is_final=report_status(signed) != ReportStatus.PRELIMINARY,
    )
    _date(report, signed)
    report.CodingSchemeIdentificationSequence = [_own_scheme()]
    describe_slide(report, signed)
    report.file_meta = file_meta(ComprehensiveSRStorage, instance)
    return report


def _date(report: Dataset, signed: SignedResult) -> None:
    """Give the time of the signature for that of the export, which would make each file another."""
    day, time = f"{signed.signature.at:%Y%m%d}", f"{signed.signature.at:%H%M%S.%f}"
    report.InstanceCreationDate = report.ContentDate = report.SeriesDate = day
    report.InstanceCreationTime = report.ContentTime = report.SeriesTime = time
    report.TimezoneOffsetFromUTC = "+0000"
    for equipment in report.ContributingEquipmentSequence:  # highdicom names itself
        equipment.ContributionDateTime = day + time


def _own_scheme() -> Dataset:
    scheme = Dataset()
    scheme.CodingSchemeDesignator = OWN_CODES
    scheme.CodingSchemeUID = dicom_uid("codes")
    scheme.CodingSchemeName = "Codes of Smearscope"
    return scheme


def _evidence(signed: SignedResult, images: Iterable[ImageReference]) -> list[Dataset]:
    """The images as highdicom wants them: heads from which the report takes its study, so all of this one."""
    heads = []
    for image in sorted(set(images), key=lambda image: image.instance):
        head = Dataset()
        describe_slide(head, signed)
        head.SOPClassUID, head.SOPInstanceUID = image.kind, image.instance
        head.SeriesInstanceUID, head.StudyInstanceUID = image.series, image.study
        heads.append(head)
    return heads


def _context(signed: SignedResult) -> ObservationContext:
    people = [*readers_by_role(signed), (None, signed.signature.by)]
    persons = [
        PersonObserverIdentifyingAttributes(
            _person_name(name), role_in_procedure=dicom_code(_SIGNER if role is None else _ROLES[role])
        )
        for role, name in people
    ]
    device = DeviceObserverIdentifyingAttributes(
        uid=dicom_uid("program", signed.versions["smearscope"], signed.model.identity),
        name="Smearscope",
        manufacturer_name="Smearscope",
        model_name=f"{signed.versions['smearscope']}, {signed.model.identity}",
    )
    context = ObservationContext(
        observer_person_context=ObserverContext(codes.DCM.Person, persons[0]),
        observer_device_context=ObserverContext(codes.DCM.Device, device),
        subject_context=SubjectContext(
            codes.DCM.Specimen,
            SubjectContextSpecimen(
                uid=specimen_uid(signed), identifier=signed.slide, container_identifier=signed.slide
            ),
        ),
    )
    for person in persons[1:]:
        context.extend(ObserverContext(codes.DCM.Person, person))
    return context


def _person_name(name: str) -> str:
    """A name as one part, whatever signs it has that would divide it into several."""
    plain = "".join(" " if letter in "^=" else letter for letter in long_string(name))
    return f"{' '.join(plain.split())[:63]}^"


def _document_group(signed: SignedResult, sha256: str) -> MeasurementsAndQualitativeEvaluations:
    under = signed.signature
    group = MeasurementsAndQualitativeEvaluations(
        TrackingIdentifier(dicom_uid("document", sha256), f"version {under.version}"),
        finding_type=dicom_code(Concept("signed-result", "Signed result of a slide")),
        measurements=[
            _measurement(Concept("version", "Version of the signed result"), under.version, Unit.ONE)
        ],
    )
    _say(group, DOCUMENT, sha256)
    _say(group, Concept("result", "SHA-256 of the result that was read"), under.result_sha256)
    _say(group, Concept("notice", "Notice"), signed.notice)
    return group


def _finding_group(number: int, found: CodedFinding, sha256: str) -> MeasurementsAndQualitativeEvaluations:
    """A finding with its parts; its remarks stand below it as comments."""
    every = (found, *found.parts)
    group = MeasurementsAndQualitativeEvaluations(
        TrackingIdentifier(dicom_uid("finding", sha256, str(number)), f"finding {number}"),
        finding_type=dicom_code(found.concept),
        measurements=[
            _measurement(one.concept, one.value, one.unit)
            for one in every
            if not isinstance(one.value, Concept) and one.unit is not None
        ],
        qualitative_evaluations=[
            QualitativeEvaluation(dicom_code(one.concept), dicom_code(one.value))
            for one in every
            if isinstance(one.value, Concept)
        ],
    )
    for remark in found.remarks:
        _say(group, None, remark)
    return group


def _cell_group(
    signed: SignedResult, cell: SignedCell, image: ImageReference
) -> PlanarROIMeasurementsAndQualitativeEvaluations:
    """An object: where it lies, by what it was ranked, what it comes to, and who called it what."""
    ranked = ((_RANK, cell.rank), (_SCORE, cell.infected_score))
    decisions = [(DECISION, DECISIONS[cell.decision]), (_KIND, _KINDS[cell.kind])]
    called = [pair for reading in cell.readings for pair in _called(reading)]
    group = PlanarROIMeasurementsAndQualitativeEvaluations(
        TrackingIdentifier(
            dicom_uid("object", signed.signature.result_sha256, str(cell.candidate)),
            f"{CANDIDATE}{cell.candidate}",
        ),
        referenced_region=ImageRegion(
            GraphicTypeValues.POLYLINE,
            outline(cell, image),
            SourceImageForRegion(image.kind, image.instance, None if image.frame is None else [image.frame]),
        ),
        finding_type=dicom_code(_OBJECT),
        algorithm_id=AlgorithmIdentification("Smearscope", signed.model.identity),
        measurements=[_measurement(one, value, Unit.ONE) for one, value in ranked if value is not None],
        qualitative_evaluations=[
            QualitativeEvaluation(dicom_code(name), dicom_code(value))
            for name, value in (*decisions, *called)
        ],
    )
    if cell.why_not:
        _say(group, None, f"Not counted: {cell.why_not}")
    for reading in cell.readings:
        _say(group, _ROLES[reading.role], f"{reading.reader}, {reading.at.isoformat()}")
    return group


def _called(reading: SignedReading) -> list[tuple[Concept, Concept]]:
    named = {
        "call": _CALLS[reading.call],
        "reason": None if reading.reason is None else _REASONS[reading.reason],
        "stage": None if reading.stage is None else STAGES[reading.stage],
        "species": None if reading.species is None else SPECIES[reading.species],
    }
    role = _ROLES[reading.role]
    return [
        (Concept(f"{role.code}-{what}", f"{role.meaning}: {what}"), value)
        for what, value in named.items()
        if value is not None
    ]


def outline(cell: SignedCell, image: ImageReference) -> NDArray[np.float32]:
    """The box as a closed line, in pixels of the image; the image's first pixel begins at 0, 0."""
    left, top = cell.x + image.left_px, cell.y + image.top_px
    right, bottom = left + cell.width, top + cell.height
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom], [left, top]], np.float32)


def _measurement(concept: Concept, value: float, unit: Unit) -> Measurement:
    return Measurement(dicom_code(concept), value, _UNITS[unit])


def _say(group: _Group, concept: Concept | None, text: str) -> None:
    """Add a text to a group; under no concept it is a comment."""
    name = codes.DCM.Comment if concept is None else dicom_code(concept)
    group[0].ContentSequence.append(TextContentItem(name, text, RelationshipTypeValues.CONTAINS))


def dicom_code(concept: Concept) -> CodedConcept:
    """A concept as DICOM writes it."""
    return CodedConcept(concept.code, _SCHEMES[concept.scheme], concept.meaning)
