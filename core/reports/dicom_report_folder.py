"""The folder of a DICOM report: the report, and the fields that it points at where they are no DICOM."""

import shutil
from pathlib import Path

from core.errors import SmearscopeError
from core.files import OutputError, replacing_folder, shown_path
from core.reports.field_images_dicom import point_at_fields
from core.reports.structured_report import structured_report
from core.reports.structured_report_cells import ReportedCell, read_report
from core.review import SignedResult
from core.slides import Slide

REPORT = "report.dcm"


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
    with replacing_folder(folder) as unfinished:
        try:
            fields = sorted({cell.field for cell in signed.readings})
            images = point_at_fields(slide, signed, fields, unfinished)
            report = structured_report(signed, sha256, images)
            report.save_as(unfinished / REPORT, enforce_file_format=True)
            return read_report(unfinished / REPORT, signed, sha256, images)
        except SmearscopeError:
            shutil.rmtree(unfinished, ignore_errors=True)  # no pictures of a patient are left lying about
            raise
