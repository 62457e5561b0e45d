"""Folders as the database keeps them: within the data folder from there on, so that it can be moved."""

from pathlib import Path, PurePosixPath

from sqlalchemy import Connection

DATA_FOLDER = "data_folder"
"""Execution option of a connection: the folder within which the database names others; None for none."""


def kept_place(connection: Connection, path: Path) -> str:
    """How a folder is written down."""
    return kept_in(connection.get_execution_options().get(DATA_FOLDER), path)


def kept_in(data: Path | None, path: Path) -> str:
    """How a folder is written down in the database of a data folder, which may be reached by a link."""
    whole = path.absolute()
    if data is not None:
        for root in (data, data.resolve()):
            if whole.is_relative_to(root):
                return PurePosixPath(whole.relative_to(root)).as_posix()
    return str(whole)


def place(connection: Connection, kept: str) -> Path:
    """The folder that was written down."""
    path, data = Path(kept), connection.get_execution_options().get(DATA_FOLDER)
    if path.is_absolute() or data is None:
        return path
    return Path(data) / path
