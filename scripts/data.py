"""`smearscope data`: what is in a folder of training images."""

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import SmearscopeError
from scripts.own_options import Classes, Format, InPart, SlideFrom, own_fields

if TYPE_CHECKING:
    from datasets.interchange.own_fields import OwnFields

data = typer.Typer(no_args_is_help=True, help="Check sets of training images.")


@data.callback()
def of_data() -> None:
    """Check sets of training images."""


@data.command()
def check(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="PATH",
            help="Folder of a set of images with boxes (docs/BOXED_IMAGES.md); with --format, file or folder "
            "of annotated smear fields (docs/OWN_SLIDES.md).",
        ),
    ],
    *,
    format_name: Format = None,
    classes: Classes = None,
    in_part: InPart = False,
    slide_from: SlideFrom = "",
) -> None:
    """Check every image and box of a set, and list what is wrong and what would be right.

    Exits 0 only if nothing is wrong, and then prints the images of each class.
    """
    if format_name is not None:
        _check_fields(own_fields(folder, format_name, classes, in_part=in_part, slide_from=slide_from))
        return
    if classes or in_part or slide_from:
        raise SmearscopeError(
            f"{folder}: --class, --in-part and --slide-from are for annotated smear fields; give --format too"
        )
    _check_boxed_images(folder)


def _check_fields(own: "OwnFields") -> None:
    from datasets.interchange.field_checks import classes_of, problems

    found = own.read()
    objects = sum(len(field.objects) for field in found.fields)
    slides = Counter(field.slide for field in found.fields)
    typer.echo(f"{own.path}: {own.format}, {len(found.fields)} fields, {objects} objects")
    for what, number in found.not_taken_over.items():
        typer.echo(f"not taken over: {number} {what}")
    for slide, number in sorted(slides.items()):
        typer.echo(f"slide {slide or '(not said)'}: {number} fields")
    if set(slides) == {""}:
        typer.echo(
            "nothing says which slide a field is of: all count as one slide, and splits part its fields"
        )
    elif len(slides) == 1:
        typer.echo("all fields are of one slide, and splits part its fields; if not, say --slide-from")
    wrong = [*found.lost_shapes(), *own.turned_pictures(found), *problems(own, found)]
    for problem in wrong:
        typer.echo(f"{own.path}: {problem}")
    for name, number, fields in classes_of(found.fields):
        typer.echo(f"{name}  {number} objects on {fields} fields")
    if wrong:
        typer.echo(f"{len(wrong)} problems")
        raise typer.Exit(1)
    typer.echo(f"ok: {len(found.fields)} fields of {len(slides)} slides, {objects} objects")


def _check_boxed_images(folder: Path) -> None:
    from tqdm import tqdm

    from datasets.boxed_images import examined

    with tqdm(unit="image", file=sys.stderr) as progress:
        found = examined(folder, after_image=progress.update)
    typer.echo(f"{folder}: {found.layout.name}")
    for problem in found.problems:
        typer.echo(str(problem))
    if found.problems:
        typer.echo(f"{len(found.problems)} problems; {len(found.images)} images are sound")
        raise typer.Exit(1)
    images = Counter((image.wnid, image.name) for image in found.images)
    boxes: Counter[str] = Counter()
    for image in found.images:
        boxes[image.wnid] += len(image.boxes)
    for (wnid, name), count in sorted(images.items()):
        typer.echo(f"{wnid}  {count} images  {boxes[wnid]} boxes  {name}")
    typer.echo(f"ok: {len(found.images)} images of {len(images)} classes, {boxes.total()} boxes")
