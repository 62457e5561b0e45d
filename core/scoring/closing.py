"""The ordinary run on a slide that is closed, in a process of its own, behind what is still under a lens."""

import multiprocessing
import signal
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from core.cells.scored_field import ScoringModels
from core.errors import SmearscopeError
from core.results.result import SlideResult
from core.scoring.batch import score_slides
from core.scoring.judging import ModelCard
from core.scoring.live_tally import LiveTally
from core.scoring.priority import give_way
from core.scoring.slide_run import ScoringOptions
from core.scoring.watch_file import WatchedSlide, WatchStep
from core.scoring.workers import (
    LocalWorkers,
    WorkerDiedError,
    Workers,
    available_cores,
    die_with_parent,
)
from core.slides import Discovery, FoundSlide
from core.wording import Sentence, sentence

STEPS_BEHIND = 10
"""By so many steps of priority it gives way to the scoring of new fields."""


@dataclass(frozen=True)
class Closing:
    """What the run is given: it is `smearscope score` of one folder.

    Attributes
    ----------
    slide
        Its folder, and the name of its result.
    output
        Folder of all results.
    card, load_models
        What the models are worth, and how they are loaded.
    options
        As the user gave them.
    """

    slide: FoundSlide
    output: Path
    card: ModelCard
    load_models: Callable[[], ScoringModels]
    options: ScoringOptions


class ClosingRun:
    """A run that has begun; it ends with the process that began it, and goes on when it is begun again."""

    def __init__(self, closing: Closing) -> None:
        self.slide = closing.slide
        spawning = multiprocessing.get_context("spawn")
        self._said, says = spawning.Pipe(duplex=False)
        self._process = spawning.Process(target=_run, args=(closing, says))
        self._process.start()
        says.close()

    def outcome(self) -> SlideResult | str | None:
        """The result, or why there is none; None while the run goes on."""
        if self._process.is_alive() and not self._said.poll():
            return None
        try:
            outcome: SlideResult | str = self._said.recv()
        except EOFError:
            outcome = str(WorkerDiedError())
        self._process.join()
        return outcome

    def stop(self) -> None:
        """End it where it is; what it has scored is kept."""
        self._process.terminate()
        self._process.join()


def score_closed(closing: Closing, workers: Workers[ScoringModels]) -> SlideResult | str:
    """Score the slide as the command does; its result, or why there is none."""
    found = Discovery((closing.slide,), ())
    batch = score_slides([found], closing.output, closing.card, workers, closing.options, _Unobserved())
    return batch.results[0] if batch.results else batch.slides_not_scored[0].reason


def after_run(slide: WatchedSlide, outcome: SlideResult | str) -> tuple[WatchedSlide, tuple[Sentence, ...]]:
    """The slide once a run on it has ended, and what to say of that."""
    slide = replace(slide, last="", notes=(), unreadable=0)
    if isinstance(outcome, str):
        return replace(slide, step=WatchStep.FAILED), (sentence("watch.failed", why=outcome),)
    cells, fields = outcome.cells.evaluable, outcome.fields
    tally = LiveTally(cells, fields.counted, fields.found - fields.counted)
    unreadable, kind = len(fields.unreadable), str(outcome.verdict.kind)
    said = [sentence("watch.closed", cells=cells, fields=fields.counted, kind=kind)]
    if unreadable:
        said.append(sentence("watch.unreadable", fields=unreadable))
    return replace(slide, step=WatchStep.CLOSED, tally=tally, unreadable=unreadable), tuple(said)


class _Unobserved:
    """Shows nothing: those at the microscope are on the next slide by now."""

    def slide_begins(self, name: str, fields: int, fields_done: int) -> None: ...

    def field_done(self, cells: int) -> None: ...

    def slide_ends(self) -> None: ...

    def remark(self, line: str) -> None: ...


def _run(closing: Closing, says: "Connection[SlideResult | str, None]") -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all: who watches ends this one
    die_with_parent()
    give_way(STEPS_BEHIND)
    try:
        with LocalWorkers(closing.load_models, available_cores()) as workers:
            says.send(score_closed(closing, workers))
    except SmearscopeError as error:  # of the output or the models: score_slides takes in all others
        says.send(str(error))
