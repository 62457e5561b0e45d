"""Writing what readers say of cells, taking it back, and who has looked at what others called.

A second reading is worth nothing to one who has seen the first, so every look is put on record. All is
written in a transaction that the caller holds.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, func, select, union

from core.store.calls import Role
from core.store.records import Look, Opinion, Reading, StoreError, same_person
from core.store.rows import look_from, reading_from, readings_of, select_readings
from core.store.tables import FIELD_READINGS, LOOKS, READINGS, UNDOINGS
from core.store.writes import append, hold, note, now
from core.wording import sentence


def append_reading(
    connection: Connection, slide_id: int, candidate_id: int, reader: str, role: Role, opinion: Opinion
) -> Reading:
    """Write a reading, unless the reader's call stands exactly so already: a key sent twice is read once.

    Raises
    ------
    StoreError
        Where the reader reads the slide in another role, another person has read the cell in this one, or a
        second reader has looked at what others called.
    """
    refuse_other_role(connection, slide_id, reader, role)
    standing = _standing(connection, candidate_id, role)
    if standing is not None:
        if not same_person(standing.reader, reader):
            raise StoreError(sentence("store.read_already", reader=standing.reader, role=role))
        if standing.opinion == opinion:
            return standing
    if role == Role.SECOND:
        refuse_who_has_looked(connection, slide_id, reader, candidate_id)
    at = now()
    number = append(
        connection,
        READINGS,
        slide_id=slide_id,
        candidate_id=candidate_id,
        reader=reader,
        role=role,
        call=opinion.call,
        reason=opinion.reason,
        stage=opinion.stage,
        species=opinion.species,
        at=at,
    )
    note(
        connection,
        reader,
        "read",
        slide_id,
        reading=number,
        candidate=candidate_id,
        role=role,
        call=opinion.call,
    )
    return Reading(number, slide_id, candidate_id, reader, role, opinion, at, None)


def undo_last(connection: Connection, slide_id: int, reader: str) -> Reading | None:
    """Take back the reader's last reading on a slide that still stands; None where there is none."""
    rows = connection.execute(
        _readings_that_stand().where(READINGS.c.slide_id == slide_id).order_by(READINGS.c.id.desc())
    )
    row = next((row for row in rows if same_person(row.reader, reader)), None)
    if row is None:
        return None
    number = append(connection, UNDOINGS, slide_id=slide_id, reading_id=row.id, at=now())
    note(connection, reader, "undone", slide_id, reading=row.id, candidate=row.candidate_id)
    return replace(reading_from(row), undone_by=number)


def refuse_other_role(connection: Connection, slide_id: int, reader: str, role: Role) -> None:
    """Raise `StoreError` where a person has read cells or fields of a slide in another role."""
    said = (
        select(table.c.reader, table.c.role).where(table.c.slide_id == slide_id)
        for table in (READINGS, FIELD_READINGS)
    )
    query = union(*said)
    for row in connection.execute(query):
        if row.role != role and same_person(row.reader, reader):
            raise StoreError(sentence("store.other_role", reader=row.reader, role=row.role, wanted=str(role)))


def _standing(connection: Connection, candidate_id: int, role: Role) -> Reading | None:
    row = connection.execute(
        _readings_that_stand()
        .where(READINGS.c.candidate_id == candidate_id, READINGS.c.role == role)
        .order_by(READINGS.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else reading_from(row)


def _readings_that_stand() -> Select[Any]:
    return select_readings().where(UNDOINGS.c.id.is_(None))


def unseen_reading(readings: Sequence[Reading], looks: Sequence[Look], reader: str) -> int | None:
    """The last reading by others that a person would see now and has not seen yet.

    None where there is none, and for who has read the slide as first reader or adjudicator: what they see
    matters to no second reading, because it can never be theirs.
    """
    own = [reading for reading in readings if same_person(reading.reader, reader)]
    if any(reading.role != Role.SECOND for reading in own):
        return None
    others = [reading.id for reading in readings if not same_person(reading.reader, reader)]
    seen = _seen_up_to(looks, reader)
    return others[-1] if others and others[-1] > seen else None


def seen_cells(readings: Sequence[Reading], looks: Sequence[Look], reader: str) -> frozenset[int]:
    """Numbers of the candidates of which a person has seen another's call, be it taken back since."""
    until = _seen_up_to(looks, reader)
    return frozenset(
        reading.candidate_id
        for reading in readings
        if reading.id <= until and not same_person(reading.reader, reader)
    )


def has_seen_too_much(readings: Sequence[Reading], looks: Sequence[Look], reader: str) -> bool:
    """Whether a person has seen a call on a cell that is still to be read as second.

    Who was the second reader, and looked when all was read, may go on with cells that are added later.
    """
    seen = seen_cells(readings, looks, reader)
    standing = [reading for reading in readings if reading.undone_by is None and reading.candidate_id in seen]
    read_as_second = {reading.candidate_id for reading in standing if reading.role == Role.SECOND}
    return any(reading.candidate_id not in read_as_second for reading in standing)


def refuse_who_has_looked(
    connection: Connection, slide_id: int, reader: str, candidate_id: int | None = None
) -> None:
    """Raise `StoreError` where a person cannot read on as second, or that cell, for what they have seen."""
    query = select(LOOKS).where(LOOKS.c.slide_id == slide_id).order_by(LOOKS.c.id)
    looks = [look_from(row) for row in connection.execute(query)]
    if not any(same_person(look.person, reader) for look in looks):
        return
    readings = readings_of(connection, [slide_id]).get(slide_id, ())
    if candidate_id in seen_cells(readings, looks, reader) or has_seen_too_much(readings, looks, reader):
        raise StoreError(sentence("store.has_looked", reader=reader))


def append_look(connection: Connection, slide_id: int, last_reading_id: int, who: str) -> None:
    """Put on record that a person sees a slide's readings up to one, unless they have seen it before."""
    hold(connection, slide_id)
    query = select(LOOKS).where(LOOKS.c.slide_id == slide_id, LOOKS.c.last_reading_id >= last_reading_id)
    if any(same_person(row.person, who) for row in connection.execute(query)):
        return
    last = select(func.max(READINGS.c.id)).where(READINGS.c.slide_id == slide_id)
    newest = connection.execute(last).scalar_one()
    if newest is None or last_reading_id > newest:
        raise StoreError(sentence("store.no_reading", slide=str(slide_id), reading=str(last_reading_id)))
    append(connection, LOOKS, slide_id=slide_id, person=who, last_reading_id=last_reading_id, at=now())
    note(connection, who, "looked at calls", slide_id, reading=last_reading_id)


def _seen_up_to(looks: Sequence[Look], reader: str) -> int:
    return max((look.last_reading_id for look in looks if same_person(look.person, reader)), default=0)
