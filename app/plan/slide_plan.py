"""A whole slide with its cells, to pan, zoom and click: what it is given."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from app.cell_numbers import CellNumbers
from app.pictures.scale import um_per_pixel_of
from app.pictures.tiles import CELL_WIDTHS, METHODS, cell_key
from app.web.addresses import Permit, picture_base
from app.wording import Words
from app.workplace import Workplace
from core.cells.boxes import Box
from core.results.folder import fields_of
from core.review import cells_for, standing
from core.store import Candidate, Role, SlideRecord, TakenIn
from core.store.records import same_person

_FOLDER = Path(__file__).parent
_PARTS = ("../kept", "loading", "cells", "drawing", "heat", "fields", "labels", "plan")
"""Of the script, which a component takes as one."""
KINDS = ("counted", "left out", "unread", "parasite", "not a parasite", "unsure")

plan = st.components.v2.component(
    "smearscope_plan",
    html=(_FOLDER / "plan.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "plan.css").read_text(encoding="utf-8"),
    js="\n".join((_FOLDER / f"{part}.js").read_text(encoding="utf-8") for part in _PARTS),
)


@dataclass(frozen=True)
class ByField:
    """What the plan shows to who reads field by field.

    Attributes
    ----------
    read
        Names of the fields that are read whole.
    address
        Where the page sends what the person says of fields; empty where they may not.
    keep
        Name under which a browser keeps what it could not send.
    """

    read: frozenset[str] = frozenset()
    address: str = ""
    keep: str = ""


def plan_data(
    workplace: Workplace,
    record: SlideRecord,
    taken_in: TakenIn,
    words: Words,
    *,
    reader: str,
    role: Role,
    blind: bool,
    chosen: tuple[str, Box] | None,
    fields: ByField,
) -> dict[str, Any]:
    """What the plan of a slide shows; its layout and all located cells come by `app.web.slide_routes`.

    Parameters
    ----------
    role
        In which the person reads on: it says which candidates there are, and in which order.
    blind
        Only the person's own calls are drawn, neither ranks nor maps, and cells have other numbers than their
        own (`CellNumbers`).
    chosen
        Field and box of the chosen cell.
    fields
        What is read whole.
    """
    rows = enumerate(fields_of(taken_in.folder, taken_in.sha256))
    numbers = {row.name: number for number, row in rows if row.was_read}
    cell_numbers = CellNumbers.of(workplace.secret, record, reader, blind=blind)
    base = picture_base(workplace.secret, Permit(record.slide.id, taken_in.id, blind, reader))
    return {
        "slide": f"{record.slide.id} {taken_in.id} {words.language}",
        "base": base.replace("/pictures/", "/slides/", 1),
        "pictures": base,
        "candidates": _candidates(record, numbers, cell_numbers, reader, role, blind=blind),
        "chosen": None if chosen is None else {"field": numbers[chosen[0]], "box": list(chosen[1])},
        "cell_px": taken_in.result.reference.cell_diameter_px,
        "um_per_pixel": um_per_pixel_of(record.slide),
        "blind": blind,
        "fields_address": fields.address,
        "fields_keep": fields.keep,
        "fields_read": [number for name, number in numbers.items() if name in fields.read],
        "methods": [] if blind else [[method, words(f"method.{method}")] for method in METHODS],
        "map_widths": CELL_WIDTHS["cell"],
        "words": {
            **words.group("plan"),
            "help": words("board.help"),
            "keys": words("board.keys"),
            "close": words("board.close"),
            "opacity": words("board.opacity"),
            "brightness": words("board.brightness"),
            "contrast": words("board.contrast"),
            "reset": words("board.reset"),
            "locale": words.language,
            "kinds": {kind: words(f"plan.{kind}") for kind in KINDS},
            "keyed": words.group("plan.key"),
        },
    }


def _candidates(
    record: SlideRecord,
    numbers: Mapping[str, int],
    cell_numbers: CellNumbers,
    reader: str,
    role: Role,
    *,
    blind: bool,
) -> list[list[Any]]:
    calls = _calls(record, reader if blind else None)
    given = cells_for(record, role, reader) if blind else record.candidates
    return [
        [
            cell_numbers.shown(candidate.id),
            numbers[candidate.field],
            *candidate.box,
            calls.get(candidate.id, "unread"),
            str(candidate.rank) if candidate.rank and not blind else "",
            # Before the blind, a mark by hand looks as any other cell.
            int(not candidate.why_not if blind else candidate.evaluable),
        ]
        for candidate in given
        if candidate.field in numbers
    ]


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
