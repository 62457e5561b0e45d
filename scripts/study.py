"""`smearscope study`: the same training under several objectives, compared run by run."""

from pathlib import Path
from typing import Annotated

import typer

from scripts.score import Device


def study(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="YAML file; see models/configs/studies.")],
    data: Annotated[
        Path, typer.Option(help="Folder that holds the data sets, each in a folder of its name.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the runs; an interrupted study there continues.")],
    device: Annotated[Device, typer.Option(help="Where the networks run.")] = Device.AUTO,
) -> None:
    """Train every arm of CONFIG with every seed and fold, then measure them all and compare them.

    Finished runs are not repeated. Writes index.html, study.json, arms.csv and runs.csv to OUT, and a
    folder for each run as smearscope train does. For research use only. Not for diagnosis.
    """
    from core.files import check_writable
    from core.training.processes import launched
    from models.checkpoint import torch_device
    from scripts.guided.image_sources import read_source
    from scripts.guided.study_report import write_report
    from scripts.guided.study_runs import StudyFolder, measure_runs, train_runs
    from scripts.settings.configuration import ConfigurationError, read_study

    settings = read_study(config)
    check_writable(out)
    chosen = torch_device(device.value)
    fabric = launched(chosen.type, settings.base.precision)
    if fabric.world_size > 1:
        raise ConfigurationError("a study works in one process; start it without torchrun")
    folder = StudyFolder(config, settings, data, read_source(data, settings.base.images), out)
    train_runs(folder, fabric, typer.echo)
    measure_runs(folder, chosen, typer.echo)
    write_report(folder)
    typer.echo(f"Page: {out / 'index.html'}")
