"""A signed result as a DICOM structured report: valid to other programs, its numbers as signed."""

import shutil
import subprocess
from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from highdicom.sr import CodedConcept, MeasurementReport
from pydicom import Dataset, dcmread
from pydicom.sr.codedict import codes
from pydicom.uid import VLWholeSlideMicroscopyImageStorage

from core.errors import SmearscopeError
from core.reports.coded_findings import DECISIONS, Concept, findings_of
from core.reports.field_images_dicom import ImageReference
from core.reports.structured_report import OWN_CODES, dicom_code, outline, structured_report
from core.review import SignedResult
from core.store import Store
from tests.core.reports.signed_slides import signed_after, signed_positive


def images_of(result: SignedResult) -> dict[str, ImageReference]:
    """A photograph for each field, as it would have been written."""
    fields = sorted({cell.field for cell in result.readings})
    return {
        field: ImageReference("1.2.840.10008.5.1.4.1.1.77.1.2", f"1.2.{number}", "1.3", "1.4")
        for number, field in enumerate(fields, start=1)
    }


def written(path: Path, result: SignedResult, sha256: str) -> Path:
    structured_report(result, sha256, images_of(result)).save_as(path, enforce_file_format=True)
    return path


def content_of(path: Path) -> MeasurementReport:
    content = hd.sr.srread(path).content
    assert isinstance(content, MeasurementReport)
    return content


@pytest.fixture
def path(store: Store, tmp_path: Path) -> Path:
    return written(tmp_path / "report.dcm", *signed_positive(store, tmp_path))


def test_dicom3tools_finds_no_fault(path: Path) -> None:
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not here: apt-get install dicom3tools")
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if line.startswith("Error")] == []
    assert "ComprehensiveSR" in done.stderr


