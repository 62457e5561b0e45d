"""A field with its cells, to pan, zoom and click: what it is given."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from app.result_tables import FieldRow, boxes_of, cells_of
from app.tiles import CELL_WIDTHS, MAP, METHODS, cell_key
from app.wording import Words
from core.reports.review_tiles import window_around
from core.review import standing
from core.store import Box, Candidate, Role, SlideRecord, TakenIn
from core.store.writes import same_person

_FOLDER = Path(__file__).with_name("plan")
KINDS = ("healthy", "left out", "unread", "parasite", "not a parasite", "unsure")

plan = st.components.v2.component(
    "smearscope_plan",
    html=(_FOLDER / "plan.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "plan.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "plan.js").read_text(encoding="utf-8"),
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
    only_by: str | None,
    mapped: Mapping[str, set[str]],
    shown: Mapping[str, bool],
    opacity: float,
) -> dict[str, Any]:
    """What the plan of a field shows.

    Parameters
    ----------
    only_by
        A person who must stay blind: only this person's calls are drawn, and no ranks. None draws the calls
        that stand of anybody.
    mapped
        Methods by which there are activation maps, by `app.tiles.cell_key`; none for the blind.
    """
    here = [candidate for candidate in record.candidates if candidate.field == field.name]
    calls = _calls(record, only_by)
    cells = _located(taken_in, field.name)
    for candidate in here:
        shown_rank = str(candidate.rank) if candidate.rank and only_by is None else ""
        cells[candidate.box] = (calls.get(candidate.id, "unread"), shown_rank)
    return {
        "field": field.name,
        "picture": f"{fields_base}/{field.number}",
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


def _calls(record: SlideRecord, only_by: str | None) -> dict[int, str]:
    """The call to draw of each candidate: the adjudicator's before the second's before the first's."""
    return {
        number: str(readings[role].opinion.call)
        for number, readings in standing(record.readings).items()
        for role in (Role.FIRST, Role.SECOND, Role.ADJUDICATOR)
        if role in readings and (only_by is None or same_person(readings[role].reader, only_by))
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
    cells = cells_of(taken_in.folder, taken_in.sha256, field)
    kinds = np.where(cells["evaluable"].to_numpy(zero_copy_only=False), "healthy", "left out")
    return {
        (round(float(x), 2), round(float(y), 2), round(float(width), 2), round(float(height), 2)): (
            str(kind),
            "",
        )
        for (x, y, width, height), kind in zip(boxes_of(cells), kinds, strict=True)
    }
