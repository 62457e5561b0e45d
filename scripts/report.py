"""`smearscope report`: a signed result for hospital systems and archives."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.app import DATA

if TYPE_CHECKING:
    from core.review import SignedResult


class ReportFormat(StrEnum):
    """What a report is written as."""

    FHIR = "fhir"
    DICOM_SR = "dicom_sr"


_ON_RECORD = {ReportFormat.FHIR: "FHIR", ReportFormat.DICOM_SR: "DICOM report"}


def report(
    signed: Annotated[
        Path | None,
        typer.Argument(metavar="SIGNED", help="JSON of a signed result, as the application gives it away."),
    ] = None,
    *,
    form: Annotated[ReportFormat, typer.Option("--format", help="FHIR R4 bundle, or DICOM report.")],
    out: Annotated[
        Path, typer.Option(metavar="PATH", help="File for the bundle; new folder for the DICOM report.")
    ],
    images: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Images of the slide, for a DICOM report of SIGNED.")
    ] = None,
    slide: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="Number of a slide of --data, instead of SIGNED.")
    ] = None,
    data: Annotated[Path, typer.Option(metavar="DIR", help="The data folder of the application.")] = DATA,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who takes --slide away; recorded.")] = None,
) -> None:
    """Write a signed result for other systems: a FHIR R4 bundle, or a DICOM structured report.

    Give the JSON of a signed result, or a slide of the application, whose last signed version is taken. A
    result that nobody has signed is refused. For research use only. Not for diagnosis.
    """
    if (signed is None) == (slide is None):
        raise typer.BadParameter("give either SIGNED, the JSON of a signed result, or --slide and --data")
    if slide is not None and by is None:
        raise typer.BadParameter("give --by NAME with --slide: who takes a result away is recorded")
    if (images is None) == (signed is not None and form == ReportFormat.DICOM_SR):
        raise typer.BadParameter("give --images, the slide's images, with SIGNED for dicom_sr, and only then")
    if signed is not None:
        typer.echo(_of_file(signed, form, out, images))
    if slide is not None and by is not None:
        typer.echo(_of_store(data, slide, by, form, out))


def _of_file(path: Path, form: ReportFormat, out: Path, images: Path | None) -> str:
    """The signed result in a file."""
    from core.review.signed_file import read_signed_file

    signed, sha256 = read_signed_file(path)
    return _write(form, out, signed, sha256, images)


def _of_store(data: Path, slide_id: int, by: str, form: ReportFormat, out: Path) -> str:
    """The last signed version of a slide, if nothing was altered since; the export is put on record."""
    from core.review import read_document, violations
    from core.store import Right, Store, StoreError
    from core.store.database import existing_file
    from core.store.records import person
    from core.store.settings import read_settings

    who = person(by)
    url = read_settings(data).database_url(data)
    existing_file(url)
    store = Store(url, data)
    try:
        store.people.require(who, Right.EXPORT)
        record = store.record(slide_id)
        if not record.signatures:
            raise StoreError(f"slide {slide_id} ({record.slide.name}) is not signed: sign it first")
        signature = record.signatures[-1]
        altered = violations(record, signature.version, store.signatures.pictures(signature))
        if altered:
            raise StoreError(f"slide {slide_id} was altered since it was signed:", *altered)
        # First, so that nothing leaves without being on record; a report that fails is on record, too.
        store.signatures.note_export(slide_id, _ON_RECORD[form], signature.version, by=who)
        return _write(form, out, read_document(signature), signature.sha256, record.slide.folder)
    finally:
        store.close()


def _write(form: ReportFormat, out: Path, signed: "SignedResult", sha256: str, images: Path | None) -> str:
    """Write the report, and say in a line what it is; a bundle needs no images."""
    from core.reports.coded_findings import report_status

    status = f"{report_status(signed)}, version {signed.signature.version} of slide {signed.slide}"
    if form == ReportFormat.FHIR or images is None:
        from core.files import OutputError, shown_path, write_bytes
        from core.reports.fhir_bundle import fhir_text

        if out.exists():
            raise OutputError(f"{shown_path(out)} is there already: give a new file")
        write_bytes(out, fhir_text(signed, sha256).encode())
        return f"{out}: FHIR R4 bundle, {status}"
    from core.reports.dicom_report_folder import write_report_folder
    from core.slides import open_slide

    cells = write_report_folder(out, signed, sha256, open_slide(images))
    written = sum(1 for _ in out.glob("field_*.dcm"))
    beside = f"{written} fields beside it" if written else "which points at the slide's own DICOM files"
    return f"{out}: DICOM report of {len(cells)} objects, {beside}; {status}"
