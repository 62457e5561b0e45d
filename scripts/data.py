"""`smearscope data`: what is in a folder of training images."""

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

data = typer.Typer(no_args_is_help=True, help="Check sets of training images.")


@data.callback()
def of_data() -> None:
    """Check sets of training images."""


@data.command()
def check(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Folder of a set of images with boxes; see docs/BOXED_IMAGES.md."),
    ],
) -> None:
    """Check every image and box of a set, and list what is wrong and what would be right.

    Exits 0 only if nothing is wrong, and then prints the images of each class.
    """
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
