"""What a DICOM report points at: the slide's own files if DICOM, else its fields, pixel for pixel."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import VLMicroscopicImageStorage, VLWholeSlideMicroscopyImageStorage, generate_uid

from core.errors import SmearscopeError
from core.reports.field_images_dicom import (
    ImageReference,
    describe_slide,
    dicom_uid,
    file_meta,
    long_string,
    point_at_fields,
    specimen_uid,
    study_uid,
)
from core.review import SignedResult
from core.slides import Field, open_slide
from core.store import Store
from tests.core.reports.signed_slides import signed_after
from tests.core.slides.dicom_slides import write_level
from tests.core.slides.images import picture, write_dicom, write_png


@pytest.fixture
def result(store: Store, tmp_path: Path) -> SignedResult:
    return signed_after(store, tmp_path, "---")


def faults_of(path: Path) -> list[str]:
    """What dciodvfy of dicom3tools finds wrong."""
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not here: apt-get install dicom3tools")
    done = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    return [line for line in done.stderr.splitlines() if line.startswith("Error")]


def test_fields_that_are_no_dicom_are_written_with_the_pixels_that_were_scored(
    result: SignedResult, tmp_path: Path
) -> None:
    images, out = tmp_path / "photographs", tmp_path / "out"
    images.mkdir()
    out.mkdir()
    odd = picture(33, 35)  # an odd number of bytes
    write_png(images / "a.png", odd)
    write_png(images / "b.png", picture(seed=2))
    found = point_at_fields(open_slide(images), result, ["a.png", "b.png"], out)
    assert [path.name for path in sorted(out.iterdir())] == ["field_0001.dcm", "field_0002.dcm"]
    written = dcmread(out / "field_0001.dcm")
    assert np.array_equal(written.pixel_array, odd)
    assert (written.SOPClassUID, written.SOPInstanceUID) == (
        VLMicroscopicImageStorage,
        found["a.png"].instance,
    )
    assert found["a.png"].series == found["b.png"].series == written.SeriesInstanceUID
    assert written.ImageComments == f"a.png. {result.notice}"
    assert written.PatientID == result.signature.patient_sha256
    assert written.PatientName == ""
    assert np.array_equal(open_slide(out).read_field("field_0001.dcm").image, odd)  # read as a slide again


def test_a_written_field_is_a_valid_microscopic_image(result: SignedResult, tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", picture())
    (tmp_path / "out").mkdir()
    point_at_fields(open_slide(tmp_path / "a.png"), result, ["a.png"], tmp_path / "out")
    assert faults_of(tmp_path / "out" / "field_0001.dcm") == []


def test_the_scale_of_a_field_goes_along(result: SignedResult, tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", picture())
    (tmp_path / "out").mkdir()
    slide = Scaled(tmp_path / "a.png")
    point_at_fields(slide, result, ["a.png"], tmp_path / "out")
    (name,) = open_slide(tmp_path / "out").field_names()
    assert open_slide(tmp_path / "out").read_field(name).um_per_pixel == pytest.approx(0.125)
    assert faults_of(tmp_path / "out" / "field_0001.dcm") == []


class Scaled:
    """A slide whose fields say 0.125 µm a pixel."""

    def __init__(self, path: Path) -> None:
        self._slide = open_slide(path)
        self.name, self.path = self._slide.name, path
        self.field_names, self.files_of = self._slide.field_names, self._slide.files_of
        self.planes_of = self._slide.planes_of

    def read_field(self, name: str) -> Field:
        return replace(self._slide.read_field(name), um_per_pixel=0.125)


def test_the_same_pixels_of_the_same_slide_are_the_same_image_and_others_are_not(
    result: SignedResult, tmp_path: Path
) -> None:
    def written(pixels: np.ndarray, of: SignedResult) -> ImageReference:
        write_png(tmp_path / "a.png", pixels)
        (tmp_path / "out").mkdir(exist_ok=True)
        return point_at_fields(open_slide(tmp_path / "a.png"), of, ["a.png"], tmp_path / "out")["a.png"]

    signature = result.signature.model_copy(update={"result_sha256": "1" * 64})
    other_slide = result.model_copy(update={"signature": signature})
    amended = result.model_copy(update={"signature": result.signature.model_copy(update={"version": 2})})
    first = written(picture(), result)
    assert written(picture(), amended) == first
    assert written(picture(seed=1), result).instance != first.instance
    other = written(picture(), other_slide)
    assert not {first.instance, first.series, first.study} & {other.instance, other.series, other.study}


def test_a_field_of_a_dicom_file_is_pointed_at_and_not_written(result: SignedResult, tmp_path: Path) -> None:
    images, out = tmp_path / "dicom", tmp_path / "out"
    images.mkdir()
    out.mkdir()
    write_dicom(images / "one.dcm", [picture()])
    write_dicom(images / "two.dcm", [picture(seed=1), picture(seed=2)])
    slide = open_slide(images)
    found = point_at_fields(slide, result, slide.field_names(), out)
    assert list(out.iterdir()) == []
    assert {name: image.frame for name, image in found.items()} == {
        "one.dcm": None,
        "two.dcm#frame=1": 1,
        "two.dcm#frame=2": 2,
    }
    header = dcmread(images / "two.dcm", stop_before_pixels=True)
    second = found["two.dcm#frame=2"]
    assert (second.instance, second.series, second.study) == (
        header.SOPInstanceUID,
        header.SeriesInstanceUID,
        header.StudyInstanceUID,
    )


def test_a_region_of_a_whole_slide_lies_in_its_total_matrix(result: SignedResult, tmp_path: Path) -> None:
    scan = write_level(tmp_path / "scan.dcm", picture(200, 300), generate_uid())
    slide = open_slide(scan, region_px=100, overlap_px=30)
    (tmp_path / "out").mkdir()
    found = point_at_fields(slide, result, slide.field_names(), tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
    assert {image.kind for image in found.values()} == {VLWholeSlideMicroscopyImageStorage}
    for name, image in found.items():
        field = slide.read_field(name)
        assert (image.frame, image.left_px, image.top_px) == (None, field.left_px, field.top_px)
    assert len({(image.left_px, image.top_px) for image in found.values()}) == len(found) > 1


def test_dicom_files_without_identifiers_are_written_anew(result: SignedResult, tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", [picture()])
    dataset = dcmread(path)
    del dataset.StudyInstanceUID
    dataset.save_as(path)
    (tmp_path / "out").mkdir()
    point_at_fields(open_slide(path), result, ["a.dcm"], tmp_path / "out")
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["field_0001.dcm"]


def test_images_of_another_slide_are_refused_with_the_cells_that_miss_them(
    result: SignedResult, tmp_path: Path
) -> None:
    write_png(tmp_path / "a.png", picture())
    with pytest.raises(SmearscopeError, match=r"has no field field1\.png, on which 2 cells .* slide 7"):
        point_at_fields(open_slide(tmp_path / "a.png"), result, ["field1.png"], tmp_path)


def test_names_are_cut_and_stripped_to_what_dicom_keeps() -> None:
    assert long_string("a\\b\nc" + 80 * "d") == "a b c" + 59 * "d"


def test_what_is_written_says_whose_it_is_by_pseudonym_alone(result: SignedResult) -> None:
    dataset = Dataset()
    describe_slide(dataset, result)
    assert dataset.PatientID == result.signature.patient_sha256
    assert "patient 7" not in str(dataset)
    assert dataset.StudyInstanceUID == study_uid(result) != specimen_uid(result)
    signature = result.signature.model_copy(update={"patient_sha256": None})
    describe_slide(dataset, result.model_copy(update={"signature": signature}))
    assert dataset.PatientID == ""


def test_identifiers_are_valid_and_follow_from_what_they_are_of() -> None:
    assert dicom_uid("a", "b").is_valid
    assert dicom_uid("a", "b") == dicom_uid("a", "b") != dicom_uid("b", "a")
    assert file_meta(VLMicroscopicImageStorage, dicom_uid("a")).MediaStorageSOPInstanceUID == dicom_uid("a")
