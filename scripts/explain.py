"""`smearscope explain`: show on which parts of an image a network's answer rests."""

import sys
from contextlib import closing
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.score import Device, refuse_output_among_slides

if TYPE_CHECKING:
    from core.cam import Method


class Normalisation(StrEnum):
    """What a backbone's weights expect of an image."""

    IMAGENET = "imagenet"
    MINUS_ONE_TO_ONE = "minus-one-to-one"


def explain(
    images: Annotated[
        list[Path], typer.Argument(metavar="IMAGE...", help="Images, or folders that are searched for them.")
    ],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the pictures and maps go.")],
    model: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The released models or a folder that holds others, for pictures of single red cells; or a "
            "backbone such as mobilenet_v2, for pictures of anything.",
        ),
    ] = "released",
    method: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Method; give several to see them side by side (grad-cam if none)."
        ),
    ] = None,
    class_: Annotated[
        str | None,
        typer.Option(
            "--class", metavar="CLASS", help="Number or name of the class; the predicted one if not given."
        ),
    ] = None,
    layer: Annotated[
        str | None, typer.Option(metavar="NAME", help="Layer to look at; the last feature map if not given.")
    ] = None,
    max_channels: Annotated[
        int | None, typer.Option(min=1, help="Channels that the Score-CAM methods try for each image.")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Weights of a backbone (safetensors).")
    ] = None,
    normalisation: Annotated[
        Normalisation | None,
        typer.Option(help="Input that a backbone's weights expect; that of torchvision's if not given."),
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Let torchvision fetch a backbone's weights.")
    ] = False,
    device: Annotated[Device, typer.Option(help="Where the network runs.")] = Device.AUTO,
) -> None:
    """Draw activation maps: where the network looked in each image.

    Writes for each image a picture, and an array for each method; also a list (maps.csv) and sheets of all
    images. The pictures of single red cells in one folder are taken as cells of one slide. Exits 0 only if
    every image was used, 2 if an option makes no sense. For research use only. Not for diagnosis.
    """
    from tqdm import tqdm

    from core.errors import SmearscopeError
    from core.files import OutputError, check_writable, shown_path
    from core.reports.map_files import MapFiles
    from core.slides import find_images
    from core.wording import RESEARCH_USE_ONLY
    from models.backbones import MEAN_AND_DEVIATION, MINUS_ONE_TO_ONE
    from models.checkpoint import torch_device
    from scripts.explained_networks import check_methods, explained_images, open_network

    refuse_output_among_slides(images, out)
    refuse_output_beside_files(images, out)
    if layer == "":
        raise typer.BadParameter("it is empty; leave it out for the last feature map", param_hint="--layer")
    expected = {Normalisation.IMAGENET: MEAN_AND_DEVIATION, Normalisation.MINUS_ONE_TO_ONE: MINUS_ONE_TO_ONE}
    try:
        methods = chosen_methods(method or ["grad-cam"], max_channels)
        network = open_network(
            model,
            weights,
            None if normalisation is None else expected[normalisation],
            torch_device(device.value),
            download=download,
        )
        class_index = None if class_ is None else network.class_index(class_)
        check_methods(network, methods, layer)
    except SmearscopeError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(2) from error
    found, problems = find_images(images)
    for problem in problems:
        typer.echo(f"Not used: {problem.reason}", err=True)
    done = 0
    try:
        if found:
            check_writable(out)
        with (
            closing(MapFiles(out, network.title, list(methods))) as files,
            tqdm(total=len(found), unit="image", file=sys.stderr) as progress,
        ):
            remark = partial(progress.write, file=sys.stderr)
            for explained in explained_images(found, network, methods, class_index, layer, remark):
                if explained is not None:
                    files.add(explained)
                    done += 1
                progress.update()
    except KeyboardInterrupt:
        typer.echo("\nInterrupted. Everything written so far is complete; maps.csv lists it.", err=True)
        raise typer.Exit(130) from None
    except OutputError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(2) from error
    given = len(found) + len(problems)
    files_at = f"Files: {shown_path(out)}\n" if done else ""
    typer.echo(f"{done} of {given} images explained\n{files_at}{RESEARCH_USE_ONLY}")
    if done < given:
        raise typer.Exit(1)


def refuse_output_beside_files(images: list[Path], out: Path) -> None:
    """A sheet beside the images would be among them when their pattern, such as *.png, is given again."""
    for image in images:
        if not image.is_dir() and image.parent.resolve() == out.resolve():
            raise typer.BadParameter(
                f"{out} is the folder of {image.name}, and the next run would take the results there for "
                "images; give another folder",
                param_hint="--out",
            )


def chosen_methods(names: list[str], max_channels: int | None) -> dict[str, "Method"]:
    """Methods by name in the order given, with another number of channels where they choose channels."""
    from core.cam import FIMFScoreCAM, ScoreCAM, method_named

    methods = {name: method_named(name) for name in names}
    if max_channels is None:
        return methods
    choosing = {
        name: replace(method, max_channels=max_channels)
        for name, method in methods.items()
        if isinstance(method, ScoreCAM | FIMFScoreCAM)
    }
    if not choosing:
        raise typer.BadParameter(
            f"{', '.join(names)}: none of these is a Score-CAM, and only those choose channels",
            param_hint="--max-channels",
        )
    return {**methods, **choosing}
