"""`smearscope export`: results and readings in the formats of other programs, and cells to train with."""

from collections.abc import Callable, Iterator, Sequence
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
    unsigned: Annotated[
        bool, typer.Option("--unsigned", help="With --by: also slides that were read and are not signed yet.")
    ] = False,
) -> None:
    """Write results, or what readers said, as annotations for other programs.

    Each object has its score, its rank, why it does not count, and who called it what.
    Patients are numbered, but names of field images and of RESULT go out as they are: name no patient there.
    The format reviewed_cells is a folder to train with: cells of signed slides that readers decided on.
    A slide that you may still read as second reader is left out: you must not know what the first one said.
    """
    if unsigned and (by is None or form == Format.REVIEWED_CELLS):
        raise typer.BadParameter("--unsigned goes with --by, and not with reviewed_cells")
    if results and by is None and form != Format.REVIEWED_CELLS:
        typer.echo(_written(out, form, _of_results(results)))
    elif results:
        raise typer.BadParameter("give RESULT, or --by with --data for what was read")
    elif by is None:
        raise typer.BadParameter("give RESULT, or --by NAME to take what was read from --data")
    elif form == Format.REVIEWED_CELLS:
        typer.echo(_reviewed_cells(data, out, by))
    else:
        typer.echo(_stored(data, out, form, by, unsigned=unsigned))


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


def _stored(data: Path, out: Path, form: Format, by: str, *, unsigned: bool) -> str:
    from core.store import Right
    from datasets.interchange.formats import InterchangeError

    store = _opened(data)
    try:
        who = store.people.require(by, Right.EXPORT)
        read = [record for record in store.records() if record.taken_in and record.readings]
        asked = [record for record in read if record.signatures or unsigned]
        records, held_back = _without_blind(asked, who)
        left_out = held_back + (
            f"; left out: {len(read) - len(asked)} slides that are not signed, give --unsigned to have them"
            if len(read) > len(asked)
            else ""
        )
        if not records:
            raise InterchangeError(
                f"{data}: no slide is signed{left_out}"
                if read
                else f"{data}: no slide is read; read one, or give folders of results"
            )
        said = _written(
            out, form, _on_record(_of_records(store, records), lambda: _note(store, records, str(form), who))
        )
    finally:
        store.close()
    return f"{said} of {len(records)} slides that were read{left_out}"


def _without_blind(records: "Sequence[SlideRecord]", who: str) -> "tuple[list[SlideRecord], str]":
    """The slides whose calls a person may see, as the application decides it; what to say of the others."""
    from core.review.blindness import would_give_away

    given = [record for record in records if not would_give_away(record, who)]
    said = (
        f"; left out: {len(records) - len(given)} slides that {who} may still read as second reader, "
        "export them once they are read by two or signed"
    )
    return given, said if len(records) > len(given) else ""


def _note(store: "Store", records: "Sequence[SlideRecord]", form: str, who: str) -> None:
    """Put on record what leaves the store, and that a person sees the calls in it."""
    from core.review.blindness import unseen_readings

    for record in records:
        store.signatures.note_export(record.slide.id, form, len(record.signatures), by=who)
    if new := unseen_readings(records, who):
        store.people.note_looks(new, by=who)


def _on_record(fields: "Iterator[LabelledField]", note: Callable[[], None]) -> "Iterator[LabelledField]":
    """The fields; the record is made after the last, before the file takes its place, and not without it."""
    yield from fields
    note()


def _of_records(store: "Store", records: "Sequence[SlideRecord]") -> "Iterator[LabelledField]":
    """The fields of slides as they were signed last; as they were read where they are not signed."""
    from core.results.folder import tables_of
    from datasets.interchange.from_results import read_objects, scored_fields, signed_fields
    from datasets.reviewed_cells import patient_numbers

    patients = patient_numbers(store.cases())
    for record in records:
        patient, folder = patients[record.case.id], f"slide_{record.slide.id}"
        if record.signatures:
            yield from signed_fields(store, record, record.signatures[-1], slide=patient, folder=folder)
        elif record.taken_in is not None:
            tables = tables_of(record.taken_in.folder, record.taken_in.sha256)
            yield from scored_fields(tables, read_objects(record), slide=patient, folder=folder)


def _reviewed_cells(data: Path, out: Path, by: str) -> str:
    from core.store import Right
    from datasets.reviewed_cells import write_reviewed_cells

    store = _opened(data)
    try:
        who = store.people.require(by, Right.EXPORT)
        signed, held_back = _without_blind([one for one in store.records() if one.signatures], who)
        _note(store, signed, "training folder", who)  # first: rather a record too many than one too few
        written = write_reviewed_cells(out, signed)
    finally:
        store.close()
    return (
        f"{out}: {written.infected} infected and {written.healthy} healthy cells of {len(written.slides)} "
        f"signed slides; left out: {written.left_out} disputed, unsure or unread"
        + (f", {written.beyond_field} marked outside their field" if written.beyond_field else "")
        + held_back
    )
