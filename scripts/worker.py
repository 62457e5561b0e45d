"""`smearscope worker`: score fields for the runs that a scheduler sends, on this or another machine."""

from typing import Annotated

import typer

from scripts.score import Device, load_in_worker, named_device, refuse_without_dask


def worker(
    scheduler: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="Dask scheduler to work for: tcp://host:port.")
    ],
    *,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="The released models, or a folder that holds others.")
    ] = "released",
    device: Annotated[
        Device, typer.Option(help="Where the networks run, as for the runs; auto is cpu.")
    ] = Device.AUTO,
) -> None:
    """Start one worker process for 'smearscope score --scheduler ADDRESS'; Ctrl-C ends it.

    It takes fields of runs with the same models and the same version, and needs the slides under the same
    path as they have there. For research use only. Not for diagnosis.
    """
    from functools import partial

    refuse_without_dask()
    from core.scoring.cluster import serve, worker_identity
    from models.cards import load_card

    on = named_device(device)
    identity = worker_identity(load_card(model).identity, on)
    typer.echo(f"worker for {scheduler} with {identity['models']}; Ctrl-C ends it")
    try:
        serve(scheduler, partial(load_in_worker, model, on), identity, typer.echo)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