def test_dcmtk_reads_what_is_said(path: Path) -> None:
    if shutil.which("dsrdump") is None:
        pytest.skip("dsrdump is not here: apt-get install dcmtk")
    done = subprocess.run(["dsrdump", "+Pl", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout.count('"Image Region"') == 5
    for said in (
        "research use only, not for diagnosis",
        'PNAME:(,,"Person Observer Name")="Anna Roy^"',
        '"Parasites on which two readers agree")="3.0" (1,UCUM,"no units")',
        '(74746009,SCT,"Plasmodium vivax (organism)")',
        '"First reader: call")=(parasite,99SMEARSCOPE,"Parasite")',
        "Preliminary Flag    : FINAL",
        "Verification Flag   : UNVERIFIED",
    ):
        assert said in done.stdout, said


def test_each_object_lies_on_its_image_with_what_it_comes_to(store: Store, tmp_path: Path) -> None:
    result, sha256 = signed_positive(store, tmp_path)
    groups = content_of(written(tmp_path / "report.dcm", result, sha256)).get_planar_roi_measurement_groups()
    assert len(groups) == len(result.readings) == 5
    images = images_of(result)
    decision = CodedConcept("decision", OWN_CODES, "What the readings of the object come to")
    for cell, group in zip(result.readings, groups, strict=True):
        x, y, width, height = cell.x, cell.y, cell.width, cell.height
        region = group.roi
        assert region is not None
        corners = [[x, y], [x + width, y], [x + width, y + height], [x, y + height], [x, y]]
        assert np.array_equal(region.value, np.array(corners, np.float32))
        image = region.ContentSequence[0].ReferencedSOPSequence[0]
        assert image.ReferencedSOPInstanceUID == images[cell.field].instance
        (called,) = group.get_qualitative_evaluations(decision)
        assert called.value == dicom_code(DECISIONS[cell.decision])
        scores = [one.value for one in group.get_measurements(CodedConcept("score", OWN_CODES, "any"))]
        assert scores == ([] if cell.infected_score is None else [cell.infected_score])
    names = [item.TextValue for item in groups[0][0].ContentSequence if item.ValueType == "TEXT"]
    assert any(text.startswith("Anna Roy, ") for text in names)
    assert any(text.startswith("Ben=^, ") for text in names)


def test_each_finding_on_the_slide_is_a_group_with_its_exact_numbers(store: Store, tmp_path: Path) -> None:
    result, sha256 = signed_positive(store, tmp_path)
    path = written(tmp_path / "report.dcm", result, sha256)
    groups = content_of(path).get_image_measurement_groups()
    found = findings_of(result)
    assert len(groups) == len(found) + 1  # the first says which document it is of
    for finding, group in zip(found, groups[1:], strict=True):
        assert group.finding_type == dicom_code(finding.concept)
        numbers = [one.value for one in (finding, *finding.parts) if not isinstance(one.value, Concept)]
        assert [measured.value for measured in group.get_measurements()] == numbers
        remarks = [
            item.TextValue
            for item in group[0].ContentSequence
            if item.ValueType == "TEXT" and item.name == codes.DCM.Comment
        ]
        assert tuple(remarks) == finding.remarks


def test_its_evidence_is_each_image_that_an_object_lies_on(store: Store, tmp_path: Path) -> None:
    result, sha256 = signed_positive(store, tmp_path)
    report = hd.sr.srread(written(tmp_path / "report.dcm", result, sha256))
    evidence = {tuple(map(str, identifiers[:3])) for identifiers in report.get_evidence()}
    assert evidence == {(image.study, image.series, image.instance) for image in images_of(result).values()}


def test_the_patient_is_a_pseudonym_in_a_study_of_the_slide_alone(store: Store, tmp_path: Path) -> None:
    result, sha256 = signed_positive(store, tmp_path)
    dataset = dcmread(written(tmp_path / "report.dcm", result, sha256))
    assert dataset.PatientID == result.signature.patient_sha256
    assert dataset.PatientName == ""
    assert "patient 7" not in str(dataset)
    assert dataset.StudyInstanceUID != "1.4"  # that of the images, which may name the patient
    assert dataset.StudyDescription == "research use only, not for diagnosis"


def test_names_keep_their_letters_and_stay_one_name(store: Store, tmp_path: Path) -> None:
    result, sha256 = signed_positive(store, tmp_path)
    signature = result.signature.model_copy(update={"by": "Zoë = ^ Ñandú \\ " + 80 * "é"})
    renamed = result.model_copy(update={"signature": signature, "slide": "Tröpfchen 北"})
    dataset = dcmread(written(tmp_path / "report.dcm", renamed, sha256))
    names = [str(item.PersonName) for item in every_item(dataset) if item.ValueType == "PNAME"]
    assert names[:2] == ["Anna Roy^", "Ben^"]
    assert names[2].startswith("Zoë Ñandú éé")
    assert len(names[2]) <= 64
    assert (names[2].count("^"), names[2].count("=")) == (1, 0)
    assert "Tröpfchen 北" in [item.TextValue for item in every_item(dataset) if item.ValueType == "TEXT"]


def test_it_is_preliminary_where_one_has_read(store: Store, tmp_path: Path) -> None:
    result = signed_after(store, tmp_path, "---")
    report = structured_report(result, "0" * 64, images_of(result))
    assert (report.PreliminaryFlag, report.CompletionFlag) == ("PRELIMINARY", "COMPLETE")


def test_the_same_document_gives_the_same_bytes_and_an_amended_one_another_instance(
    store: Store, tmp_path: Path
) -> None:
    result, sha256 = signed_positive(store, tmp_path)
    first = written(tmp_path / "a.dcm", result, sha256)
    assert written(tmp_path / "b.dcm", result, sha256).read_bytes() == first.read_bytes()
    other, one = dcmread(written(tmp_path / "c.dcm", result, "1" * 64)), dcmread(first)
    assert other.SOPInstanceUID != one.SOPInstanceUID
    assert (other.StudyInstanceUID, other.SeriesInstanceUID) == (one.StudyInstanceUID, one.SeriesInstanceUID)


def test_a_region_of_a_whole_slide_is_outlined_in_its_total_matrix(store: Store, tmp_path: Path) -> None:
    result, sha256 = signed_positive(store, tmp_path)
    scan = ImageReference(VLWholeSlideMicroscopyImageStorage, "1.2.9", "1.3", "1.4", None, 1000, 2000)
    report = structured_report(result, sha256, dict.fromkeys(images_of(result), scan))
    regions = [item for item in every_item(report) if item.ValueType == "SCOORD"]
    assert {region.PixelOriginInterpretation for region in regions} == {"VOLUME"}
    assert list(regions[0].GraphicData[:2]) == [1005, 2005]
    first = result.readings[0]
    assert outline(first, scan).tolist()[2] == [1005 + 30.25, 2005 + 30.25]


def every_item(dataset: Dataset) -> list[Dataset]:
    """A node of the content, and all below it."""
    below = [found for item in dataset.get("ContentSequence") or [] for found in every_item(item)]
    return [dataset, *below]


def test_a_frame_is_named_where_an_image_has_several(store: Store, tmp_path: Path) -> None:
    result, sha256 = signed_positive(store, tmp_path)
    many = ImageReference("1.2.840.10008.5.1.4.1.1.77.1.2", "1.2.9", "1.3", "1.4", frame=3)
    report = structured_report(result, sha256, dict.fromkeys(images_of(result), many))
    images = [item for item in every_item(report) if item.ValueType == "IMAGE"]
    assert {image.ReferencedSOPSequence[0].ReferencedFrameNumber for image in images} == {3}


def test_a_slide_with_nothing_to_read_has_no_such_report(store: Store, tmp_path: Path) -> None:
    result = signed_after(store, tmp_path, "---").model_copy(update={"readings": ()})
    with pytest.raises(SmearscopeError, match=r"no object of slide slide 7 .* write its FHIR bundle"):
        structured_report(result, "0" * 64, {})
