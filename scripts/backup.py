"""`smearscope backup`: a consistent copy of the database, while the application runs."""

from pathlib import Path
from typing import Annotated

import typer

from scripts.app import DATA


def backup(
    copy: Annotated[Path, typer.Argument(metavar="FILE", help="File for the copy; it must not exist yet.")],
    *,
    data: Annotated[Path, typer.Option(metavar="DIR", help="The data folder of the application.")] = DATA,
) -> None:
    """Copy the database of the review application into one file; the application may run meanwhile.

    The copy holds cases, slides, every reading and all signed results with their pictures. Images of slides
    and what scoring wrote are ordinary files: copy them as such. To go back to a copy,
    stop the application and put the copy in the data folder as smearscope.sqlite, without the files
    smearscope.sqlite-wal and smearscope.sqlite-shm. A database on a server (settings.toml) is copied with the
    server's own tools.
    """
    from core.store.backup import back_up
    from core.store.settings import read_settings

    made = back_up(read_settings(data).database_url(data), copy)
    typer.echo(
        f"{copy}: {made.cases} cases, {made.slides} slides, {made.readings} readings, "
        f"{made.signatures} signed results; the copy was checked"
    )
