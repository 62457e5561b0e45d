"""`smearscope app`: the review application, for this machine."""

from pathlib import Path
from typing import Annotated

import typer

EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - only compared with
DATA, DEMO_DATA = Path("smearscope-data"), Path("out/app-demo")


def app(
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help=f"The data folder, made where there is none: {DATA}, or {DEMO_DATA} for --demo.",
        ),
    ] = None,
    *,
    demo: Annotated[
        bool, typer.Option("--demo", help="Come up with demonstration slides, drawn and scored once.")
    ] = False,
    address: Annotated[
        str, typer.Option(help="Where to listen. Others than 127.0.0.1 let other machines in.")
    ] = "127.0.0.1",
    without_sign_in: Annotated[
        bool,
        typer.Option(
            "--without-sign-in",
            help="Let other machines in although nobody signs in: whoever comes may do everything.",
        ),
    ] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8501,
) -> None:
    """Review slides in the browser: read the candidates, watch the count, sign the result.

    How people sign in, and which database is used, is read from settings.toml in the data folder.

    For research use only. Not for diagnosis.
    """
    from app.web.server import check_reach, serve
    from app.workplace import open_workplace
    from core.store.settings import is_loopback

    folder = data or (DEMO_DATA if demo else DATA)
    workplace = open_workplace(folder)
    check_reach(workplace, address, without_sign_in=without_sign_in)
    if workplace.settings.auth is None and not is_loopback(address):
        typer.echo(
            f"Warning: nobody signs in, and whoever reaches {address}:{port} may do everything.", err=True
        )
    if workplace.settings.auth is not None and not workplace.store.people.holders():
        typer.echo(f"Nobody has a role yet: smearscope supervisor EMAIL --data {folder}", err=True)
    if demo:
        from app.jobs.demo import prepare_demo

        prepare_demo(workplace, typer.echo)
    host = "localhost" if is_loopback(address) or address in EVERY_ADDRESS else address
    typer.echo(f"Smearscope is at http://{host}:{port}; Ctrl-C ends it. For research use only.")
    serve(workplace, address=address, port=port)
