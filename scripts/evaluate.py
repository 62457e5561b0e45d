"""`smearscope evaluate`: what a guided training is worth on images it has not seen."""

from pathlib import Path
from typing import Annotated

import typer

from scripts.score import Device


def evaluate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder that smearscope train wrote.")],
    data: Annotated[
        Path, typer.Option(help="Folder that holds the data sets, each in a folder of its name.")
    ],
    epoch: Annotated[
        str,
        typer.Option(
            metavar="EPOCH",
            help="best (on validation), last, or a number; 0 is the reference, before guiding.",
        ),
    ] = "best",
    method: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Method of the maps; that of the training if not given."),
    ] = None,
    device: Annotated[Device, typer.Option(help="Where the network runs.")] = Device.AUTO,
) -> None:
    """Measure a trained network on the test images: its answers, and where its maps fall.

    Writes evaluation.json, confusion.csv, classes.csv and images.csv to a folder in RUN. For research use
    only. Not for diagnosis.
    """
    from core.cam import method_named
    from core.training.checkpoints import load_epoch, read_progress
    from models.checkpoint import torch_device
    from scripts.guided.evaluate_guided import evaluation, numbered, write_evaluation
    from scripts.guided.guided_run import open_run, settings_of_run

    settings = settings_of_run(run)
    number = numbered(run, read_progress(run), epoch)
    name = method or settings.maps.name
    chosen = method_named(method) if method else settings.maps.chosen
    opened = open_run(data, settings)
    load_epoch(run, number, opened.guided.network, opened.guided.objective)
    found = evaluation(
        opened, opened.test, chosen, torch_device(device.value), settings.training.images_a_pass
    )
    folder = run / "evaluation" / f"{number:03d}_{name}"
    write_evaluation(found, folder, epoch=number, method=name)
    maps = found.whole.maps
    typer.echo(f"epoch {number}, {name}, {maps.images} test images")
    typer.echo(f"  accuracy {found.whole.accuracy:.4f}, CE {found.whole.cross_entropy:.4f}")
    typer.echo(
        f"  MAGTR {maps.magtr:.4f}, MANGTR {maps.mangtr:.4f}, EPG {maps.epg:.4f}, "
        f"pointing game {maps.pointing_game:.4f}, MaxBoxAccV2 {maps.max_box_acc_v2:.4f}, "
        f"above half {maps.share_above_half:.4f}"
    )
    typer.echo(f"Tables: {folder}")
