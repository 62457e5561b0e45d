"""`smearscope app`: the review application, for this machine."""

from pathlib import Path
from typing import Annotated

import typer

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
        str, typer.Option(help="Where to listen. Others than 127.0.0.1 let other machines in, by name alone.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8501,
) -> None:
    """Review slides in the browser: read the suspected cells, watch the count, sign the result.

    For research use only. Not for diagnosis.
    """
    from app.server import serve
    from app.workplace import open_workplace

    workplace = open_workplace(data or (DEMO_DATA if demo else DATA))
    if demo:
        from app.demo import prepare_demo

        prepare_demo(workplace, typer.echo)
    serve(workplace, address=address, port=port)
