"""The folder an application works in: its database, its slides, its results and pictures, its secret."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from app.tiles import Tiles
from core.atomic import check_writable
from core.store import Store

PROGRAM = "smearscope"
"""Who writes to the audit trail where no person does."""


@dataclass(frozen=True)
class Workplace:
    """All that pages and routes need of the folder.

    Attributes
    ----------
    folder
        Holds everything else.
    store
        Cases, slides and readings.
    tiles
        Pictures of cells.
    secret
        Signs addresses of pictures and the name a browser keeps; made once, readable by the owner alone.
    """

    folder: Path
    store: Store
    tiles: Tiles
    secret: bytes

    @property
    def slides(self) -> Path:
        """Images that were brought in; a folder a slide."""
        return self.folder / "slides"

    @property
    def incoming(self) -> Path:
        """Where folders of slides can be put on the server, to be brought in from a page."""
        return self.folder / "incoming"

    @property
    def results(self) -> Path:
        """What scoring wrote; a folder a slide, named by its number."""
        return self.folder / "results"

    @property
    def jobs(self) -> Path:
        """What scoring says of itself while it goes on."""
        return self.folder / "scoring"


def open_workplace(folder: Path) -> Workplace:
    """Open a data folder, made where there is none.

    Raises
    ------
    core.atomic.OutputError
        Where it cannot be written.
    core.store.StoreError
        Where its database cannot be used.
    """
    folder = folder.absolute()
    check_writable(folder)
    check_writable(folder / "incoming")
    return Workplace(folder, Store.in_folder(folder), Tiles(folder / "pictures"), _secret(folder / "secret"))


_here: list[Workplace] = []


def use(workplace: Workplace) -> None:
    """Say which folder the pages of this process work in: Streamlit runs them by file, without arguments."""
    _here[:] = [workplace]


def here() -> Workplace:
    """The folder given to `use`."""
    (workplace,) = _here
    return workplace


def _secret(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_hex(32).encode())
    return path.read_bytes()
