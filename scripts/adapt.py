"""`smearscope adapt`: the second look's last layer, moved by cells that a laboratory has reviewed."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datasets.laboratory_cells import LaboratoryCells
    from models.loading import Models


def adapt(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE...",
            help="Folders of reviewed cells that 'smearscope export' wrote, or of annotated fields in a "
            "folder of the name of their set.",
        ),
    ],
    *,
    out: Annotated[Path, typer.Option(metavar="DIR", help="New folder for the adapted model.")],
    name: Annotated[str, typer.Option(metavar="LAB", help="Name of the laboratory, for the card.")],
    model: Annotated[
        str, typer.Option(metavar="NAME", help="The released models, or a folder that holds others.")
    ] = "released",
) -> None:
    """Adapt a model to a laboratory, if that shows more parasites early on patients kept aside.

    Each patient is kept aside in turn while the others teach. If their lists get no better, the command says
    so with the figures, and writes nothing.
    """
    from core.files import replacing_folder
    from datasets.laboratory_cells import joined
    from models.adapted_head import fitted_change, write_changed_head
    from models.cards import FILES, Adapted, model_folder, write_card
    from models.loading import load_models
    from scripts.cell_networks.adaptation import (
        SEED,
        AdaptationError,
        adapted_card,
        check_gain,
        kept_aside,
        said_of,
    )

    if out.exists():
        raise AdaptationError(f"{out} exists already: give another --out")
    laboratory = " ".join(name.split())
    if not laboratory:
        raise AdaptationError("--name is empty: give the name of the laboratory")
    before = load_models(model)
    parts = [_cells_of(source, before) for source in sources]
    cells = joined(parts)
    found = kept_aside(cells)
    check_gain(found)
    change = fitted_change(cells.log_odds, cells.features, cells.infected, cells.patient)
    adapted = Adapted(
        laboratory=laboratory,
        made_from=before.card.identity,
        command=f"smearscope adapt {' '.join(source.name for source in sources)} --model MODEL --out DIR "
        f"--name '{laboratory}'",
        seed=SEED,
        sources=tuple(source.name for source in sources),
        infected=int(cells.infected.sum()),
        healthy=int((~cells.infected).sum()),
        patients=len(set(cells.patient.tolist())),
        kept_aside=found,
    )
    folder = model_folder(model)
    with replacing_folder(out) as temporary:
        for file in FILES:
            shutil.copyfile(folder / file, temporary / file)
        write_changed_head(folder / "second_look.safetensors", change, temporary / "second_look.safetensors")
        write_card(adapted_card(before.card.second_look, adapted), temporary / "second_look.json")
    typer.echo(
        f"Learned from {adapted.infected} infected and {adapted.healthy} healthy cells of {adapted.patients} "
        f"patients.\n{said_of(found)}\nModel: {out}"
    )


def _cells_of(source: Path, models: "Models") -> "LaboratoryCells":
    """The cells of a source: annotated fields where its folder has the name of a set, else reviewed ones."""
    from datasets.field_sets import MEASURED_ONLY, READERS
    from datasets.laboratory_cells import of_annotated_fields, of_reviewed_cells
    from scripts.cell_networks.adaptation import AdaptationError

    name = source.resolve().name
    if name in MEASURED_ONLY:
        raise AdaptationError(f"{source}: this set is for measuring only; give another source")
    if name in READERS:
        return of_annotated_fields(READERS[name](source), models)
    return of_reviewed_cells(source, models.card.identity)
