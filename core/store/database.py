"""The connection to the database: opened, brought to this version's tables, read and written in one step."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from core.slides import shown_path
from core.store.records import StoreError

DATABASE_FILE = "smearscope.sqlite"
MIGRATIONS = Path(__file__).with_name("migrations")
SECONDS_TO_WAIT = 30
"""How long a write waits for those of other processes before it gives up."""


class Database:
    """A database with this version's tables.

    SQLite is kept in WAL mode, so that readers and a writer do not wait for each other, and each commit is on
    the disk before it is reported. Writes take the lock as they begin: what they have read cannot change
    under them.

    Parameters
    ----------
    url
        Any SQLAlchemy URL.

    Raises
    ------
    StoreError
        Where it cannot be opened, or a newer version of the program made it.
    """

    def __init__(self, url: str) -> None:
        try:
            self._engine = create_engine(url)
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise StoreError(f"{_without_password(url)} is no usable database: {error}") from error
        self.is_sqlite = self._engine.dialect.name == "sqlite"
        # Within one process writers stand in line here: SQLite's own waiting is by chance, and slower.
        self._one_writer = threading.Lock() if self.is_sqlite else nullcontext()
        if self.is_sqlite:
            _use_transactions_of_sqlite(self._engine)
        self._migrate()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection whose reads are all of one moment."""
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with _named_errors(), self._engine.connect().execution_options(**options) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose writes come to pass together on leaving, or not at all."""
        with (
            _named_errors(),
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
        with _named_errors(), self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as bare:
            busy = bare.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).scalar_one()
        if busy:
            raise StoreError(
                "it was erased, but the write-ahead log cannot be emptied of it while other processes read "
                "the database: erase once more when they have stopped"
            )

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _migrate(self) -> None:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        newest = ScriptDirectory.from_config(config).get_current_head()
        try:
            with self.writing() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except CommandError as error:
            raise StoreError(
                f"{_without_password(str(self._engine.url))} was made by a newer version of Smearscope (this "
                f"one knows its tables up to {newest}): use that version"
            ) from error


def url_of_folder(folder: Path) -> str:
    """URL of the SQLite database in a data folder."""
    return f"sqlite:///{folder / DATABASE_FILE}"


def database_of(folder: Path) -> Path:
    """The SQLite database of a data folder; raises `StoreError` where it holds none."""
    database = folder.absolute() / DATABASE_FILE
    if not database.is_file():
        raise StoreError(f"{shown_path(folder)} holds no database ({DATABASE_FILE}): give another --data")
    return database


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


@contextmanager
def _named_errors() -> Iterator[None]:
    """Say of a database's own errors that they are one, and that nothing was written."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(f"the database refuses: {error.orig}; nothing was written") from error


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "the address given"
