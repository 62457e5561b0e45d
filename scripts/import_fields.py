"""`smearscope import`: fields that another program annotated, as a folder to train with."""

from pathlib import Path
from typing import Annotated

import typer

from scripts.own_options import Classes, Format, InPart, SlideFrom, own_fields


def import_fields(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="File or folder that another program exported.")
    ],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="New folder; a source of trainings, format coco.")],
    format_name: Format = None,
    classes: Classes = None,
    in_part: InPart = False,
    slide_from: SlideFrom = "",
) -> None:
    """Copy annotated fields into a new folder: images, and annotations with the classes of Smearscope.

    What cannot be taken over is said with its number; where something is wrong, nothing is written.
    """
    from core.errors import SmearscopeError
    from datasets.interchange.field_checks import classes_of
    from datasets.interchange.own_folder import write_own_folder

    if format_name is None:
        raise SmearscopeError("--format: missing; say what wrote the annotations, such as --format coco")
    own = own_fields(path, format_name, classes, in_part=in_part, slide_from=slide_from)
    found = own.read()
    write_own_folder(out, own, found)
    for name, number, fields in classes_of(found.fields):
        typer.echo(f"{name}  {number} objects on {fields} fields")
    for what, number in found.not_taken_over.items():
        typer.echo(f"not taken over: {number} {what}")
    slides = {field.slide for field in found.fields}
    typer.echo(
        f"{out}: {len(found.fields)} fields of {len(slides)} slides\n"
        f"as a source: {{name: NAME, path: {out.resolve()}, format: coco}}"
    )
