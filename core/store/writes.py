"""Single writes, each in a transaction that its caller holds; each leaves its line in the audit trail."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, select

from core.slides import shown_path
from core.store.records import Opinion, Reading, Role, StoreError
from core.store.rows import reading_from, select_readings
from core.store.tables import AMENDMENTS, AUDIT, READINGS, SIGNATURES, SLIDES, UNDOINGS


def now() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def person(name: str) -> str:
    """A person's name with single spaces; raises `StoreError` where nothing is left."""
    cleaned = " ".join(name.split())
    if not cleaned:
        raise StoreError("nobody is named: say who you are first")
    return cleaned


def same_person(one: str, other: str) -> bool:
    """Whether two names are one, whatever their capitals."""
    return one.casefold() == other.casefold()


def note(
    connection: Connection, who: str, what: str, slide_id: int | None = None, **detail: str | int | None
) -> int:
    """Write a line of the audit trail; give its number."""
    values = {"at": now(), "who": who, "what": what, "slide_id": slide_id, "detail": detail}
    return append(connection, AUDIT, **values)


def append(connection: Connection, table: Any, **values: Any) -> int:  # noqa: ANN401 - of any column
    """Insert one row; give its number."""
    return int(connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())


def hold(connection: Connection, slide_id: int) -> None:
    """Keep other transactions from writing to a slide; raises `StoreError` where there is none."""
    query = select(SLIDES.c.id).where(SLIDES.c.id == slide_id).with_for_update()
    if connection.execute(query).one_or_none() is None:
        raise StoreError(f"there is no slide {slide_id}")


def hold_unsigned(connection: Connection, slide_id: int) -> None:
    """As `hold`; raises `StoreError` where the slide is signed and no amendment is open."""
    hold(connection, slide_id)
    signed = connection.execute(
        select(SIGNATURES.c.version, SIGNATURES.c.by)
        .where(SIGNATURES.c.slide_id == slide_id)
        .order_by(SIGNATURES.c.version)
    ).all()
    amended = connection.execute(select(AMENDMENTS.c.id).where(AMENDMENTS.c.slide_id == slide_id)).all()
    if len(signed) > len(amended):
        raise StoreError(
            f"the slide was signed by {shown_path(signed[-1].by)} as version {signed[-1].version}: begin an "
            "amendment, with its reason, to change it"
        )


def append_reading(
    connection: Connection, slide_id: int, candidate_id: int, reader: str, role: Role, opinion: Opinion
) -> Reading:
    """Write a reading, unless the reader's call stands exactly so already: a key sent twice is read once.

    Raises
    ------
    StoreError
        Where the reader reads the slide in another role, or another person has read the cell in this one.
    """
    _refuse_other_role(connection, slide_id, reader, role)
    standing = _standing(connection, candidate_id, role)
    if standing is not None:
        if not same_person(standing.reader, reader):
            raise StoreError(f"{standing.reader} has already read this cell as {_reader(role)}")
        if standing.opinion == opinion:
            return standing
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
            raise StoreError(
                f"{row.reader} has read cells of this slide as {_reader(Role(row.role))}: {_reader(role)} "
                "must be another person"
            )


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


def _reader(role: Role) -> str:
    return "adjudicator" if role == Role.ADJUDICATOR else f"{role} reader"
