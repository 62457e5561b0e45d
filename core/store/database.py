"""The connection to the database: opened, brought to this version's tables, read and written in one step."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from core.files import shown_path
from core.store.places import DATA_FOLDER
from core.store.records import DatabaseRefusesError, StoreError
from core.wording import sentence

DATABASE_FILE = "smearscope.sqlite"
MIGRATIONS = Path(__file__).with_name("migrations")
SECONDS_TO_WAIT = 30
"""How long a write waits for those of other processes before it gives up."""
_MIGRATING = 0x5EA25C09E
"""Number by which processes know the lock of those that bring a database on a server up to date."""


class Database:
    """A database with this version's tables.

    SQLite is kept in WAL mode, so that readers and a writer do not wait for each other, and each commit is on
    the disk before it is reported. Writes take the lock as they begin: what they have read cannot change
    under them.

    Parameters
    ----------
    url
        Any SQLAlchemy URL.
    folder
        The data folder, within which slides are kept by their place; None for none.

    Raises
    ------
    StoreError
        Where it cannot be opened, or a newer version of the program made it.
    """

    def __init__(self, url: str, folder: Path | None) -> None:
        self._url = _url(url)
        self._folder = None if folder is None else folder.absolute()
        try:
            self._engine = create_engine(self._url, execution_options={DATA_FOLDER: self._folder})
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise StoreError(
                f"{shown_url(self._url)} cannot be used: {self._scrubbed(str(error))} (for PostgreSQL, "
                "install psycopg and give an address that begins with postgresql+psycopg://)"
            ) from error
        self.is_sqlite = self._engine.dialect.name == "sqlite"
        # Within one process writers stand in line here: SQLite's own waiting is by chance, and slower.
        self._one_writer = threading.Lock() if self.is_sqlite else nullcontext()
        if self.is_sqlite:
            _make_for_owner_only(self._url)
            _use_transactions_of_sqlite(self._engine)
        self._migrate()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection whose reads are all of one moment."""
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self._named_errors(), self._engine.connect().execution_options(**options) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose writes come to pass together on leaving, or not at all."""
        with (
            self._named_errors(),
            self._one_writer,
            self._engine.execution_options(writes=True).begin() as connection,
        ):
            yield connection

    def empty_log(self) -> None:
        """Bring all of SQLite's write-ahead log into the file and cut it to nothing.

        Raises
        ------
        StoreError
            Where another process reads from the log all the while.
        """
        if not self.is_sqlite:
            return
        with (
            self._named_errors(),
            self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as bare,
        ):
            busy = bare.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).scalar_one()
        if busy:
            raise StoreError(sentence("store.log_not_emptied"))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _migrate(self) -> None:
        config, newest = _config(), _newest_tables()
        try:
            with self.writing() as connection:
                if MigrationContext.configure(connection).get_current_revision() == newest:
                    return
                if connection.dialect.name == "postgresql":
                    # There may be no table yet to lock: of processes that open it at once, one makes them.
                    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _MIGRATING})
                config.attributes["connection"] = connection
                config.attributes[DATA_FOLDER] = self._folder
                command.upgrade(config, "head")
        except CommandError as error:
            raise StoreError(
                f"{shown_url(self._url)} was made by a newer version of Smearscope (this "
                f"one knows its tables up to {newest}): use that version"
            ) from error

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        """Say of a database's own errors which it was, and that nothing was written."""
        try:
            yield
        except DBAPIError as error:
            raise DatabaseRefusesError(
                sentence("store.refuses", database=shown_url(self._url), why=self._scrubbed(str(error.orig)))
            ) from error

    def _scrubbed(self, message: str) -> str:
        """What a driver says, in one line, without the password that it may repeat."""
        line = " ".join(message.split())
        return line.replace(str(self._url.password), "***") if self._url.password else line


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


@cache
def _newest_tables() -> str | None:
    """The version of the tables that this version of the program knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _make_for_owner_only(url: URL) -> None:
    """Make the file of a new SQLite database before SQLite does, for all to read: it will hold patients."""
    if url.database and url.database != ":memory:":
        # Where it is there it stays as it is, and where it cannot be made SQLite's opening says why.
        with suppress(OSError):
            Path(url.database).touch(mode=0o600, exist_ok=False)


def url_of_folder(folder: Path) -> str:
    """URL of the SQLite database in a data folder."""
    # Not by URL.render_as_string, which fails on a name that is no UTF-8.
    file = str(folder / DATABASE_FILE).replace("%", "%25").replace("?", "%3F")
    return f"sqlite:///{file}"


def shown_url(url: URL) -> str:
    """A database as messages name it: its file, or its kind, name and machine; never user or password."""
    if url.get_backend_name() == "sqlite":
        return shown_path(url.database or "a database in memory")
    return (
        f"the {url.get_backend_name()} database {url.database or '(none named)'} on {url.host or 'no host'}"
    )


def existing_file(url: str) -> Path | None:
    """The file of a SQLite database, which must be there; None for a database on a server."""
    parsed = _url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    file = Path(parsed.database or "").absolute()
    if not file.is_file():
        raise StoreError(f"{shown_path(file.parent)} holds no database ({file.name}): give another --data")
    return file


def _use_transactions_of_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:  # noqa: ANN401 - the driver's own
        connection.isolation_level = None  # the driver begins no transactions of its own
        connection.execute(f"PRAGMA busy_timeout = {SECONDS_TO_WAIT * 1000}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _url(url: str) -> URL:
    """Parse an address; it may hold a password, so no part of one that is malformed is repeated."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    if parsed is None or "@" in (parsed.host or ""):
        raise StoreError(
            "the address of the database cannot be used: give KIND://USER:PASSWORD@HOST:PORT/NAME, with "
            "@ / : and % of a password written as %40 %2F %3A %25, or sqlite:////WHOLE/PATH"
        )
    return parsed
