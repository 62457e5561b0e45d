"""A field with its cells, to pan, zoom and click: what it is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import streamlit as st

from app.review_board import METHODS
from app.tiles import CELL_WIDTHS, MAP, cell_key
from app.wording import Words
from core.reports.review_tiles import window_around
from core.review import standing
from core.store import Box, Candidate, Role, SlideRecord, TakenIn

_FOLDER = Path(__file__).with_name("plan")
KINDS = ("healthy", "left out", "unread", "parasite", "not a parasite", "unsure")

plan = st.components.v2.component(
    "smearscope_plan",
    html=(_FOLDER / "plan.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "plan.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "plan.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class FieldRow:
    """A field of a slide, as its result has it.

    Attributes
    ----------
    number
        In the order of the result.
    cells
        Evaluable ones.
    called
        Cells that the machine called.
    why_excluded
        Empty where it counts.
    """

    number: int
    name: str
    width: int
    height: int
    cells: int
    called: int
    why_excluded: str


@lru_cache(maxsize=16)
def fields_of(folder: Path, sha256: str) -> tuple[FieldRow, ...]:
    """Fields of a result that could be read; `sha256` tells one result in the folder from the next."""
    del sha256
    rows = pq.read_table(folder / "fields.parquet").to_pylist()
    return tuple(
        FieldRow(
            number,
            row["field"],
            row["width"],
            row["height"],
            row["evaluable_cells"],
            row["called_infected"],
            row["why_excluded"],
        )
        for number, row in enumerate(rows)
        if row["width"]
    )


def plan_data(
    record: SlideRecord,
    taken_in: TakenIn,
    field: FieldRow,
    words: Words,
    *,
    fields_base: str,
    pictures_base: str,
    chosen: Box | None,
    role: Role | None,
    mapped: Mapping[str, set[str]],
    shown: Mapping[str, bool],
    opacity: float,
) -> dict[str, Any]:
    """What the plan of a field shows.

    Parameters
    ----------
    role
        Whose calls are drawn: those that stand of any role for None, else those of this role alone.
    mapped
        Methods by which there are activation maps, by `app.tiles.cell_key`; none for the blind.
    """
    here = [candidate for candidate in record.candidates if candidate.field == field.name]
    calls = _calls(record, role)
    cells = _located(taken_in, field.name)
    for candidate in here:
        shown_rank = str(candidate.rank) if candidate.rank and mapped else ""
        cells[candidate.box] = (calls.get(candidate.id, "unread"), shown_rank)
    return {
        "field": field.name,
        "picture": f"{fields_base}/{field.number}",
        "width": field.width,
        "height": field.height,
        "cells": [[*box, kind, rank] for box, (kind, rank) in cells.items()],
        "chosen": None if chosen is None else list(chosen),
        "cell_px": taken_in.result.reference.cell_diameter_px,
        "heat": _heat(here, mapped, pictures_base),
        "shown": dict(shown),
        "opacity": opacity,
        "words": {
            "trouble": words("plan.trouble"),
            "kinds": {kind: words(f"plan.{kind}") for kind in KINDS},
        },
    }


def cell_at(record: SlideRecord, field: str, box: Box) -> Candidate | None:
    """The candidate at a box of a field; None where nobody was offered it."""
    wanted = cell_key(field, box)
    return next((one for one in record.candidates if cell_key(one.field, one.box) == wanted), None)


def _calls(record: SlideRecord, role: Role | None) -> dict[int, str]:
    """The call to draw of each candidate: the adjudicator's before the second's before the first's."""
    order = (Role.FIRST, Role.SECOND, Role.ADJUDICATOR) if role is None else (role,)
    return {
        number: str(readings[one].opinion.call)
        for number, readings in standing(record.readings).items()
        for one in order
        if one in readings
    }


def _heat(here: list[Candidate], mapped: Mapping[str, set[str]], base: str) -> list[list[Any]]:
    heat = []
    for candidate in here:
        methods = mapped.get(cell_key(candidate.field, candidate.box), set())
        method = next((method for method in METHODS if method in methods), None)
        if method is not None:
            window = window_around(candidate.box, CELL_WIDTHS["cell"])
            heat.append([f"{base}/{MAP}{method}/{candidate.id}", window.left, window.top, window.side])
    return heat


def _located(taken_in: TakenIn, field: str) -> dict[Box, tuple[str, str]]:
    cells = _cells(taken_in.folder, taken_in.sha256)
    here = cells.filter(pc.equal(cells["field"], field))
    boxes = np.stack([here[side].to_numpy() for side in ("x", "y", "width", "height")], axis=1)
    kinds = np.where(here["evaluable"].to_numpy(zero_copy_only=False), "healthy", "left out")
    return {
        (round(float(x), 2), round(float(y), 2), round(float(width), 2), round(float(height), 2)): (
            str(kind),
            "",
        )
        for (x, y, width, height), kind in zip(boxes, kinds, strict=True)
    }


@lru_cache(maxsize=2)
def _cells(folder: Path, sha256: str) -> pa.Table:
    del sha256
    return pq.read_table(
        folder / "cells.parquet", columns=["field", "x", "y", "width", "height", "evaluable"]
    )
