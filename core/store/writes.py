"""What every write is made of, in a transaction that its caller holds: a row, a line in the audit trail."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select, text

from core.files import shown_path
from core.store.records import StoreError
from core.store.tables import AMENDMENTS, AUDIT, REMOVALS, SIGNATURES, SLIDES
from core.wording import sentence


def now() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


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
        raise StoreError(sentence("store.no_slide", slide=str(slide_id)))


def hold_table(connection: Connection, table: Table) -> None:
    """Keep other transactions from adding to a table; one that writes to SQLite is alone already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE {table.name} IN EXCLUSIVE MODE"))


def hold_unsigned(connection: Connection, slide_id: int) -> None:
    """As `hold`; raises `StoreError` where the slide is removed, or signed with no amendment open."""
    hold(connection, slide_id)
    signed = connection.execute(
        select(SIGNATURES.c.version, SIGNATURES.c.by)
        .where(SIGNATURES.c.slide_id == slide_id)
        .order_by(SIGNATURES.c.version)
    ).all()
    amended = connection.execute(select(AMENDMENTS.c.id).where(AMENDMENTS.c.slide_id == slide_id)).all()
    if len(signed) > len(amended):
        raise StoreError(sentence("store.signed", by=shown_path(signed[-1].by), version=signed[-1].version))
    removals = (
        select(REMOVALS.c.removed).where(REMOVALS.c.slide_id == slide_id).order_by(REMOVALS.c.id.desc())
    )
    if connection.execute(removals.limit(1)).scalar():
        raise StoreError(sentence("store.is_removed"))
