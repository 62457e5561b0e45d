"""A copy of the SQLite database of a data folder, consistent although others write to it meanwhile."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.files import cannot_write, replacing, shown_path
from core.store.database import SECONDS_TO_WAIT, existing_file
from core.store.records import StoreError

_WHILE_WRITING = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC")
"""Errors of SQLite that are of the copy, as nothing else is written."""


@dataclass(frozen=True)
class Backup:
    """What a copy holds, as counted in the copy."""

    cases: int
    slides: int
    readings: int
    signatures: int


def back_up(url: str, copy: Path) -> Backup:
    """Copy a SQLite database into one file, as of one moment, and check the copy.

    Writers are neither stopped nor slowed. A data folder that holds the copy as `smearscope.sqlite` is opened
    as any other.

    Raises
    ------
    StoreError
        Where there is no database, it is on a server, it is damaged, or `copy` is there already.
    core.files.OutputError
        Where `copy` cannot be written.
    """
    database = existing_file(url)
    if database is None:
        raise StoreError("a database on a server is copied with the server's own tools, such as pg_dump")
    if copy.exists():
        raise StoreError(f"{shown_path(copy)} is there already: give another name, backups are not replaced")
    with replacing(copy) as temporary:
        # Here and not by SQLite, which does not say what is wrong with a place, and lets everybody read.
        temporary.unlink(missing_ok=True)
        temporary.touch(mode=0o600)
        try:
            with (
                closing(sqlite3.connect(f"{database.as_uri()}?mode=rw", SECONDS_TO_WAIT, uri=True)) as source,
                closing(sqlite3.connect(temporary)) as target,
            ):
                source.backup(target)
                # One file that needs no others beside it.
                target.execute("PRAGMA journal_mode = DELETE")
                return _checked(target)
        except sqlite3.Error as error:
            temporary.unlink(missing_ok=True)
            # The error of a failed check is not SQLite's and has no such name.
            if getattr(error, "sqlite_errorname", "") in _WHILE_WRITING:
                raise cannot_write(copy, OSError(str(error))) from error
            raise StoreError(f"{shown_path(database)} cannot be copied: {error}") from error


def _checked(connection: sqlite3.Connection) -> Backup:
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(f"it is damaged ({found})")
    tables = ("cases", "slides", "readings", "signatures")
    return Backup(*(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables))  # noqa: S608 - our own tables
