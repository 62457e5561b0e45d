"""The board at which cells are read, and what it is given to show."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from app.board.logs import calls_shown, notes_shown
from app.cell_numbers import CellNumbers
from app.pictures.scale import um_per_pixel_of
from app.pictures.tiles import METHODS, bars_of
from app.web.addresses import READINGS, Permit, Writing, picture_base, secret_name, writing_address
from app.wording import Words
from app.workplace import Workplace
from core.results.folder import fields_of
from core.review import settled_disputes, standing
from core.store import Candidate, Role, SlideRecord, Species, TakenIn
from datasets.reference_pictures import DRAWN

_FOLDER = Path(__file__).parent
_SCRIPTS = (
    "../kept.js",
    "keys.js",
    "unsent.js",
    "log.js",
    "cell.js",
    "gallery.js",
    "notes.js",
    "stages.js",
    "board.js",
)

board = st.components.v2.component(
    "smearscope_board",
    html=(_FOLDER / "board.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "board.css").read_text(encoding="utf-8"),
    js="\n".join((_FOLDER / part).read_text(encoding="utf-8") for part in _SCRIPTS),
)


def board_data(
    workplace: Workplace,
    record: SlideRecord,
    taken_in: TakenIn,
    words: Words,
    *,
    reader: str,
    role: Role,
    species: Species | None,
    at: int | None,
    holds: str | None,
    cells: Sequence[Candidate],
    alike: str | None = None,
) -> dict[str, Any]:
    """What the board shows to a reader: the list of cells, or the name of the one that it holds.

    A second reader gets neither score nor rank, neither map nor anybody else's call, and cells under numbers
    of their own (`CellNumbers`). Calls that are made from now on the board is told by its own way
    (`app.board.logs`).

    Parameters
    ----------
    record, taken_in
        The slide and its result.
    species
        Of the parasites that are called from now on.
    at
        Candidate to begin with, by the number that the board shows; None begins with the first unread one.
    holds
        Version of the list that the board says it holds; None where it holds nothing.
    cells
        Those that the reader is given (`core.review.cells_for`), in the order in which they are shown.
    alike
        The cell, by the number that the board shows, behind which stand those that look like it.
    """
    blind = role == Role.SECOND
    disputed = settled_disputes(record) if role == Role.FIRST else frozenset()
    version = _version(record, taken_in, cells, disputed, role, words)
    data: dict[str, Any] = {
        "board": f"{record.slide.id} {role} {reader}",
        "version": version,
        "keep": secret_name(workplace.secret, f"{record.slide.id} {role} {reader.casefold()}"),
        "readings": writing_address(
            workplace.secret, READINGS, Writing(record.slide.id, role, reader, words.language)
        ),
        "pictures": picture_base(workplace.secret, Permit(record.slide.id, taken_in.id, blind, reader)),
        "species": species,
        "at": None if at is None else str(at),
        "alike": alike,
        "blind": blind,
    }
    if holds == version:
        return data
    numbers = CellNumbers.of(workplace.secret, record, reader, blind=blind)
    data["calls"], data["stands"] = calls_shown(record, role, reader, numbers), record.last_entry
    data["notes"] = notes_shown(record, role, reader, numbers)
    data["cells"] = _cells(record, taken_in, cells, disputed, role, words, numbers)
    data["methods"] = [] if blind else [[method, words(f"method.{method}")] for method in METHODS]
    data["words"] = {**words.group("board"), "calls": words.group("call"), **words.group("detail")}
    data["drawn"] = [words(f"drawn.{kind}") for kind in DRAWN]
    return data


def _version(
    record: SlideRecord,
    taken_in: TakenIn,
    candidates: Sequence[Candidate],
    disputed: Collection[int],
    role: Role,
    words: Words,
) -> str:
    """Name of a list: it stays while nothing but the reader's own calls changes."""
    parts = [
        taken_in.id,
        words.language,
        *sorted(flag.field for flag in record.flags),
        # What first and second reader called stands beside each cell.
        record.last_entry if role == Role.ADJUDICATOR else "",
        *sorted(disputed),
        *(candidate.id for candidate in candidates),
    ]
    return hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()


def _cells(
    record: SlideRecord,
    taken_in: TakenIn,
    candidates: Sequence[Candidate],
    disputed: Collection[int],
    role: Role,
    words: Words,
    numbers: CellNumbers,
) -> list[dict[str, Any]]:
    blind = role == Role.SECOND
    readings = standing(record.readings)
    flagged = {flag.field for flag in record.flags}
    blur = {
        row.name: row.quality.edge_blur
        for row in fields_of(taken_in.folder, taken_in.sha256)
        if row.quality is not None and row.quality.shows_cells
    }
    scale = um_per_pixel_of(record.slide)
    cells = []
    for position, candidate in enumerate(candidates, start=1):
        bars = bars_of(candidate.box, scale)
        cells.append(
            {
                "id": str(numbers.shown(candidate.id)),
                "name": _name(candidate, position, role, words),
                "field": candidate.field,
                "score": None
                if blind or candidate.infected_score is None
                else words.decimal(f"{candidate.infected_score:.2f}"),
                "facts": _facts(
                    candidate, blur.get(candidate.field), readings.get(candidate.id, {}), role, words
                ),
                "flagged": candidate.field in flagged,
                "disputed": candidate.id in disputed,
                "bars": bars and [[bar.share, f"{words.decimal(f'{bar.um:g}')} µm"] for bar in bars],
            }
        )
    return cells


def _name(candidate: Candidate, position: int, role: Role, words: Words) -> str:
    if role == Role.SECOND or candidate.rank is None:
        return words("board.cell_number", number=position)
    return f"{candidate.rank}"


def _facts(
    candidate: Candidate,
    blur: float | None,
    readings: Mapping[Role, Any],
    role: Role,
    words: Words,
) -> list[list[str]]:
    facts: list[list[str]] = []
    if role != Role.SECOND:
        if candidate.infected_score is not None:
            facts.append([words("fact.score"), words.decimal(f"{candidate.infected_score:.3f}")])
        if candidate.rank is None:
            facts.append(["", words(f"kind.{candidate.kind}")])
    if candidate.why_not:
        facts.append(["", words("fact.not_counted", why=candidate.why_not)])
    if blur is not None:
        facts.append([words("fact.focus"), words.decimal(f"{blur:.2f}")])
    facts.append(["", candidate.field])
    if role == Role.ADJUDICATOR:
        for other in (Role.FIRST, Role.SECOND):
            if other in readings:
                call = readings[other].opinion.call
                facts.append([words(f"role.{other}"), words(f"call.{call}")])
    return facts
