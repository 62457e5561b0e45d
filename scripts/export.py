"""`smearscope export`: results and readings in the formats of other programs, and cells to train with."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datasets.interchange.labelled import AnnotationFormat
from scripts.app import DATA

if TYPE_CHECKING:
    from core.store import SlideRecord, Store
    from datasets.interchange.labelled import LabelledField


class Format(StrEnum):
    """What can be exported: annotations for other programs, and a folder to train with."""

    COCO = AnnotationFormat.COCO
    VOC = AnnotationFormat.VOC
    YOLO = AnnotationFormat.YOLO
    CVAT = AnnotationFormat.CVAT
    LABEL_STUDIO = AnnotationFormat.LABEL_STUDIO
    GEOJSON = AnnotationFormat.GEOJSON
    REVIEWED_CELLS = "reviewed_cells"


def export(
    results: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RESULT", help="Folders of `smearscope score`; none to take what was read."),
    ] = None,
    *,
    form: Annotated[
        Format, typer.Option("--format", help="See docs/INTERCHANGE.md for what each format keeps.")
    ],
    out: Annotated[
        Path, typer.Option(metavar="PATH", help="New file, or new folder for voc, yolo, geojson.")
    ],
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who exports what was read; this is recorded.")
    ] = None,
    data: Annotated[
        Path, typer.Option(metavar="DIR", help="The data folder of the application, for what was read.")
    ] = DATA,
) -> None:
    """Write results, or what readers said, as annotations for other programs.

    Each object has its score, its rank, why it does not count, and who called it what. No patient is named.
    The format reviewed_cells is a folder to train with: cells of signed slides that readers decided on.
    """
    if results and by is None and form != Format.REVIEWED_CELLS:
        typer.echo(_written(out, form, _of_results(results)))
    elif results:
        raise typer.BadParameter("give RESULT, or --by with --data for what was read")
    elif by is None:
        raise typer.BadParameter("give RESULT, or --by NAME to take what was read from --data")
    elif form == Format.REVIEWED_CELLS:
        typer.echo(_reviewed_cells(data, out, by))
    else:
        typer.echo(_stored(data, out, form, by))


def _written(out: Path, form: Format, fields: "Iterator[LabelledField]") -> str:
    from datasets.interchange.formats import write_labelled

    written = write_labelled(out, AnnotationFormat(form.value), fields)
    return f"{out}: {written.objects} objects on {written.fields} fields"


def _of_results(folders: Sequence[Path]) -> "Iterator[LabelledField]":
    from core.results.folder import read_result_folder
    from datasets.interchange.from_results import scored_fields

    for folder in folders:
        name = folder.resolve().name
        of_several = name if len(folders) > 1 else ""
        yield from scored_fields(read_result_folder(folder).tables, slide=name, folder=of_several)


def _opened(data: Path) -> "Store":
    from core.store import Store
    from core.store.database import existing_file
    from core.store.settings import read_settings

    url = read_settings(data).database_url(data)
    existing_file(url)  # none is made by an export
    return Store(url, data)


def _stored(data: Path, out: Path, form: Format, by: str) -> str:
    from core.store.records import person

    who = person(by)  # before anything is written: what leaves the store without a name is not on record
    store = _opened(data)
    try:
        records = [record for record in store.records() if record.taken_in and record.readings]
        if not records:
            from datasets.interchange.formats import InterchangeError

            raise InterchangeError(f"{data}: no slide is read; read one, or give folders of results")
        said = _written(out, form, _of_records(records))
        for record in records:
            store.signatures.note_export(record.slide.id, str(form), len(record.signatures), by=who)
    finally:
        store.close()
    return f"{said} of {len(records)} slides that were read"


def _of_records(records: "Sequence[SlideRecord]") -> "Iterator[LabelledField]":
    """The fields of slides as they were signed last; as they were read where they are not signed."""
    from core.results.folder import tables_of
    from core.review import read_document
    from datasets.interchange.from_results import read_objects, scored_fields, signed_objects
    from datasets.reviewed_cells import patient_numbers

    patients = patient_numbers([record.case for record in records])
    for record in records:
        if record.taken_in is None:
            continue
        read = (
            signed_objects(read_document(record.signatures[-1]))
            if record.signatures
            else read_objects(record)
        )
        tables = tables_of(record.taken_in.folder, record.taken_in.sha256)
        yield from scored_fields(
            tables, read, slide=patients[record.case.id], folder=f"slide_{record.slide.id}"
        )


def _reviewed_cells(data: Path, out: Path, by: str) -> str:
    from core.store.records import person
    from datasets.reviewed_cells import write_reviewed_cells

    who = person(by)
    store = _opened(data)
    try:
        written = write_reviewed_cells(out, store.records())
        for record in written.slides:
            store.signatures.note_export(record.slide.id, "training folder", len(record.signatures), by=who)
    finally:
        store.close()
    return (
        f"{out}: {written.infected} infected and {written.healthy} healthy cells of {len(written.slides)} "
        f"signed slides; left out: {written.left_out} disputed, unsure or unread"
        + (f", {written.beyond_field} marked outside their field" if written.beyond_field else "")
    )
