"""A folder of synthetic fields, and the truth beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from core.cells.detection import ObjectKind
from core.files import check_writable, replacing, write_bytes
from datasets.synthetic.field import FieldTruth, ImpossibleSmearError, check_options, render_field
from datasets.synthetic.style import SmearStyle, random_style

MOST_FIELDS = 9999
"""As many as names with four digits can number; they take hours, and 3 GB."""


@dataclass(frozen=True)
class RenderedSlide:
    """A slide as it lies on the disk.

    Attributes
    ----------
    folder
        Holds the fields and nothing else.
    truth
        Parquet file beside the folder: one row an object.
    fields, red_cells, infected_cells
        How many were drawn.
    """

    folder: Path
    truth: Path
    fields: int
    red_cells: int
    infected_cells: int


def render_slide(
    folder: Path,
    *,
    fields: int,
    seed: int,
    style: SmearStyle | None = None,
    width_px: int = 1280,
    height_px: int = 960,
    cell_diameter_px: float = 66.0,
    cells_per_field: int = 110,
    parasitaemia: float = 0.01,
    after_field: Callable[[], object] = lambda: None,
) -> RenderedSlide:
    """Draw a slide into a new folder as ``field_0001.jpg`` and so on.

    The truth goes into ``<folder>.truth.parquet`` beside the folder, one row an object: ``field`` (file
    name), ``x, y, width, height`` (pixels), ``kind``, ``infected``, ``stage``, ``cut_by_edge``,
    ``covered``, ``shape`` as in `FieldTruth`.

    Parameters
    ----------
    folder
        Where the fields go; made if it does not exist.
    fields
        How many.
    seed
        Number of the slide. The same number and options give the same files.
    style
        The look of the slide; without it, the one that belongs to the seed.
    width_px, height_px, cell_diameter_px, cells_per_field, parasitaemia
        As in `render_field`.
    after_field
        Called after each field that was written.

    Raises
    ------
    ImpossibleSmearError
        If the folder already holds something, or no field can be drawn with the options.
    OutputError
        If the folder or the truth beside it cannot be written.
    """
    if not 1 <= fields <= MOST_FIELDS:
        raise ImpossibleSmearError(f"fields is {fields}: give 1 to {MOST_FIELDS}")
    check_options(
        seed=seed,
        index=0,
        width_px=width_px,
        height_px=height_px,
        cell_diameter_px=cell_diameter_px,
        cells=cells_per_field,
        parasitaemia=parasitaemia,
    )
    _refuse_full(folder)
    truth_file = truth_path(folder)
    for written in (truth_file.parent, folder):
        check_writable(written)
    if style is None:
        style = random_style(np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,))))
    tables = []
    for index in range(fields):
        image, truth = render_field(
            style,
            seed=seed,
            index=index,
            width_px=width_px,
            height_px=height_px,
            cell_diameter_px=cell_diameter_px,
            cells=cells_per_field,
            parasitaemia=parasitaemia,
        )
        name = f"field_{index + 1:04d}.jpg"
        _, encoded = cv2.imencode(
            ".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, style.jpeg_quality]
        )
        write_bytes(folder / name, encoded.tobytes())
        tables.append(_table(name, truth))
        after_field()
    table = pd.concat(tables, ignore_index=True)
    with replacing(truth_file) as temporary:
        table.to_parquet(temporary, index=False)
    return RenderedSlide(
        folder=folder,
        truth=truth_file,
        fields=fields,
        red_cells=int((table["kind"] == ObjectKind.RED_CELL.name.lower()).sum()),
        infected_cells=int(table["infected"].sum()),
    )


def truth_path(folder: Path) -> Path:
    """Where the truth of a slide lies: beside its folder, which holds only images."""
    whole = folder.resolve()  # "." has no name
    return whole.with_name(whole.name + ".truth.parquet")


def _refuse_full(folder: Path) -> None:
    """See that the folder holds nothing, where it exists: two slides must not mix."""
    if folder.exists() and not folder.is_dir():
        raise ImpossibleSmearError(f"{folder} is a file: give a folder that is new or empty")
    if folder.exists() and any(folder.iterdir()):
        raise ImpossibleSmearError(f"{folder} is not empty: give a new folder, or empty this one first")


def _table(name: str, truth: FieldTruth) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "field": name,
            "x": truth.boxes[:, 0],
            "y": truth.boxes[:, 1],
            "width": truth.boxes[:, 2],
            "height": truth.boxes[:, 3],
            "kind": [ObjectKind(kind).name.lower() for kind in truth.kind],
            "infected": truth.infected,
            "stage": [str(stage) for stage in truth.stage],
            "cut_by_edge": truth.cut_by_edge,
            "covered": truth.covered,
            "shape": [str(shape) for shape in truth.shape],
        }
    )
