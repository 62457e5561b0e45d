"""The board at which cells are read: what it is given, and how what it sends is written."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import streamlit as st
from pydantic import BaseModel, Field, StrictInt, TypeAdapter, ValidationError

from app.cell_numbers import CellNumbers
from app.pictures.scale import um_per_pixel_of
from app.pictures.tiles import METHODS, bars_of
from app.web.addresses import Permit, picture_base, secret_name
from app.wording import Words
from app.workplace import Workplace
from core.errors import SmearscopeError
from core.results.folder import fields_of
from core.review import cells_for, is_anothers, standing
from core.store import (
    Call,
    Candidate,
    Opinion,
    Reason,
    Role,
    SlideRecord,
    Species,
    Stage,
    Store,
    TakenIn,
)
from core.store.records import DatabaseRefusesError, same_person
from core.wording import sentence

_FOLDER = Path(__file__).parent
_SCRIPTS = ("keys.js", "unsent.js", "board.js")

board = st.components.v2.component(
    "smearscope_board",
    html=(_FOLDER / "board.html").read_text(encoding="utf-8"),
    css=(_FOLDER / "board.css").read_text(encoding="utf-8"),
    js="\n".join((_FOLDER / part).read_text(encoding="utf-8") for part in _SCRIPTS),
)


class EntryError(SmearscopeError):
    """An entry of a board's log that cannot be carried out; nothing was written for it."""


_Cell = Annotated[int, Field(ge=0, lt=2**63)]  # as far as a database counts


class _Reading(BaseModel):
    number: StrictInt
    act: Literal["read"]
    cell: _Cell
    call: Call
    stage: Stage | None = None
    reason: Reason | None = None


class _Flagging(BaseModel):
    number: StrictInt
    act: Literal["flag"]
    cell: _Cell
    flagged: bool


class _Undoing(BaseModel):
    number: StrictInt
    act: Literal["undo"]
    cell: _Cell | None = None


