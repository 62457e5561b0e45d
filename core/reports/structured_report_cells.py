"""A DICOM report read back: its objects, if it is of the signed result that it is held against."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import highdicom as hd
import numpy as np
from highdicom.sr import MeasurementReport, PlanarROIMeasurementsAndQualitativeEvaluations
from numpy.typing import NDArray
from pydicom.errors import InvalidDicomError
from pydicom.sr.codedict import codes

from core.errors import SmearscopeError
from core.files import shown_path
from core.reports.coded_findings import DECISIONS
from core.reports.field_images_dicom import ImageReference
from core.reports.structured_report import CANDIDATE, DECISION, DOCUMENT, dicom_code, outline
from core.review import Decision, SignedResult


class OtherReportError(SmearscopeError):
    """A file that is no report of this program, or one of something else than it is held against."""


@dataclass(frozen=True, eq=False)
class ReportedCell:
    """An object as a report has it.

    Attributes
    ----------
    candidate
        Its number in the signed document.
    image
        The image that it lies on: SOP instance, and frame where there are several.
    outline
        (5, 2) float32: its box as a closed line, in pixels of the image.
    decision
        What its readings come to.
    """

    candidate: int
    image: tuple[str, int | None]
    outline: NDArray[np.float32]
    decision: Decision


def read_report(
    path: Path, signed: SignedResult, sha256: str, images: Mapping[str, ImageReference]
) -> tuple[ReportedCell, ...]:
    """The objects of a report, none of them where one is not that of the signed result.

    Parameters
    ----------
    path
        The file.
    signed, sha256
        The document that it must be of, and its hash.
    images
        What shows each field of the slide, by name of the field.

    Raises
    ------
    OtherReportError
        Where it is no such report; where it lies on images of another slide; where it is of another signed
        result of this slide; where its objects are not those of the document.
    """
    content = _content(path)
    written = _document(content)
    if written is None:
        raise OtherReportError(f"{shown_path(path)} is no report of a signed result: give its report.dcm")
    cells = tuple(_cell(path, group) for group in content.get_planar_roi_measurement_groups())
    known = {(image.instance, image.frame) for image in images.values()}
    foreign = sum(cell.image not in known for cell in cells)
    if foreign:
        raise OtherReportError(
            f"{shown_path(path)} is of another slide: {foreign} of its {len(cells)} objects lie on images "
            f"that are not of slide {signed.slide}; give the report and the images of one slide"
        )
    if written != sha256:
        raise OtherReportError(
            f"{shown_path(path)} is of the signed document {written}, not of {sha256}: give the report of "
            f"version {signed.signature.version} of slide {signed.slide}"
        )
    altered = _altered(cells, signed, images)
    if altered or len(cells) != len(signed.readings):
        raise OtherReportError(
            f"{shown_path(path)} was altered: it has {len(cells)} objects, and {altered} of the "
            f"{len(signed.readings)} of the signed result are missing, or lie or read otherwise; write it "
            "again"
        )
    return cells


def _content(path: Path) -> MeasurementReport:
    try:
        content = hd.sr.srread(path).content
    except OSError as error:
        raise OtherReportError(f"{shown_path(path)} cannot be read: {error.strerror or error}") from error
    except (InvalidDicomError, RuntimeError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise OtherReportError(
            f"{shown_path(path)} is no DICOM structured report that can be read ({error}): give the "
            "report.dcm that was written of the signed result"
        ) from error
    if not isinstance(content, MeasurementReport):
        raise OtherReportError(f"{shown_path(path)} is no measurement report (TID 1500): give report.dcm")
    return content


def _document(content: MeasurementReport) -> str | None:
    name = dicom_code(DOCUMENT)
    texts = hd.sr.utils.find_content_items(content[0], name=name, recursive=True)
    return str(texts[0].TextValue) if texts else None


def _cell(path: Path, group: PlanarROIMeasurementsAndQualitativeEvaluations) -> ReportedCell:
    decisions = {concept.code: decision for decision, concept in DECISIONS.items()}
    try:
        (region,) = hd.sr.utils.find_content_items(group[0], name=codes.DCM.ImageRegion)
        (decision,) = hd.sr.utils.find_content_items(group[0], name=dicom_code(DECISION))
        image = region.ContentSequence[0].ReferencedSOPSequence[0]
        frame = image.get("ReferencedFrameNumber")
        return ReportedCell(
            candidate=int(str(group.tracking_identifier).removeprefix(CANDIDATE)),
            image=(str(image.ReferencedSOPInstanceUID), None if frame is None else int(frame)),
            outline=np.asarray(region.GraphicData, np.float32).reshape(-1, 2),
            decision=decisions[decision.ConceptCodeSequence[0].CodeValue],
        )
    except (ValueError, KeyError, AttributeError, IndexError) as error:
        raise OtherReportError(
            f"{shown_path(path)} was altered: its {group.tracking_identifier} is not as it was written "
            f"({error}); write it again"
        ) from error


def _altered(
    cells: tuple[ReportedCell, ...], signed: SignedResult, images: Mapping[str, ImageReference]
) -> int:
    found = {cell.candidate: cell for cell in cells}
    altered = 0
    for cell in signed.readings:
        image, there = images[cell.field], found.get(cell.candidate)
        altered += (
            there is None
            or there.image != (image.instance, image.frame)
            or there.decision != cell.decision
            or not np.array_equal(there.outline, outline(cell, image))
        )
    return altered
