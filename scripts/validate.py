"""`smearscope validate`: what networks trained by a configuration are worth on what they have not seen."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Plan(StrEnum):
    """What is left out of training, part by part, and then tested on."""

    SOURCES = "sources"
    BLOCKS = "blocks"
    PATIENTS = "patients"


LEAVES_OUT_OF: dict[tuple[str, Plan], frozenset[str]] = {
    ("detector", Plan.SOURCES): frozenset(),
    ("detector", Plan.BLOCKS): frozenset({"iml_malaria", "chula_rbc12"}),
    ("classifier", Plan.SOURCES): frozenset(),
    ("classifier", Plan.BLOCKS): frozenset({"iml_malaria"}),
    ("classifier", Plan.PATIENTS): frozenset({"nih_cells"}),
    ("second_look", Plan.SOURCES): frozenset(),
}
"""Sets that a plan takes parts of, by network."""


def validate(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="YAML file; see models/configs.")],
    data: Annotated[
        Path, typer.Option(help="Folder that holds the data sets, each in a folder of its name.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the table (JSON) and the scores (npz).")],
    plan: Annotated[
        Plan, typer.Option(help="Leave out each source, blocks of iml_malaria, or patients of nih_cells.")
    ] = Plan.SOURCES,
    seeds: Annotated[
        int, typer.Option(min=1, help="Number of seeds, beginning with that of the configuration.")
    ] = 1,
    detector: Annotated[
        Path | None,
        typer.Option(
            help="For a classifier: the detector that cuts out the cells; the released one if not given."
        ),
    ] = None,
) -> None:
    """For every part of the plan, train without it and test on it; print and write the table."""
    from lightning_fabric import Fabric

    from core.files import check_writable, write_bytes
    from models.cards import RELEASED
    from models.checkpoint import load_detector, torch_device
    from scripts.cell_networks.train_classifier import read_cells
    from scripts.cell_networks.train_detector import read_fields
    from scripts.cell_networks.validate_classifier import validate_classifier
    from scripts.cell_networks.validate_detector import validate_detector
    from scripts.cell_networks.validate_lists import validate_lists
    from scripts.settings.chain_settings import chain_of
    from scripts.settings.configuration import (
        ClassifierSettings,
        ConfigurationError,
        DetectorSettings,
        SecondLookSettings,
        StageSettings,
        read_settings,
    )
    from scripts.settings.guided_settings import GuidedSettings
    from scripts.settings.sources import names_of

    settings = read_settings(config)
    if isinstance(settings, GuidedSettings):
        raise ConfigurationError(f"{config}: a guided network is measured by smearscope evaluate")
    if isinstance(settings, StageSettings):
        raise ConfigurationError(
            f"{config}: a suggestion of stages is measured by its training; see its card, stage.json"
        )
    if isinstance(settings, DetectorSettings) and plan == Plan.PATIENTS:
        raise ConfigurationError("--plan patients is for a classifier; take sources or blocks")
    if isinstance(settings, SecondLookSettings) and plan != Plan.SOURCES:
        raise ConfigurationError(f"--plan {plan} is not for a second look; take sources")
    if absent := sorted(LEAVES_OUT_OF[settings.network, plan] - set(names_of(settings.sources))):
        raise ConfigurationError(
            f"{config}: sources: --plan {plan} leaves out parts of {', '.join(absent)}, which is not "
            "among the sources; add it, or take --plan sources"
        )
    if plan == Plan.SOURCES and len(settings.sources) == 1 and isinstance(settings, ClassifierSettings):
        raise ConfigurationError(
            f"{config}: sources: {names_of(settings.sources)[0]} is the only one: without it nothing remains "
            "to train on; add another, such as a published set"
        )
    check_writable(out)
    fabric = Fabric(accelerator=torch_device("auto").type, devices=1)
    if isinstance(settings, DetectorSettings):
        rows = validate_detector(read_fields(data, settings), settings, str(plan), fabric, out / "sheets")
    elif isinstance(settings, SecondLookSettings):
        rows = validate_lists(data, chain_of(config, settings), seeds, fabric, out)
    else:
        cutter = load_detector(detector or RELEASED / "detector.safetensors")
        rows = validate_classifier(
            read_cells(data, settings, cutter), settings, str(plan), seeds, fabric, out
        )
    table = out / f"{settings.network}_{plan}.json"
    done = []
    for row in rows:
        done.append(row)
        # After every row: a run that is broken off leaves what it has measured.
        write_bytes(table, (json.dumps(done, indent=1) + "\n").encode())
    typer.echo(f"Table: {table}")
