"""A DICOM report read back: its objects, and a clear refusal of one of another slide, version or hand."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from core.reports.structured_report import structured_report
from core.reports.structured_report_cells import OtherReportError, read_report
from core.review import Decision, SignedResult
from core.store import Store
from tests.core.reports.signed_slides import signed_positive
from tests.core.reports.test_structured_report import every_item, images_of
from tests.core.slides.images import picture, write_dicom


@pytest.fixture
def signed(store: Store, tmp_path: Path) -> tuple[SignedResult, str]:
    return signed_positive(store, tmp_path)


@pytest.fixture
def path(signed: tuple[SignedResult, str], tmp_path: Path) -> Path:
    result, sha256 = signed
    path = tmp_path / "report.dcm"
    structured_report(result, sha256, images_of(result)).save_as(path, enforce_file_format=True)
    return path


def test_the_objects_come_back_with_their_places_and_decisions(
    signed: tuple[SignedResult, str], path: Path
) -> None:
    result, sha256 = signed
    cells = read_report(path, result, sha256, images_of(result))
    assert [cell.candidate for cell in cells] == [cell.candidate for cell in result.readings]
    assert [cell.decision for cell in cells] == [cell.decision for cell in result.readings]
    assert [cell.decision for cell in cells].count(Decision.ACCEPTED_BY_BOTH) == 3
    assert cells[0].outline.shape == (5, 2)
    assert cells[0].image == (images_of(result)["field1.png"].instance, None)


def test_a_report_of_another_slide_is_refused_with_how_many_objects(
    signed: tuple[SignedResult, str], path: Path
) -> None:
    result, sha256 = signed
    others = {field: image for field, image in images_of(result).items() if field == "field1.png"}
    with pytest.raises(OtherReportError, match="another slide: 3 of its 5 objects lie"):
        read_report(path, result, sha256, others)


def test_a_report_of_another_version_is_refused(signed: tuple[SignedResult, str], path: Path) -> None:
    result, sha256 = signed
    with pytest.raises(OtherReportError, match=f"of the signed document {sha256}, not of 1111"):
        read_report(path, result, "1" * 64, images_of(result))


def moved(report: Dataset) -> None:
    region = next(item for item in every_item(report) if item.ValueType == "SCOORD")
    region.GraphicData = [value + 1 for value in region.GraphicData]


def called_otherwise(report: Dataset) -> None:
    decisions = [item for item in every_item(report) if code_of(item) == "decision"]
    decisions[0].ConceptCodeSequence[0].CodeValue = "rejected"


def left_out(report: Dataset) -> None:
    del report.ContentSequence[-1].ContentSequence[-1]


def unknown_decision(report: Dataset) -> None:
    decisions = [item for item in every_item(report) if code_of(item) == "decision"]
    decisions[0].ConceptCodeSequence[0].CodeValue = "maybe"


def without_hash(report: Dataset) -> None:
    group = report.ContentSequence[-1].ContentSequence[0]
    group.ContentSequence = [item for item in group.ContentSequence if code_of(item) != "document"]


def code_of(item: Dataset) -> str:
    return str(item.ConceptNameCodeSequence[0].get("CodeValue"))


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (moved, "has 5 objects, and 1 of the 5"),
        (called_otherwise, "has 5 objects, and 1 of the 5"),
        (left_out, "has 4 objects, and 1 of the 5"),
        (unknown_decision, "its object 1 is not as it was written .*maybe"),
        (without_hash, "is no report of a signed result"),
    ],
)
def test_what_was_altered_is_refused(
    signed: tuple[SignedResult, str],
    path: Path,
    alter: Callable[[Dataset], None],
    said: str,
) -> None:
    dataset = dcmread(path)
    alter(dataset)
    dataset.save_as(path)
    result, sha256 = signed
    with pytest.raises(OtherReportError, match=said):
        read_report(path, result, sha256, images_of(result))


def test_another_file_is_named(signed: tuple[SignedResult, str], tmp_path: Path) -> None:
    result, sha256 = signed
    (tmp_path / "text.dcm").write_text("hello")
    image = write_dicom(tmp_path / "image.dcm", [picture()])
    for path, said in (
        (tmp_path / "none.dcm", r"none\.dcm cannot be read"),
        (tmp_path / "text.dcm", r"text\.dcm is no DICOM structured report"),
        (image, r"image\.dcm is no DICOM structured report"),
    ):
        with pytest.raises(OtherReportError, match=said):
            read_report(path, result, sha256, {})
