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
            help=f"The data folder, made if there is none. Default: {DATA}, or {DEMO_DATA} for --demo.",
        ),
    ] = None,
    *,
    demo: Annotated[
        bool, typer.Option("--demo", help="Start with demonstration slides, drawn and scored once.")
    ] = False,
    address: Annotated[
        str, typer.Option(help="Where to listen. Any address but 127.0.0.1 lets other machines in.")
    ] = "127.0.0.1",
    without_sign_in: Annotated[
        bool,
        typer.Option(
            "--without-sign-in",
            help="Let other machines in without sign-in: everybody there may do everything.",
        ),
    ] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8501,
) -> None:
    """Review slides in the browser: read the candidates, watch the count, sign the result.

    settings.toml in the data folder says how people sign in and which database is used.

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
            f"Warning: there is no sign-in: everybody who reaches {address}:{port} may do everything.",
            err=True,
        )
    if workplace.settings.auth is not None and not workplace.store.people.holders():
        typer.echo(
            f"Nobody has a role yet: name one with smearscope supervisor EMAIL --data {folder}", err=True
        )
    if demo:
        from app.jobs.demo import prepare_demo

        prepare_demo(workplace, typer.echo)
    host = "localhost" if is_loopback(address) or address in EVERY_ADDRESS else address
    typer.echo(f"Smearscope is at http://{host}:{port}; Ctrl-C ends it. For research use only.")
    serve(workplace, address=address, port=port)
