"""The folder of a DICOM report: the report, and the fields that it points at where they are no DICOM."""

import hashlib
from pathlib import Path

from core.errors import SmearscopeError
from core.files import OutputError, replacing_folder, shown_path
from core.reports.field_images_dicom import point_at_fields
from core.reports.structured_report import structured_report
from core.reports.structured_report_cells import ReportedCell, read_report
from core.review import SignedResult
from core.review.accepted_pictures import cell_picture
from core.slides import Slide

REPORT = "report.dcm"


def check_images(slide: Slide, signed: SignedResult) -> None:
    """Make sure that a slide's images are those that were signed, where pictures of cells were signed.

    Names of fields tell little, as cameras give the same to every slide. One signed picture that is cut from
    the images once more, byte for byte, is enough.

    Raises
    ------
    SmearscopeError
        Where none is.
    """
    cells = {cell.candidate: cell for cell in signed.readings}
    names = set(slide.field_names())
    for picture in signed.pictures:
        cell = cells[picture.candidate]
        if cell.field in names:
            image = slide.read_field(cell.field).image
            again = cell_picture(image, (cell.x, cell.y, cell.width, cell.height))
            if hashlib.sha256(again).hexdigest() == picture.sha256:
                return
    if signed.pictures:
        raise SmearscopeError(
            f"{shown_path(slide.path)} shows none of the {len(signed.pictures)} cells whose pictures were "
            f"signed: give the images of slide {signed.slide} as they were then"
        )


def write_report_folder(
    folder: Path, signed: SignedResult, sha256: str, slide: Slide
) -> tuple[ReportedCell, ...]:
    """Write a new folder with `REPORT` and its images, whole or not at all.

    Before the folder is there, the report is read back and held against the signed result.

    Returns
    -------
    The objects as they were read back.

    Raises
    ------
    SmearscopeError
        Where the slide is not that of the signed result.
    OutputError
        Where there is a folder of this name, or it cannot be written.
    """
    if folder.exists():
        raise OutputError(f"{shown_path(folder)} is there already: give a new folder")
    check_images(slide, signed)
    with replacing_folder(folder) as unfinished:
        fields = sorted({cell.field for cell in signed.readings})
        images = point_at_fields(slide, signed, fields, unfinished)
        report = structured_report(signed, sha256, images)
        report.save_as(unfinished / REPORT, enforce_file_format=True)
        return read_report(unfinished / REPORT, signed, sha256, images)
