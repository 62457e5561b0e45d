"""`smearscope supervisor`: the first of those who say who may do what."""

from pathlib import Path
from typing import Annotated

import typer

from scripts.app import DATA


def supervisor(
    name: Annotated[
        str,
        typer.Argument(
            metavar="EMAIL",
            help="What the person signs in as; the page shows it to a person without a role.",
        ),
    ],
    *,
    data: Annotated[Path, typer.Option(metavar="DIR", help="The data folder of the application.")] = DATA,
) -> None:
    """Make somebody a supervisor of the review application, who then grants roles on the page People.

    Everybody who may write to the data folder may run this. It is recorded.
    """
    from core.files import shown_path
    from core.store import Store
    from core.store.database import existing_file
    from core.store.identity import is_identity
    from core.store.settings import SettingsError, read_settings

    if not is_identity(name):
        raise SettingsError(
            f"nobody signs in as {shown_path(name)}: give the e-mail address, or what the page "
            "shows to a person without a role"
        )
    url = read_settings(data).database_url(data)
    existing_file(url)  # a name with a slip in it makes no data folder
    store = Store(url, data)
    try:
        store.people.name_supervisor(name, by="command line")
    finally:
        store.close()
    typer.echo(f"{name} is a supervisor")
