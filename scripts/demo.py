"""`smearscope demo`: draw a small slide whose truth is known, score it, and hold the two side by side."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from scripts.render import render
from scripts.score import score

if TYPE_CHECKING:
    import pandas as pd

FOLDER = Path("out/demo")
FIELDS = 12
SEED = 7
PARASITAEMIA = 0.01


@dataclass(frozen=True)
class Comparison:
    """What was drawn on a synthetic slide, and what was made of it.

    Attributes
    ----------
    drawn, located
        Red cells that lie wholly inside their field, and how many of them were located.
    infected, infected_looked_at
        Red cells drawn with a parasite, whole or cut, and how many of them are looked at.
    listed, infected_listed
        The first of the list, as many as are put before readers, and how many of these have a parasite.
    spurious
        Objects that were counted as red cells where none was drawn.
    """

    drawn: int
    located: int
    infected: int
    infected_looked_at: int
    listed: int
    infected_listed: int
    spurious: int

    def text(self) -> str:
        """The comparison as lines for a person."""
        rows = [
            ("red cells drawn whole", self.drawn, "located", self.located),
            ("infected cells drawn", self.infected, "looked at", self.infected_looked_at),
            ("first of the list", self.listed, "infected", self.infected_listed),
            ("counted, not a red cell", self.spurious, "", None),
        ]
        return "\n".join(
            f"  {first:24}{of:6,}" + (f"    {second:16}{number:6,}" if number is not None else "")
            for first, of, second, number in rows
        )


def demo() -> None:
    """Draw a small synthetic slide, score it with the released weights, and compare with the truth."""
    import pandas as pd

    from datasets.synthetic import truth_path

    if FOLDER.exists():
        shutil.rmtree(FOLDER)
    slide, results = FOLDER / "slides" / "synthetic", FOLDER / "results"
    render(slide, fields=FIELDS, seed=SEED, parasitaemia=PARASITAEMIA)
    score([str(slide)], out=results)

    truth = pd.read_parquet(truth_path(slide))

    cells = cells_of(results / slide.name)
    picture = FOLDER / "annotated_field.png"
    draw_field_with_most_of_the_list(slide, cells, picture)
    typer.echo(
        f"\nTruth against result\n{compare(truth, cells).text()}\n\nOne field with its list: {picture}"
    )


def cells_of(folder: Path) -> "pd.DataFrame":
    """The located objects of a result, a row each: place, why it is not counted, rank, whether it is listed.

    `rank` is 0 for what is not looked at; `listed` are the first of the list, which are put before readers.
    """
    import pandas as pd

    from core.results.folder import read_tables
    from core.results.tables import REASONS, SIDES

    tables = read_tables(folder)
    cells, listed = tables.cells, sum(row.listed for row in tables.fields)
    return pd.DataFrame(cells.boxes, columns=list(SIDES)).assign(
        field=[tables.fields[number].name for number in cells.field],
        evaluable=cells.evaluable,
        why_not=[str(REASONS[number]) for number in cells.why_not],
        rank=cells.rank,
        listed=(cells.rank > 0) & (cells.rank <= listed),
    )


def compare(truth: "pd.DataFrame", cells: "pd.DataFrame") -> Comparison:
    """Match located cells with drawn ones, field by field, one to one, and count.

    A located cell matches a drawn one where their boxes overlap with an intersection over union of at
    least 0.5.

    Parameters
    ----------
    truth
        As `datasets.synthetic.render_slide` writes it.
    cells
        As `cells_of` gives them.
    """
    import pandas as pd

    red_cells = truth[truth["kind"] == "red_cell"]
    pairs = pd.concat(
        [
            _match(drawn, cells[cells["field"] == field])
            for field, drawn in red_cells.groupby("field", sort=True)
        ],
        ignore_index=True,
    )
    drawn, found = red_cells.loc[pairs["drawn"]], cells.loc[pairs["found"]]
    infected = drawn["infected"].to_numpy()
    return Comparison(
        drawn=int((~red_cells["cut_by_edge"]).sum()),
        located=int((~drawn["cut_by_edge"]).sum()),
        infected=int(red_cells["infected"].sum()),
        infected_looked_at=int((infected & (found["rank"] > 0).to_numpy()).sum()),
        listed=int(cells["listed"].sum()),
        infected_listed=int((infected & found["listed"].to_numpy()).sum()),
        spurious=int(cells["evaluable"].sum() - found["evaluable"].sum()),
    )


def _match(drawn: "pd.DataFrame", found: "pd.DataFrame") -> "pd.DataFrame":
    """Index pairs of the one-to-one matching of two sets of boxes with the largest summed overlap."""
    import numpy as np
    import pandas as pd
    from scipy.optimize import linear_sum_assignment

    from core.cells.boxes import intersection_over_union

    sides = ["x", "y", "width", "height"]
    overlap = intersection_over_union(drawn[sides].to_numpy(np.float32), found[sides].to_numpy(np.float32))
    overlap[overlap < 0.5] = 0
    rows, columns = linear_sum_assignment(overlap, maximize=True)
    matched = overlap[rows, columns] > 0
    return pd.DataFrame({"drawn": drawn.index[rows[matched]], "found": found.index[columns[matched]]})


def draw_field_with_most_of_the_list(slide: Path, cells: "pd.DataFrame", picture: Path) -> None:
    """Write a picture of the field with the most cells of the list, with their ranks drawn in."""
    import cv2

    from core.files import OutputError
    from core.reports.fields import annotated_field
    from core.slides import open_slide

    name = cells["listed"].groupby(cells["field"]).sum().idxmax()
    here = cells[cells["field"] == name]
    drawn = annotated_field(
        open_slide(slide).read_field(name).image,
        here[["x", "y", "width", "height"]].to_numpy(),
        here["why_not"].to_numpy(str),
        here["rank"].where(here["listed"], 0).to_numpy(),
    )
    if not cv2.imwrite(str(picture), cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR)):
        raise OutputError(f"{picture} cannot be written: check space and permissions")
