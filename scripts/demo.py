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
    infected_counted, infected_called
        Located cells with a parasite that count, and how many of them were called infected.
    healthy_counted, healthy_called
        Located cells without a parasite that count, and how many of them were called infected.
    spurious
        Objects that were counted as red cells where none was drawn.
    """

    drawn: int
    located: int
    infected_counted: int
    infected_called: int
    healthy_counted: int
    healthy_called: int
    spurious: int

    def text(self) -> str:
        """The comparison as lines for a person."""
        rows = [
            ("red cells drawn whole", self.drawn, "located", self.located),
            ("infected cells counted", self.infected_counted, "called infected", self.infected_called),
            ("healthy cells counted", self.healthy_counted, "called infected", self.healthy_called),
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
    score([slide], out=results)

    truth = pd.read_parquet(truth_path(slide))

    cells = cells_of(results / slide.name)
    picture = FOLDER / "annotated_field.png"
    draw_field_with_most_calls(slide, cells, picture)
    typer.echo(
        f"\nTruth against result\n{compare(truth, cells).text()}\n\nOne field with its calls: {picture}"
    )


def cells_of(folder: Path) -> "pd.DataFrame":
    """The located cells of a result, a row each, with the columns of `cells.parquet` that are drawn."""
    import pandas as pd

    from core.results.folder import read_tables
    from core.results.tables import CALLS, REASONS, SIDES

    tables = read_tables(folder)
    cells = tables.cells
    call = pd.Series([CALLS[called] for called in cells.called.astype(int)], dtype=str)
    return pd.DataFrame(cells.boxes, columns=list(SIDES)).assign(
        field=[tables.fields[number].name for number in cells.field],
        infected_score=cells.infected_score,
        evaluable=cells.evaluable,
        why_not=[str(REASONS[number]) for number in cells.why_not],
        call=call.where(cells.evaluable),
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
    counted = found["evaluable"].to_numpy()
    infected = drawn["infected"].to_numpy()
    called = (found["call"] == "infected").to_numpy()
    return Comparison(
        drawn=int((~red_cells["cut_by_edge"]).sum()),
        located=int((~drawn["cut_by_edge"]).sum()),
        infected_counted=int((counted & infected).sum()),
        infected_called=int((counted & infected & called).sum()),
        healthy_counted=int((counted & ~infected).sum()),
        healthy_called=int((counted & ~infected & called).sum()),
        spurious=int(cells["evaluable"].sum() - counted.sum()),
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


def draw_field_with_most_calls(slide: Path, cells: "pd.DataFrame", picture: Path) -> None:
    """Write a picture of the field with the most cells called infected, with the calls drawn in."""
    import cv2

    from core.files import OutputError
    from core.reports.fields import annotated_field
    from core.slides import open_slide

    infected = cells["call"] == "infected"
    name = infected.groupby(cells["field"]).sum().idxmax()
    here = cells["field"] == name
    ranks = (
        cells["infected_score"].where(infected).rank(ascending=False, method="first").fillna(0).astype(int)
    )
    drawn = annotated_field(
        open_slide(slide).read_field(name).image,
        cells.loc[here, ["x", "y", "width", "height"]].to_numpy(),
        infected[here].to_numpy(),
        cells.loc[here, "why_not"].to_numpy(str),
        ranks[here].to_numpy(),
    )
    if not cv2.imwrite(str(picture), cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR)):
        raise OutputError(f"{picture} cannot be written: check space and permissions")
