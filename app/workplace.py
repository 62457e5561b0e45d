"""The folder an application works in: its database, its slides, its results and pictures, its secret."""

import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.pictures.pyramid import Pyramid
from app.pictures.tiles import Tiles
from core.errors import SmearscopeError
from core.files import cannot_write, check_writable, shown_path
from core.scoring.watch_file import KEPT, WATCH_FILE
from core.store import Store
from core.store.settings import Settings, read_settings

PROGRAM = "smearscope"
"""Who writes to the audit trail where no person does."""


class WorkplaceError(SmearscopeError):
    """A data folder that cannot be used as it is."""


@dataclass(frozen=True)
class Workplace:
    """All that pages and routes need of the folder.

    Attributes
    ----------
    folder
        Holds everything else.
    settings
        What the folder is told in its `settings.toml`.
    store
        Cases, slides and readings.
    tiles
        Pictures of cells.
    pyramid
        Pictures of whole slides.
    secret
        Signs addresses of pictures and the name a browser keeps; made once, readable by the owner alone.
    """

    folder: Path
    settings: Settings
    store: Store
    tiles: Tiles
    pyramid: Pyramid
    secret: bytes

    @property
    def pictures(self) -> Path:
        """Pictures for the pages; what is not there is made again."""
        return self.folder / "pictures"

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
        """What scoring wrote; a folder for each slide and model, its name begins with the slide's number."""
        return self.folder / "results"

    @property
    def watch_file(self) -> Path:
        """What `smearscope watch` says of the slides at microscopes, where its results go to `watched`."""
        return self.folder / "watched" / KEPT / WATCH_FILE

    @property
    def models(self) -> Path:
        """Models beside the released one; a folder each."""
        return self.folder / "models"

    @property
    def comparisons(self) -> Path:
        """What the comparison of two models on reviewed slides has written."""
        return self.folder / "comparisons"

    @property
    def jobs(self) -> Path:
        """What scoring says of itself while it goes on."""
        return self.folder / "scoring"

    @property
    def asked_maps(self) -> Path:
        """Activation maps that readers wait for; see `app.jobs.asked_maps`."""
        return self.jobs / "maps"


def open_workplace(folder: Path) -> Workplace:
    """Open a data folder, made where there is none.

    Raises
    ------
    core.files.OutputError
        Where it cannot be written.
    core.store.settings.SettingsError
        Where its settings cannot be used.
    core.store.StoreError
        Where its database cannot be used.
    WorkplaceError
        Where its secret is empty.
    """
    folder = folder.absolute()
    check_writable(folder)
    check_writable(folder / "incoming")
    settings = read_settings(folder)
    store = Store(settings.database_url(folder), folder)
    pictures = folder / "pictures"
    return Workplace(folder, settings, store, Tiles(pictures), Pyramid(pictures), _secret(folder / "secret"))


_here: list[Workplace] = []


def use(workplace: Workplace) -> None:
    """Say which folder the pages of this process work in: Streamlit runs them by file, without arguments."""
    _here[:] = [workplace]


def here() -> Workplace:
    """The folder given to `use`."""
    (workplace,) = _here
    return workplace


def _secret(path: Path) -> bytes:
    """The secret of a data folder: made whole or not at all, by one process where several begin at once."""
    try:
        if not path.exists():
            _make_secret(path)
        secret = path.read_bytes()
    except OSError as error:
        raise cannot_write(path, error) from error
    if not secret:
        raise WorkplaceError(
            f"{shown_path(path)} is empty: remove it, and the next start makes a new one (everybody then "
            "gives a name once more)"
        )
    return secret


def _make_secret(path: Path) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".secret.", dir=path.parent)  # of mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(32).encode())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
