"""The board at which cells are read: what it is given, and how what it sends is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

from app.addresses import Permit, picture_base
from app.result_tables import fields_of
from app.tiles import METHODS, bars_of, cell_key
from app.wording import Words
from app.workplace import Workplace
from core.errors import SmearscopeError
from core.review import cells_for, standing
from core.slides import open_slide
from core.store import (
    Call,
    Candidate,
    Opinion,
    Reason,
    Role,
    Slide,
    SlideRecord,
    Species,
    Stage,
    Store,
    StoreError,
    TakenIn,
)
from core.store.writes import same_person

_FOLDER = Path(__file__).with_name("board")

board = st.components.v2.component(
    "smearscope_board",
    html=(_FOLDER / "board.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "board.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "board.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Written:
    """How far a board's log was written.

    Attributes
    ----------
    log
        Name of the log: a board that is shown anew begins another.
    number
        Of the last entry that was dealt with.
    undone
        Cell whose reading was taken back last; None where the log ends otherwise.
    problems
        What could not be written, and why.
    """

    log: str
    number: int
    undone: str | None
    problems: tuple[str, ...]


def write_entries(
    store: Store,
    slide_id: int,
    sent: Mapping[str, Any] | None,
    before: Written | None,
    *,
    reader: str,
    role: Role,
    species: Species | None,
) -> Written | None:
    """Write what a board has sent; what it sends twice is written once.

    Parameters
    ----------
    store, slide_id
        Where to.
    sent
        ``{log, entries: [{number, act, cell, call, stage, reason, flagged}]}``; entries stay in the log until
        the board is told that they are dealt with, so a server that started anew gets them again.
    before
        What came of what it sent last.
    reader, role, species
        Whose readings these are; the species goes with each parasite.
    """
    if not sent:
        return before
    log, number, problems = str(sent["log"]), 0, []
    if before is not None and before.log == log:
        number = before.number
    undone = None
    for entry in sent["entries"]:
        if entry["number"] <= number:
            continue
        number, undone = entry["number"], None
        try:
            undone = _write(store, slide_id, entry, reader, role, species)
        except StoreError as error:
            problems.append(str(error))
    return Written(log, number, undone, tuple(problems))


def _write(
    store: Store,
    slide_id: int,
    entry: Mapping[str, Any],
    reader: str,
    role: Role,
    species: Species | None,
) -> str | None:
    if entry["act"] == "flag":
        _flag(store, slide_id, int(entry["cell"]), reader, flagged=entry["flagged"])
    elif entry["act"] == "undo":
        return _undo(store, slide_id, entry["cell"], reader)
    else:
        call = Call(entry["call"])
        opinion = Opinion(
            call,
            reason=Reason(entry["reason"]) if entry["reason"] else None,
            stage=Stage(entry["stage"]) if entry["stage"] else None,
            species=species if call == Call.PARASITE else None,
        )
        store.read(slide_id, int(entry["cell"]), opinion, reader=reader, role=role)
    return None


def _undo(store: Store, slide_id: int, cell: str | None, reader: str) -> str | None:
    """Take back the last reading; where the board names the cell, only while that is the last one read.

    Sent a second time after the server was killed, the first must not take back one more.
    """
    if cell is not None:
        own = [
            reading.candidate_id
            for reading in store.record(slide_id).readings
            if reading.undone_by is None and same_person(reading.reader, reader)
        ]
        if not own or own[-1] != int(cell):
            return cell
    reading = store.undo(slide_id, reader=reader)
    return None if reading is None else str(reading.candidate_id)


def _flag(store: Store, slide_id: int, candidate_id: int, reader: str, *, flagged: bool) -> None:
    """Flag a cell's field or not; a field that is as wanted is left alone, with who flagged it."""
    record = store.record(slide_id)
    field = next(candidate.field for candidate in record.candidates if candidate.id == candidate_id)
    if flagged == any(flag.field == field for flag in record.flags):
        return
    if flagged:
        store.flag_field(slide_id, field, by=reader)
    else:
        store.unflag_field(slide_id, field, by=reader)


def board_data(
    workplace: Workplace,
    record: SlideRecord,
    taken_in: TakenIn,
    words: Words,
    *,
    reader: str,
    role: Role,
    at: int | None,
    written: Written | None,
) -> dict[str, Any]:
    """What the board shows to a reader.

    A second reader gets neither score nor rank, neither map nor anybody else's call.

    Parameters
    ----------
    record, taken_in
        The slide and its result.
    at
        Candidate to begin with; None begins with the first that is unread.
    written
        What came of what the board sent last.
    """
    blind = role == Role.SECOND
    mapped = {} if blind else workplace.tiles.mapped(record.slide.id)
    readings = standing(record.readings)
    flagged = {flag.field for flag in record.flags}
    blur = {row.name: row.edge_blur for row in fields_of(taken_in.folder, taken_in.sha256)}
    scale = _um_per_pixel(record.slide)
    cells = []
    for position, candidate in enumerate(cells_for(record, role, reader), start=1):
        own = readings.get(candidate.id, {}).get(role)
        if blind and own is not None and not same_person(own.reader, reader):
            own = None  # of another second reader, who is not to be seen either
        bars = bars_of(candidate.box, scale)
        cells.append(
            {
                "id": str(candidate.id),
                "name": _name(candidate, position, role, words),
                "score": None
                if blind or candidate.infected_score is None
                else words.decimal(f"{candidate.infected_score:.2f}"),
                "facts": _facts(
                    candidate, blur.get(candidate.field), readings.get(candidate.id, {}), role, words
                ),
                "flagged": candidate.field in flagged,
                "bars": bars and [[bar.share, f"{words.decimal(f'{bar.um:g}')} µm"] for bar in bars],
                "mapped": cell_key(candidate.field, candidate.box) in mapped,
                "call": own and own.opinion.call,
                "stage": own and own.opinion.stage,
                "reason": own and own.opinion.reason,
            }
        )
    methods = sorted({method for of_cell in mapped.values() for method in of_cell}, key=METHODS.index)
    return {
        "board": f"{record.slide.id} {role}",
        "pictures": picture_base(workplace.secret, Permit(record.slide.id, taken_in.id, blind)),
        "cells": cells,
        "at": None if at is None else str(at),
        "done": written and {"log": written.log, "number": written.number, "undone": written.undone},
        "blind": blind,
        "methods": [[method, words(f"method.{method}")] for method in methods],
        "words": {**words.group("board"), "calls": words.group("call"), **words.group("detail")},
    }


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
            facts.append([words("fact.kind"), words(f"kind.{candidate.kind}")])
    if blur is not None:
        facts.append([words("fact.focus"), words.decimal(f"{blur:.2f}")])
    facts.append([words("fact.field"), candidate.field])
    if role == Role.ADJUDICATOR:
        for other in (Role.FIRST, Role.SECOND):
            if other in readings:
                call = readings[other].opinion.call
                facts.append([words(f"role.{other}"), words(f"call.{call}")])
    return facts


@lru_cache(maxsize=64)
def _um_per_pixel(slide: Slide) -> float | None:
    """Scale of a slide: as entered, else as its first field has it; None where that cannot be read."""
    if slide.um_per_pixel is not None:
        return slide.um_per_pixel
    try:
        opened = open_slide(slide.folder)
        return opened.read_field(opened.field_names()[0]).um_per_pixel
    except SmearscopeError:
        return None
