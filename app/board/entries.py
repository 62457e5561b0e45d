"""The entries of a board's log, and how each is written: once, however often it is sent."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictInt, TypeAdapter, ValidationError

from app.cell_numbers import CellNumbers
from core.errors import SmearscopeError
from core.review import standing
from core.store import Call, Opinion, Reason, Role, SlideRecord, Species, Stage, Store
from core.store.records import DatabaseRefusesError, same_person
from core.wording import sentence


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
    species: Species | None = None


class _Staging(BaseModel):
    number: StrictInt
    act: Literal["stage"]
    cell: _Cell
    stage: Stage


class _Flagging(BaseModel):
    number: StrictInt
    act: Literal["flag"]
    cell: _Cell
    flagged: bool


class _Undoing(BaseModel):
    number: StrictInt
    act: Literal["undo"]
    cell: _Cell | None = None


class _Noting(BaseModel):
    number: StrictInt
    act: Literal["note"]
    cell: _Cell
    about: Literal["cell", "field"]
    text: str


_Entry = _Reading | _Staging | _Flagging | _Undoing | _Noting
_ENTRY: TypeAdapter[_Entry] = TypeAdapter(Annotated[_Entry, Field(discriminator="act")])


@dataclass(frozen=True)
class Written:
    """What came of entries.

    Attributes
    ----------
    number
        Of the last entry that was dealt with.
    undone
        Cell whose reading was taken back last, as the board names it; None where the log ends otherwise.
    problems
        What could not be written, and why.
    """

    number: int
    undone: str | None = None
    problems: tuple[SmearscopeError, ...] = ()


def write_entries(
    store: Store,
    slide_id: int,
    entries: list[Any],
    after: int,
    *,
    reader: str,
    role: Role,
    numbers: CellNumbers,
) -> Written:
    """Write what a board has sent; what it sends twice is written once.

    An entry that cannot be written, whatever is wrong with it, is dealt with all the same: it is told among
    the problems, and those behind it are written. Only where the database itself refuses, the entry and those
    behind it stay with the board.

    Parameters
    ----------
    store, slide_id
        Where to.
    entries
        ``{number, act, cell, call, stage, reason, species, flagged, about, text}``, in order. They stay in
        the log until the board is told that they are dealt with, so a server that started anew gets them
        again.
    after
        Number of the entry of this log that was dealt with last; 0 where none was.
    reader, role
        Whose readings these are.
    numbers
        By which the board names cells.
    """
    written = Written(after)
    problems: list[SmearscopeError] = []
    for given in entries:
        number, undone = written.number, None
        match given:
            case {"number": int(at)} if at <= number:
                continue
            case {"number": int(at)}:
                number = at
        try:
            entry = _ENTRY.validate_python(given)
            taken_back = _write(store, slide_id, entry, reader, role, numbers)
            undone = None if taken_back is None else str(numbers.shown(taken_back))
        except DatabaseRefusesError as error:
            # Nothing is wrong with the entry: the board keeps it, with all behind it, and sends it again.
            problems.append(error)
            break
        except ValidationError:
            problems.append(EntryError(sentence("board.unknown_entry")))
        except SmearscopeError as error:
            problems.append(error)
        written = Written(number, undone)
    return Written(written.number, written.undone, tuple(problems))


def _write(
    store: Store,
    slide_id: int,
    entry: _Entry,
    reader: str,
    role: Role,
    numbers: CellNumbers,
) -> int | None:
    match entry:
        case _Undoing(cell=cell):
            return _undo(store, slide_id, None if cell is None else numbers.own(cell), reader)
        case _Flagging(cell=cell, flagged=flagged):
            _flag(store, slide_id, numbers.own(cell), reader, flagged=flagged)
        case _Noting(cell=cell, about="cell", text=text):
            store.notes.on_cell(slide_id, numbers.own(cell), text, by=reader)
        case _Noting(cell=cell, text=text):
            field = _field_of(store.record(slide_id), numbers.own(cell))
            store.notes.on_field(slide_id, field, text, by=reader)
        case _Staging(cell=cell, stage=stage):
            opinion = _staged(store.record(slide_id), numbers.own(cell), stage, reader, role)
            store.read(slide_id, numbers.own(cell), opinion, reader=reader, role=role)
        case _Reading(cell=cell, call=call):
            of_parasite = entry.species if call == Call.PARASITE else None
            opinion = Opinion(call, entry.reason, entry.stage, of_parasite)
            store.read(slide_id, numbers.own(cell), opinion, reader=reader, role=role)
    return None


def _staged(record: SlideRecord, candidate_id: int, stage: Stage, reader: str, role: Role) -> Opinion:
    """What a reader said of a cell, its species too, now with a stage.

    Raises
    ------
    EntryError
        Where they have not called it a parasite, or have named another stage since.
    """
    reading = standing(record.readings).get(candidate_id, {}).get(role)
    if (
        reading is None
        or not same_person(reading.reader, reader)
        or reading.opinion.call != Call.PARASITE
        or reading.opinion.stage not in (None, stage)
    ):
        raise EntryError(sentence("board.nothing_to_stage"))
    return replace(reading.opinion, stage=stage)


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
    """Flag a cell's field or not; a field that is as wanted is left alone, with who flagged it."""
    record = store.record(slide_id)
    field = _field_of(record, candidate_id)
    if flagged == any(flag.field == field for flag in record.flags):
        return
    if flagged:
        store.flag_field(slide_id, field, by=reader)
    else:
        store.unflag_field(slide_id, field, by=reader)


def _field_of(record: SlideRecord, candidate_id: int) -> str:
    """The field on which a cell lies.

    Raises
    ------
    EntryError
        Where the cell is none of the slide's, as after another scoring that does not list it.
    """
    field = {candidate.id: candidate.field for candidate in record.candidates}.get(candidate_id)
    if field is None:
        raise EntryError(sentence("board.cell_gone"))
    return field
