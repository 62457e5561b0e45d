"""Many slides, one after another; what cannot be scored is written down and stops nothing."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from traceback import extract_tb

from core.cells.scored_field import ScoringModels
from core.errors import SmearscopeError
from core.files import OutputError, check_writable, shown_path, write_bytes
from core.results.result import SlideResult
from core.scoring.judging import ModelCard
from core.scoring.slide_run import NoReadableFieldError, ScoringObserver, ScoringOptions, score_slide
from core.scoring.workers import ClusterError, ModelsNotLoadedError, Workers
from core.slides import Discovery, FoundSlide, open_slide

_NAMED_ALIKE = "an earlier slide of this run has that name: score this one with another --out"


@dataclass(frozen=True)
class Problem:
    """A slide that could not be scored, or (with `field`) a field that could not be read."""

    slide: str
    field: str
    reason: str


@dataclass(frozen=True)
class BatchResult:
    """What became of all slides.

    Attributes
    ----------
    results
        Of the slides that were scored, in order.
    slides_not_scored
        Why the others were not.
    fields_not_read
        Fields of any slide that could not be read; a slide with at least one readable field is scored.
    """

    results: tuple[SlideResult, ...]
    slides_not_scored: tuple[Problem, ...]
    fields_not_read: tuple[Problem, ...]


def score_slides(
    discoveries: Iterable[Discovery],
    output: Path,
    card: ModelCard,
    workers: Workers[ScoringModels],
    options: ScoringOptions,
    progress: ScoringObserver,
) -> BatchResult:
    """Score slides one after another into `output`, a folder each; list what failed in `problems.json`.

    A slide that cannot be scored does not stop the others, be it for an error of the program. Each discovery
    is asked for when the slides of the one before are scored: they need not be on the disk at once. A slide
    named as one before it is refused: it would be written over that one.

    Raises
    ------
    OutputError
        Where `output` cannot be written. What was scored before is kept.
    ModelsNotLoadedError
        Where no slide can be scored for want of models. What was scored before is kept.
    ClusterError
        Where no slide can be scored for want of machines. What was scored before is kept.
    """
    check_writable(output)
    results: list[SlideResult] = []
    slides_not_scored: list[Problem] = []
    fields_not_read: list[Problem] = []
    for found in _slides(discoveries, slides_not_scored):
        try:
            slide = open_slide(found.path.absolute(), name=found.name)
            results.append(score_slide(slide, output / found.name, card, workers, options, progress))
            unreadable = results[-1].fields.unreadable
        except (OutputError, ModelsNotLoadedError, ClusterError):
            raise
        except NoReadableFieldError as error:
            slides_not_scored.append(Problem(found.name, "", str(error)))
            unreadable = error.fields
        except SmearscopeError as error:
            slides_not_scored.append(Problem(found.name, "", str(error)))
            unreadable = ()
        except Exception as error:  # an error of the program costs its slide, never the others
            slides_not_scored.append(Problem(found.name, "", _of_the_program(error)))
            unreadable = ()
        fields_not_read += [Problem(found.name, field.field, field.reason) for field in unreadable]
        progress.slide_ends()
    batch = BatchResult(tuple(results), tuple(slides_not_scored), tuple(fields_not_read))
    _write_problems(output / "problems.json", batch)
    return batch


def _slides(discoveries: Iterable[Discovery], not_scored: list[Problem]) -> Iterator[FoundSlide]:
    """Slides of all discoveries, in order; what was found to be none is added to those not scored."""
    begun: set[str] = set()
    for discovery in discoveries:
        not_scored += [
            Problem(shown_path(problem.path), "", problem.reason) for problem in discovery.problems
        ]
        for slide in discovery.slides:
            if slide.name.casefold() in begun:
                not_scored.append(Problem(slide.name, "", _NAMED_ALIKE))
            else:
                begun.add(slide.name.casefold())
                yield slide


def _of_the_program(error: Exception) -> str:
    what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    where = extract_tb(error.__traceback__)[-1]
    place = f"{Path(where.filename).name}, line {where.lineno}"
    return f"an error of the program: {what} ({place}); please report it"


def _write_problems(path: Path, batch: BatchResult) -> None:
    document = {
        "slides_not_scored": [
            {"slide": problem.slide, "reason": problem.reason} for problem in batch.slides_not_scored
        ],
        "fields_not_read": [asdict(problem) for problem in batch.fields_not_read],
    }
    write_bytes(path, json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n")
