"""`smearscope train`: make a network's weights from annotated data, as a configuration says."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.score import Device

if TYPE_CHECKING:
    import torch

    from scripts.settings.configuration import StageSettings
    from scripts.settings.guided_settings import GuidedSettings


def train(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="YAML file; see models/configs.")],
    data: Annotated[
        Path, typer.Option(help="Folder that holds the data sets, each in a folder of its name.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="Folder for the weights and curves; an interrupted guided training there continues."
        ),
    ],
    detector: Annotated[
        Path | None,
        typer.Option(
            help="For a classifier or a second look: the detector that finds the cells; the released one if "
            "not given."
        ),
    ] = None,
    second_look: Annotated[
        Path | None,
        typer.Option(
            help="For the suggestion of stages: weights of the second look that it goes with; the released "
            "ones if not given."
        ),
    ] = None,
    device: Annotated[Device, typer.Option(help="Where the network runs.")] = Device.AUTO,
    *,
    tensorboard: Annotated[
        bool,
        typer.Option(
            "--tensorboard",
            help="Also write the curves of a guided training for TensorBoard, to OUT/tensorboard.",
        ),
    ] = False,
) -> None:
    """Train the network that CONFIG describes; the same configuration gives the same weights."""
    from lightning_fabric import Fabric
    from torch import nn

    from core.files import check_writable
    from core.training.loop import CurvePoint, write_curve
    from models.cards import RELEASED
    from models.checkpoint import load_detector, save_weights, torch_device
    from scripts.cell_networks.train_classifier import read_cells, train_classifier
    from scripts.cell_networks.train_detector import read_fields, train_detector
    from scripts.cell_networks.train_second_look import second_look_sources, train_second_look
    from scripts.settings.chain_settings import first_look_of
    from scripts.settings.configuration import (
        ConfigurationError,
        DetectorSettings,
        SecondLookSettings,
        StageSettings,
        read_settings,
    )
    from scripts.settings.guided_settings import GuidedSettings

    settings = read_settings(config)
    chosen = torch_device(device.value)
    if isinstance(settings, GuidedSettings):
        _train_guided(config, settings, data, out, chosen, tensorboard=tensorboard)
        return
    if tensorboard:
        raise ConfigurationError(
            f"--tensorboard: {config} does not describe a guided training; leave the option out"
        )
    check_writable(out)
    if isinstance(settings, StageSettings):
        _train_stage(config, settings, data, out, second_look or RELEASED / "second_look.safetensors")
        return
    fabric = Fabric(accelerator=chosen.type, devices=1)
    curve: list[CurvePoint] = []
    if isinstance(settings, DetectorSettings):
        network: nn.Module = train_detector(read_fields(data, settings), settings, fabric, curve.append)
    else:
        cutter = load_detector(detector or RELEASED / "detector.safetensors")
        if isinstance(settings, SecondLookSettings):
            first_look = first_look_of(config, settings)
            cells = read_cells(data, first_look, cutter)
            sources = second_look_sources(data, settings, cutter, first_look, cells, fabric)
            backbone = data / settings.backbone
            network = train_second_look(sources, settings, backbone, fabric, curve.append)
        else:
            network = train_classifier(read_cells(data, settings, cutter), settings, fabric, curve.append)
    weights, table = out / f"{settings.network}.safetensors", out / f"{settings.network}_curve.csv"
    save_weights(network, weights)
    write_curve(table, curve)
    typer.echo(f"Weights: {weights}\nCurve: {table}")


def _train_stage(config: Path, settings: "StageSettings", data: Path, out: Path, second_look: Path) -> None:
    from models.graphs.second_look_graph import SecondLookGraph
    from models.stage_head import WEIGHTS, write_stage_head
    from scripts.cell_networks.train_stage import fitted, stage_card, staged_cells, staged_features

    cells = staged_features(staged_cells(data, settings), SecondLookGraph(second_look))
    command = f"smearscope train {config.as_posix()} --data DATA --out runs/stage"
    write_stage_head(out, fitted(cells, settings), stage_card(cells, settings, second_look, command))
    typer.echo(f"Weights and card: {out / WEIGHTS}")


def _train_guided(
    config: Path,
    settings: "GuidedSettings",
    data: Path,
    out: Path,
    device: "torch.device",
    *,
    tensorboard: bool,
) -> None:
    from core.training.guided import train_guided
    from core.training.processes import launched
    from scripts.guided.guided_run import begin_run, kept_settings, open_run
    from scripts.guided.tensorboard_curves import tensorboard_curves

    run = open_run(data, settings)
    fabric = launched(device.type, settings.precision)
    if fabric.is_global_zero:
        begin_run(out, config, settings, kept_settings(config, settings))
    with tensorboard_curves(out / "tensorboard", wanted=tensorboard and fabric.is_global_zero) as watch:
        progress = train_guided(
            run.guided, run.images, settings.training, fabric, out, typer.echo, watch=watch
        )
    if fabric.is_global_zero:
        typer.echo(f"Best epoch: {progress.best_epoch}\nRun: {out}")
