"""The command `smearscope`: one subcommand a file of this folder."""

from importlib.metadata import version
from typing import Annotated

import typer

from core.errors import NEEDS_TORCH, SmearscopeError
from scripts.adapt import adapt
from scripts.app import app as review_app
from scripts.backup import backup
from scripts.calibrate import calibrate
from scripts.data import data
from scripts.demo import demo
from scripts.evaluate import evaluate
from scripts.explain import explain
from scripts.export import export
from scripts.import_fields import import_fields
from scripts.release import release
from scripts.render import render
from scripts.report import report
from scripts.score import score
from scripts.study import study
from scripts.supervisor import supervisor
from scripts.train import train
from scripts.validate import validate
from scripts.watch import watch
from scripts.worker import worker

FOR_TRAINING = {"albumentations", "lightning_fabric", "torch", "torchvision"}
"""Packages of the extra `train`, which some commands need."""

app = typer.Typer(
    name="smearscope",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _tell_version(asked: bool) -> None:  # noqa: FBT001 - so typer calls it
    if asked:
        typer.echo(f"smearscope {version('smearscope')}")
        raise typer.Exit


@app.callback()
def smearscope(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Find red cells on thin smears, rank those that may hold parasites, and say what the count allows.

    For research use only. Not for diagnosis.
    """


app.command()(score)
app.command()(watch)
app.command()(worker)
app.command(name="app")(review_app)
app.command()(backup)
app.command()(report)
app.command()(supervisor)
app.command()(explain)
app.command()(export)
app.command()(demo)
app.command()(render)
app.command()(train)
app.command()(validate)
app.command()(evaluate)
app.command()(study)
app.command()(release)
app.command(name="import")(import_fields)
app.command()(calibrate)
app.command()(adapt)
app.add_typer(data, name="data")


def main() -> None:
    """Run the command line; what a user can correct is one line on stderr and status 1, not a traceback."""
    try:
        app()
    except SmearscopeError as error:
        typer.echo(f"Error: {error}", err=True)
        raise SystemExit(1) from error
    except ModuleNotFoundError as error:
        if error.name not in FOR_TRAINING:
            raise
        typer.echo(f"Error: {NEEDS_TORCH}", err=True)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
