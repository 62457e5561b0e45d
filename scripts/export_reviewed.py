"""`smearscope data export`: the reviewed cells of signed slides, as a folder to train with."""

from pathlib import Path
from typing import Annotated

import typer

from scripts.app import DATA


def export(
    *,
    out: Annotated[
        Path,
        typer.Option(metavar="DIR", help="New folder; trainings find it under the name reviewed_cells."),
    ],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who exports; this is recorded.")],
    data: Annotated[Path, typer.Option(metavar="DIR", help="The data folder of the application.")] = DATA,
) -> None:
    """Write the cells of all signed slides that readers decided on: pictures, boxes, who called what.

    Cells that two readers accepted are infected, rejected ones healthy; cells that are disputed, unsure or
    unread are left out. No patient is named; cells of one patient stay together in every split.
    """
    from core.store import Store
    from core.store.database import existing_file
    from core.store.records import person
    from core.store.settings import read_settings
    from datasets.reviewed_cells import write_reviewed_cells

    # Before anything is written: what leaves the store without a name is not on record.
    who = person(by)
    url = read_settings(data).database_url(data)
    existing_file(url)  # none is made by an export
    store = Store(url, data)
    try:
        written = write_reviewed_cells(out, store.records())
        for record in written.slides:
            store.signatures.note_export(record.slide.id, "training folder", len(record.signatures), by=who)
    finally:
        store.close()
    typer.echo(
        f"{out}: {written.infected} infected and {written.healthy} healthy cells of {len(written.slides)} "
        f"signed slides; left out: {written.left_out} disputed, unsure or unread"
        + (f", {written.beyond_field} marked outside their field" if written.beyond_field else "")
    )
