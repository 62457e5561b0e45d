"""The folder of a DICOM report: whole, of the right slide, or not there at all."""

from pathlib import Path

import highdicom as hd
import numpy as np
import pytest
from pydicom import dcmread

from core.errors import SmearscopeError
from core.files import OutputError
from core.reports.dicom_report_folder import REPORT, check_images, write_report_folder
from core.slides import open_slide
from core.store import Store
from tests.core.reports.signed_slides import signed_after, signed_positive
from tests.core.slides.images import picture, write_dicom, write_png
from tests.scored_slides import image_of


def test_the_report_points_at_the_fields_beside_it(store: Store, tmp_path: Path) -> None:
    result, sha256 = signed_positive(store, tmp_path)
    out = tmp_path / "report"
    cells = write_report_folder(out, result, sha256, open_slide(tmp_path / "images"))
    assert [path.name for path in sorted(out.iterdir())] == ["field_0001.dcm", "field_0002.dcm", REPORT]
    assert len(cells) == len(result.readings)
    beside = {str(dcmread(path).SOPInstanceUID) for path in out.glob("field_*")}
    assert {str(instance) for _, _, instance, _ in hd.sr.srread(out / REPORT).get_evidence()} == beside
    assert np.array_equal(dcmread(out / "field_0001.dcm").pixel_array, image_of(10))


def test_beside_a_report_on_dicom_files_lies_nothing(store: Store, tmp_path: Path) -> None:
    result, sha256 = signed_positive(store, tmp_path)
    dicom = tmp_path / "dicom"
    dicom.mkdir()
    renamed = {"field1.png": "field1.dcm", "field2.png": "field2.dcm"}
    for number, name in enumerate(renamed.values()):
        write_dicom(dicom / name, [picture(60, 410, seed=number)])
    cells = [cell.model_copy(update={"field": renamed[cell.field]}) for cell in result.readings]
    # Their pixels are others than those that were signed, of which there are pictures.
    of_dicom = result.model_copy(update={"readings": tuple(cells), "pictures": ()})
    write_report_folder(tmp_path / "report", of_dicom, sha256, open_slide(dicom))
    assert [path.name for path in (tmp_path / "report").iterdir()] == [REPORT]
    evidence = hd.sr.srread(tmp_path / "report" / REPORT).get_evidence()
    assert {str(instance) for _, _, instance, _ in evidence} == {
        str(dcmread(path).SOPInstanceUID) for path in dicom.iterdir()
    }


def test_images_of_another_slide_leave_nothing_behind(store: Store, tmp_path: Path) -> None:
    result, sha256 = signed_positive(store, tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    write_png(other / "field1.png", picture())
    with pytest.raises(SmearscopeError, match="shows none of the 3 cells whose pictures were signed"):
        write_report_folder(tmp_path / "report", result, sha256, open_slide(other))
    assert not [path for path in tmp_path.iterdir() if "report" in path.name]


def test_images_of_the_same_names_that_show_other_cells_are_refused(store: Store, tmp_path: Path) -> None:
    result, _ = signed_positive(store, tmp_path)
    check_images(open_slide(tmp_path / "images"), result)
    other = tmp_path / "other"
    other.mkdir()
    for name in ("field1.png", "field2.png"):
        write_png(other / name, picture(60, 410))
    with pytest.raises(SmearscopeError, match="shows none of the 3 cells whose pictures were signed"):
        check_images(open_slide(other), result)


def test_where_no_picture_was_signed_images_are_taken_as_given(store: Store, tmp_path: Path) -> None:
    result = signed_after(store, tmp_path, "---")
    write_png(tmp_path / "other.png", picture())
    check_images(open_slide(tmp_path / "other.png"), result)


def test_what_is_there_already_is_not_replaced(store: Store, tmp_path: Path) -> None:
    result, sha256 = signed_positive(store, tmp_path)
    with pytest.raises(OutputError, match="images is there already: give a new folder"):
        write_report_folder(tmp_path / "images", result, sha256, open_slide(tmp_path / "images"))
    assert (tmp_path / "images" / "field1.png").exists()
