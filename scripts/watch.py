"""`smearscope watch`: score fields as a camera saves them, and say at once what is wrong or missing."""

import time
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.wording import Sentence, in_language
from scripts.score import Device, load_in_worker, refuse_output_among_slides, scoring_options

if TYPE_CHECKING:
    from core.cells.scored_field import ScoringModels
    from core.scoring.live_tally import LiveField, LiveTally

SECONDS_BETWEEN_LOOKS = 0.5
LIVE_WORKERS = 2
"""Processes that score what comes: with one, a field that kills it would end the watch."""


class Language(StrEnum):
    """In which lines are said, of `core.wording.LANGUAGES`."""

    EN = "en"
    FR = "fr"


def watch(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="Where the camera's program saves fields: a folder for each slide."
        ),
    ],
    *,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for the results; each slide gets one in it.")
    ],
    close_after: Annotated[
        float,
        typer.Option(
            metavar="MINUTES",
            min=0.1,
            help="A slide is closed when nothing came for so long, or at once by a file 'done.txt' in it.",
        ),
    ] = 15.0,
    language: Annotated[Language, typer.Option(help="Language of what is said.")] = Language.EN,
    model: Annotated[
        str, typer.Option(metavar="NAME", help="The released models, or a folder that holds others.")
    ] = "released",
    device: Annotated[Device, typer.Option(help="Where the networks run.")] = Device.AUTO,
    um_per_pixel: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            max=2.0,
            help="Scale of the images; if not given, from the files or the cells themselves.",
        ),
    ] = None,
    review_budget: Annotated[
        int, typer.Option(min=1, help="How many cells, from the first of the list, are put before readers.")
    ] = 100,
    rbc_per_ul: Annotated[
        float | None,
        typer.Option(min=1.0, help="Measured red cells per µL; 5 000 000 are assumed if not given."),
    ] = None,
    detection_limit: Annotated[
        float, typer.Option(min=1.0, help="Parasites per µL that a clean slide must be able to exclude.")
    ] = 75.0,
) -> None:
    """Watch a folder while slides are photographed: a line for each field, and the tally so far.

    A slide that is closed is scored as a whole, as 'smearscope score' does it. To stop, press Ctrl-C; to
    go on, give the same command again. For research use only. Not for diagnosis.
    """
    from functools import partial

    from core.errors import SmearscopeError
    from core.files import OutputError, check_writable, shown_path
    from core.scoring.watch import Watch, WatchPlan
    from core.scoring.workers import LocalWorkers
    from core.wording import sentence
    from models.cards import load_card

    refuse_output_among_slides([folder], out)
    options = scoring_options(um_per_pixel, review_budget, rbc_per_ul, detection_limit)
    load = partial(load_in_worker, model, device.value)
    plan = WatchPlan(folder, out, load_card(model), load, options, 60 * close_after)
    lines = WatchLines(language.value)
    try:
        check_writable(out)
        with LocalWorkers(load, LIVE_WORKERS) as workers, Watch(plan, workers, lines) as watching:
            for _ in workers.map(stand_ready, range(LIVE_WORKERS)):
                pass
            lines.say("", sentence("watch.begins", folder=shown_path(folder)))
            while True:
                begun_s = time.monotonic()
                watching.step(begun_s)
                time.sleep(max(0.0, begun_s + SECONDS_BETWEEN_LOOKS - time.monotonic()))
    except KeyboardInterrupt:
        lines.say("", sentence("watch.ended"))
        raise typer.Exit(130) from None
    except SmearscopeError as error:
        typer.echo(f"Error: {error.in_language(language.value)}", err=True)
        raise typer.Exit(2 if isinstance(error, OutputError) else 1) from error


def stand_ready(_models: "ScoringModels", _number: int) -> None:
    """Nothing but what comes before each task: the networks are loaded before the first field comes."""


class WatchLines:
    """A line on the terminal for whatever happens. A `core.scoring.live_tally.WatchObserver`."""

    def __init__(self, language: str) -> None:
        self._language = language

    def field_came(self, slide: str, field: "LiveField", tally: "LiveTally") -> None:
        """Say what a field adds, what is wrong with it, and how far the slide has come."""
        from core.scoring.live_tally import said_of_field, said_of_tally

        self.say(slide, *said_of_field(field), *said_of_tally(tally))

    def say(self, slide: str, *said: Sentence) -> None:
        """Say something of a slide, on one line with the time."""
        from core.files import shown_path

        words = " ".join(in_language(one, self._language) for one in said)
        of_slide = f"{slide} · " if slide else ""
        typer.echo(shown_path(f"{datetime.now().astimezone():%H:%M:%S}  {of_slide}{words}"))
