"""Whole fields that somebody has looked at, beyond the cells that they called there; only ever added to."""

from typing import Any

from sqlalchemy import Connection, Row, select

from core.results.folder import fields_of
from core.store.calls import Role
from core.store.database import Database
from core.store.offering import result_of
from core.store.people import People, Right
from core.store.reading_writes import refuse_other_role, refuse_who_has_looked
from core.store.records import ReadField, StoreError, same_person
from core.store.rows import read_field_from
from core.store.tables import FIELD_READINGS
from core.store.writes import append, hold_unsigned, note, now
from core.wording import sentence


class FieldReadings:
    """Keeps which fields were read whole, by whom and as what.

    Parameters
    ----------
    database
        Holds them.
    people
        Say who may.
    """

    def __init__(self, database: Database, people: People) -> None:
        self._database, self._people = database, people

    def read(self, slide_id: int, field: str, *, reader: str, role: Role) -> ReadField:
        """Put on record that a reader has looked at all of a field; said again, it is not written twice.

        Raises
        ------
        StoreError
            Where the reader reads the slide in another role or as adjudicator, another person has read the
            field in this one, a second reader has looked at what others called, the slide has no such field
            that is looked at, or it is signed.
        """
        who = self._people.require(reader, Right.READ)
        with self._database.writing() as connection:
            hold_unsigned(connection, slide_id)
            if role == Role.ADJUDICATOR:
                raise StoreError(sentence("store.fields_are_for_two"))
            refuse_other_role(connection, slide_id, who, role)
            _refuse_unknown(connection, slide_id, field)
            last = _last(connection, slide_id, field, role)
            if last is not None and last.whole:
                if not same_person(last.reader, who):
                    raise StoreError(sentence("store.field_read_already", reader=last.reader, role=role))
                return read_field_from(last)
            if role == Role.SECOND:
                refuse_who_has_looked(connection, slide_id, who)
            return _append(connection, slide_id, field, who, role, whole=True)

    def take_back(self, slide_id: int, field: str, *, reader: str, role: Role) -> None:
        """Say of a field that it is not read whole after all; nothing where the reader never said it was."""
        who = self._people.require(reader, Right.READ)
        with self._database.writing() as connection:
            hold_unsigned(connection, slide_id)
            last = _last(connection, slide_id, field, role)
            if last is not None and last.whole and same_person(last.reader, who):
                _append(connection, slide_id, field, who, role, whole=False)


def _append(
    connection: Connection, slide_id: int, field: str, who: str, role: Role, *, whole: bool
) -> ReadField:
    at = now()
    said = {"slide_id": slide_id, "field": field, "reader": who, "role": role}
    number = append(connection, FIELD_READINGS, **said, whole=int(whole), at=at)
    what = "field read" if whole else "field reading undone"
    note(connection, who, what, slide_id, field=field, role=role)
    return ReadField(number, slide_id, field, who, role, whole, at)


def _last(connection: Connection, slide_id: int, field: str, role: Role) -> Row[Any] | None:
    """What was said last of a field in a role."""
    table = FIELD_READINGS.c
    query = select(FIELD_READINGS).where(table.slide_id == slide_id, table.field == field, table.role == role)
    return connection.execute(query.order_by(table.id.desc()).limit(1)).one_or_none()


def _refuse_unknown(connection: Connection, slide_id: int, field: str) -> None:
    taken_in = result_of(connection, slide_id)
    if field not in {row.name for row in fields_of(taken_in.folder, taken_in.sha256) if row.looked_at}:
        raise StoreError(sentence("store.no_field", field=repr(field)))