_ENTRY: TypeAdapter[_Reading | _Flagging | _Undoing] = TypeAdapter(
    Annotated[_Reading | _Flagging | _Undoing, Field(discriminator="act")]
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
    problems: tuple[SmearscopeError, ...]


def write_entries(
    store: Store,
    slide_id: int,
    sent: Mapping[str, Any] | None,
    before: Written | None,
    *,
    reader: str,
    role: Role,
    species: Species | None,
    numbers: CellNumbers,
) -> Written | None:
    """Write what a board has sent; what it sends twice is written once.

    An entry that cannot be written, whatever is wrong with it, is dealt with all the same: it is told among
    the problems, and those behind it are written. Only where the database itself refuses, the entry and those
    behind it stay with the board.

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
    numbers
        By which the board names cells.
    """
    if not sent:
        return before
    log, number = str(sent["log"]), 0
    problems: list[SmearscopeError] = []
    if before is not None and before.log == log:
        number = before.number
    undone = None
    for given in sent["entries"]:
        earlier = number, undone
        match given:
            case {"number": int(at)} if at <= number:
                continue
            case {"number": int(at)}:
                number, undone = at, None
        try:
            entry = _ENTRY.validate_python(given)
            taken_back = _write(store, slide_id, entry, reader, role, species, numbers)
            undone = None if taken_back is None else str(numbers.shown(taken_back))
        except DatabaseRefusesError as error:
            # Nothing is wrong with the entry: the board keeps it, with all behind it, and sends it again.
            number, undone = earlier
            problems.append(error)
            break
        except ValidationError:
            problems.append(EntryError(sentence("board.unknown_entry")))
        except SmearscopeError as error:
            problems.append(error)
    return Written(log, number, undone, tuple(problems))


def _write(
    store: Store,
    slide_id: int,
    entry: _Reading | _Flagging | _Undoing,
    reader: str,
    role: Role,
    species: Species | None,
    numbers: CellNumbers,
) -> int | None:
    match entry:
        case _Undoing(cell=cell):
            return _undo(store, slide_id, None if cell is None else numbers.own(cell), reader)
        case _Flagging(cell=cell, flagged=flagged):
            _flag(store, slide_id, numbers.own(cell), reader, flagged=flagged)
        case _Reading(cell=cell, call=call):
            of_parasite = species if call == Call.PARASITE else None
            opinion = Opinion(call, entry.reason, entry.stage, of_parasite)
            store.read(slide_id, numbers.own(cell), opinion, reader=reader, role=role)
    return None


def _undo(store: Store, slide_id: int, cell: int | None, reader: str) -> int | None:
    """Take back the last reading; where the board names the cell, only while that is the last one read.

    Sent a second time after the server was killed, the first must not take back one more.
    """
    if cell is not None:
        own = [
            reading.candidate_id
            for reading in store.record(slide_id).readings
            if reading.undone_by is None and same_person(reading.reader, reader)
        ]
        if not own or own[-1] != cell:
            return cell
    reading = store.undo(slide_id, reader=reader)
    return None if reading is None else reading.candidate_id


def _flag(store: Store, slide_id: int, candidate_id: int, reader: str, *, flagged: bool) -> None:
    """Flag a cell's field or not; a field that is as wanted is left alone, with who flagged it.

    Raises
    ------
    EntryError
        Where the cell is none of the slide's, as after another scoring that does not list it.
    """
    record = store.record(slide_id)
    field = {candidate.id: candidate.field for candidate in record.candidates}.get(candidate_id)
    if field is None:
        raise EntryError(sentence("board.cell_gone"))
    if flagged == any(flag.field == field for flag in record.flags):
        return
    if flagged:
        store.flag_field(slide_id, field, by=reader)
    else:
        store.unflag_field(slide_id, field, by=reader)


MOST_CHANGES = 200
"""Calls that differ from what a board was given, before it is given all anew."""


@dataclass(frozen=True)
class Given:
    """The list of cells that a board was given; what follows says only what differs from it.

    Attributes
    ----------
    version
        Its name, of this list alone: the board says it again with all that it sends.
    content
        Text that another list, another language or another result would not have.
    calls
        Call, stage and reason by number of the cell, as they then stood.
    """

    version: str
    content: str
    calls: Mapping[str, tuple[str, str | None, str | None]]


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
    holds: Given | None,
) -> tuple[dict[str, Any], Given]:
    """What the board shows to a reader: the list of cells, or what differs from the one that it holds.

    A second reader gets neither score nor rank, neither map nor anybody else's call, and cells under numbers
    of their own (`CellNumbers`).

    Parameters
    ----------
    record, taken_in
        The slide and its result.
    at
        Candidate to begin with, by the number that the board shows; None begins with the first unread one.
    written
        What came of what the board sent last.
    holds
        What the board says that it holds; None where it holds nothing.

    Returns
    -------
    The data, and the list that it rests on.
    """
    blind = role == Role.SECOND
    candidates = cells_for(record, role, reader)
    numbers = CellNumbers.of(workplace.secret, record, reader, blind=blind)
    calls = {str(numbers.shown(number)): call for number, call in _calls(record, role, reader).items()}
    content = _content(record, taken_in, candidates, role, words)
    given, changes = holds, {}
    if given is not None:
        either = calls.keys() | given.calls.keys()
        changes = {cell: calls.get(cell) for cell in either if calls.get(cell) != given.calls.get(cell)}
    data: dict[str, Any] = {
        "board": f"{record.slide.id} {role}",
        "keep": secret_name(workplace.secret, f"{record.slide.id} {role} {reader.casefold()}"),
        "pictures": picture_base(workplace.secret, Permit(record.slide.id, taken_in.id, blind, reader)),
        "at": None if at is None else str(at),
        "done": written and {"log": written.log, "number": written.number, "undone": written.undone},
        "blind": blind,
    }
    if given is not None and given.content == content and len(changes) <= MOST_CHANGES:
        return {**data, "version": given.version, "calls": changes}, given
    given = Given(secrets.token_hex(6), content, calls)
    data["version"], data["calls"] = given.version, calls
    data["cells"] = _cells(record, taken_in, candidates, role, words, numbers)
    data["methods"] = [] if blind else [[method, words(f"method.{method}")] for method in METHODS]
    data["words"] = {**words.group("board"), "calls": words.group("call"), **words.group("detail")}
    return data, given


def _content(
    record: SlideRecord,
    taken_in: TakenIn,
    candidates: Sequence[Candidate],
    role: Role,
    words: Words,
) -> str:
    """Text that stays while nothing but the reader's own calls changes."""
    parts = [
        taken_in.id,
        words.language,
        *sorted(flag.field for flag in record.flags),
        # What first and second reader called stands beside each cell.
        record.last_entry if role == Role.ADJUDICATOR else "",
        *(candidate.id for candidate in candidates),
    ]
    return hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()


def _calls(record: SlideRecord, role: Role, reader: str) -> dict[int, tuple[str, str | None, str | None]]:
    """Call, stage and reason of each cell that was read in a role; of second readings, the reader's own."""
    calls: dict[int, tuple[str, str | None, str | None]] = {}
    for number, readings in standing(record.readings).items():
        if role in readings and not (role == Role.SECOND and is_anothers(readings, role, reader)):
            opinion = readings[role].opinion
            calls[number] = (str(opinion.call), opinion.stage, opinion.reason)
    return calls


def _cells(
    record: SlideRecord,
    taken_in: TakenIn,
    candidates: Sequence[Candidate],
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
                "score": None
                if blind or candidate.infected_score is None
                else words.decimal(f"{candidate.infected_score:.2f}"),
                "facts": _facts(
                    candidate, blur.get(candidate.field), readings.get(candidate.id, {}), role, words
                ),
                "flagged": candidate.field in flagged,
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
