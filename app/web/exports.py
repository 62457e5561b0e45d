"""Files of signed results to take away: behind addresses that are signed, for one person, and expire."""

import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from app.web.addresses import opened, signed_until
from app.web.answers import expired
from app.workplace import Workplace
from core.errors import SmearscopeError
from core.reports.fhir_bundle import fhir_text
from core.reports.signed_result_page import Letterhead, signed_result_pdf
from core.reports.signed_result_table import signed_result_csv
from core.review import read_document
from core.store import Right, Signature, SlideRecord, Store, StoreError
from datasets.interchange.downloads import ENDINGS, download
from datasets.interchange.from_results import signed_fields
from datasets.interchange.labelled import AnnotationFormat, LabelledField
from datasets.reviewed_cells import patient_numbers

SECONDS = 3600
"""An address is good for this long after its page was shown."""
_SALT = "signed results"


@dataclass(frozen=True)
class Form:
    """One of the forms in which a signed result is taken away.

    Attributes
    ----------
    name
        As it stands on record.
    ending
        Of the file's name.
    media_type
        What the browser is told.
    language
        Of the PDF; None for the others, which are the same in each.
    annotations
        The format of another program, for its cells as annotations; None for the result itself.
    """

    name: str
    ending: str
    media_type: str
    language: str | None = None
    annotations: AnnotationFormat | None = None


_MEDIA_TYPES = {".json": "application/json", ".xml": "application/xml", ".zip": "application/zip"}
_PROGRAMS = {
    AnnotationFormat.COCO: "COCO",
    AnnotationFormat.VOC: "Pascal VOC",
    AnnotationFormat.YOLO: "YOLO",
    AnnotationFormat.CVAT: "CVAT",
    AnnotationFormat.LABEL_STUDIO: "Label Studio",
    AnnotationFormat.GEOJSON: "QuPath",
}
FORMS = {
    form.name: form
    for form in (
        Form("PDF en", "_en.pdf", "application/pdf", "en"),
        Form("PDF fr", "_fr.pdf", "application/pdf", "fr"),
        Form("JSON", ".json", "application/json"),
        Form("CSV", ".csv", "text/csv"),
        Form("FHIR", "_fhir.json", "application/fhir+json"),
        *(
            Form(program, f"_{format}{ENDINGS[format]}", _MEDIA_TYPES[ENDINGS[format]], annotations=format)
            for format, program in _PROGRAMS.items()
        ),
    )
}


@dataclass(frozen=True)
class Export:
    """What an address lets one take away: a version of a slide's result, in a form, for a reader."""

    slide_id: int
    version: int
    form: str
    reader: str


def export_address(secret: bytes, export: Export, now: float | None = None) -> str:
    """Address of a file, good for `SECONDS`."""
    until = int(now if now is not None else time.time()) + SECONDS
    return f"/exports/{signed_until(secret, _SALT, list(astuple(export)), until)}"


def export_of(secret: bytes, token: str, now: float | None = None) -> Export | None:
    """What a token lets one take away; None where it was not signed here or has expired."""
    content = opened(secret, _SALT, token, now)
    return None if content is None else Export(*content)


def export_routes(workplace: Workplace) -> list[BaseRoute]:
    """The route ``/exports/<token>``: the file is made, and put on record, when it is asked for."""

    def take_away(request: Request) -> Response:
        export = export_of(workplace.secret, request.path_params["token"])
        if export is None or export.form not in FORMS:
            return expired()
        form, store = FORMS[export.form], workplace.store
        try:
            store.people.require(export.reader, Right.EXPORT)
            if form.language is not None:
                store.people.require(export.reader, Right.SEE_PATIENTS)  # the PDF names the patient
            record = store.record(export.slide_id)
            signature = next((one for one in record.signatures if one.version == export.version), None)
            if signature is None:
                return PlainTextResponse(f"slide {export.slide_id} has no version {export.version}", 404)
            content = _content(workplace, record, signature, form)
            # Whoever may not take it away by now gets nothing.
            store.signatures.note_export(export.slide_id, form.name, export.version, by=export.reader)
        except StoreError as error:
            return PlainTextResponse(str(error), 403)
        except SmearscopeError as error:
            return PlainTextResponse(str(error), 500)
        name = f"{record.slide.name}_v{export.version}{form.ending}".replace("/", "_")
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        return Response(content, media_type=form.media_type, headers=headers)

    return [Route("/exports/{token}", take_away)]


def _content(workplace: Workplace, record: SlideRecord, signature: Signature, form: Form) -> bytes:
    """The file; the PDF with the patient as of now, who may have been erased since the page was shown."""
    if form.annotations is not None:
        return download(form.annotations, _cells(workplace.store, record, signature))
    signed = read_document(signature)
    if form.language is not None:
        pictures = workplace.store.signatures.pictures(signature)
        letterhead = Letterhead(
            record.case.patient,
            workplace.settings.laboratory,
            record.slide.laboratory_number,
            record.slide.sampled_on,
        )
        return signed_result_pdf(signed, signature.sha256, letterhead, pictures, form.language)
    if form.name == "FHIR":
        return fhir_text(signed, signature.sha256).encode()
    return (signed_result_csv(signed) if form.name == "CSV" else signature.document).encode()


def _cells(store: Store, record: SlideRecord, signature: Signature) -> Iterator[LabelledField]:
    """The cells of the result that was signed, with what stood as it was; the patient is a number."""
    patient = patient_numbers(store.cases())[record.case.id]
    return signed_fields(store, record, signature, slide=patient)
