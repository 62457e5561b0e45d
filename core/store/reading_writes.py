"""Writing what readers say of cells, and taking it back; in a transaction that the caller holds."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, select

from core.store.looks import refuse_who_has_looked
from core.store.records import Opinion, Reading, Role, StoreError
from core.store.rows import reading_from, select_readings
from core.store.tables import READINGS, UNDOINGS
from core.store.writes import append, note, now, same_person
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
    _refuse_other_role(connection, slide_id, reader, role)
    standing = _standing(connection, candidate_id, role)
    if standing is not None:
        if not same_person(standing.reader, reader):
            raise StoreError(sentence("store.read_already", reader=standing.reader, role=role))
        if standing.opinion == opinion:
            return standing
    if role == Role.SECOND:
        refuse_who_has_looked(connection, slide_id, candidate_id, reader)
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


def _refuse_other_role(connection: Connection, slide_id: int, reader: str, role: Role) -> None:
    query = select(READINGS.c.reader, READINGS.c.role).where(READINGS.c.slide_id == slide_id).distinct()
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
