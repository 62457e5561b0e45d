"""`smearscope render`: draw a slide of synthetic fields with known truth."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm


def render(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="New folder for the fields.")],
    fields: Annotated[int, typer.Option(help="How many fields.")] = 10,
    cells_per_field: Annotated[int, typer.Option(help="Red cells on each field.")] = 110,
    parasitaemia: Annotated[float, typer.Option(help="Chance that a red cell is infected, 0 to 1.")] = 0.01,
    seed: Annotated[int, typer.Option(help="Number of the slide; the same number gives the same files.")] = 0,
) -> None:
    """Draw a synthetic slide: its JPEG fields into OUT, its truth into OUT.truth.parquet beside it."""
    from datasets.synthetic import render_slide

    with tqdm(total=fields, unit="field", file=sys.stderr) as progress:
        slide = render_slide(
            out,
            fields=fields,
            seed=seed,
            cells_per_field=cells_per_field,
            parasitaemia=parasitaemia,
            after_field=progress.update,
        )
    typer.echo(
        f"{slide.fields} fields with {slide.red_cells} red cells, {slide.infected_cells} of them infected: "
        f"{slide.folder}\nTruth: {slide.truth}"
    )
