"""The process that scores reviewed slides with two models; `app.jobs.start` starts it."""

import sys
import traceback
from functools import partial
from pathlib import Path

from app.jobs.comparison import (
    Asked,
    ComparedSlide,
    ComparisonFiles,
    ModelComparison,
    asked,
    comparison_files,
    last_signed,
    left_out,
    signed_hash,
    signed_slides,
)
from app.jobs.models_here import ModelHere, ModelHereError, models_here
from app.jobs.progress import ProgressFile, StoppedError
from app.jobs.scoring_process import DEVICE
from app.jobs.start import has_lock
from app.workplace import Workplace, open_workplace
from core.errors import SmearscopeError
from core.files import write_bytes
from core.results.folder import CELLS, ResultTables, read_tables
from core.review import SignedResult
from core.review.model_comparison import Ranking, accepted_cells, rankings
from core.scoring.priority import give_way
from core.scoring.slide_run import ScoringOptions, score_slide
from core.scoring.workers import LocalWorkers, Workers
from core.slides import open_slide
from core.store import SlideRecord
from core.wording import sentence
from models.loading import Models, load_models

NICE = 10
"""Readers, and slides that are scored for them, come before a comparison."""


def compare(workplace: Workplace) -> None:
    """Do what is asked for until nothing is; what an interrupted comparison has scored is not scored again.

    One ends early, without a trace but these scores, where somebody takes the question back, also to ask
    another.
    """
    while (question := asked(workplace)) is not None:
        files = comparison_files(workplace)
        try:
            _compare(workplace, files, question)
        except StoppedError:
            continue
        except SmearscopeError as error:
            write_bytes(files.failed, str(error).encode())
        except Exception as error:
            traceback.print_exc()
            why = f"unexpected error: {type(error).__name__}; see {workplace.jobs / 'log.txt'}"
            write_bytes(files.failed, why.encode())
        finally:
            files.progress.unlink(missing_ok=True)
        if asked(workplace) == question:
            files.asked.unlink(missing_ok=True)


def _compare(workplace: Workplace, files: ComparisonFiles, question: Asked) -> None:
    first, second = (_model(workplace, name) for name in (question.first, question.second))
    records = signed_slides(workplace)
    folders: dict[str, list[Path | SmearscopeError]] = {}
    for model in (first, second):
        # One core: a comparison can wait, readers cannot.
        with LocalWorkers(partial(load_models, model.source, DEVICE), 1) as workers:
            folders[model.name] = [
                _scores(workplace, files, question, record, model, workers) for record in records
            ]
    slides = [
        _slide(record, *pair)
        for record, *pair in zip(records, folders[first.name], folders[second.name], strict=True)
    ]
    if asked(workplace) != question:
        raise StoppedError
    done = ModelComparison(
        first=first.card.identity,
        second=second.card.identity,
        signed=signed_hash(records),
        slides=tuple(slides),
    )
    write_bytes(files.of_pair(first, second), done.model_dump_json(indent=1).encode())


def _model(workplace: Workplace, name: str) -> ModelHere:
    for model in models_here(workplace)[0]:
        if model.name == name:
            return model
    raise ModelHereError(sentence("models.not_here", name=name))


def _scores(
    workplace: Workplace,
    files: ComparisonFiles,
    question: Asked,
    record: SlideRecord,
    model: ModelHere,
    workers: Workers[Models],
) -> Path | SmearscopeError:
    """Where a model's scores of a slide are: in the result that was read if it made that, else scored now."""
    if asked(workplace) != question:
        raise StoppedError
    try:
        signed = last_signed(record)
        folder = _folder_of_result(record, signed, model)
        if folder is None:
            folder = files.scores(model, record.slide.id)
            progress = ProgressFile(files.progress, lambda: asked(workplace) != question)
            _score(record, signed, folder, model, workers, progress)
    except SmearscopeError as error:
        return error
    return folder


def _folder_of_result(record: SlideRecord, signed: SignedResult, model: ModelHere) -> Path | None:
    taken_in = record.taken_in
    if taken_in is None or taken_in.sha256 != signed.signature.result_sha256:
        return None
    own = taken_in.result.model.identity == model.card.identity
    return taken_in.folder if own and (taken_in.folder / CELLS).is_file() else None


def _score(
    record: SlideRecord,
    signed: SignedResult,
    folder: Path,
    model: ModelHere,
    workers: Workers[Models],
    progress: ProgressFile,
) -> None:
    """Score a slide as it was scored for its readers, but with this model."""
    options = ScoringOptions(
        signed.options.um_per_pixel,
        signed.options.review_budget,
        signed.evidence.assumptions,
        resume=True,
    )
    slide = open_slide(record.slide.folder, name=record.slide.name)
    score_slide(slide, folder, model.card, workers, options, progress)


def _slide(
    record: SlideRecord, first: Path | SmearscopeError, second: Path | SmearscopeError
) -> ComparedSlide:
    signed, problem = last_signed(record), None
    both: tuple[Ranking, Ranking] | tuple[None, None] = None, None
    try:
        one, other = (_tables(folder) for folder in (first, second))
        both = rankings(one, other, accepted_cells(signed), signed.options.review_budget)
    except SmearscopeError as error:
        problem = str(error)
    return ComparedSlide(
        slide_id=record.slide.id,
        slide=record.slide.name,
        version=signed.signature.version,
        left_out=left_out(signed),
        first=both[0],
        second=both[1],
        problem=problem,
    )


def _tables(folder: Path | SmearscopeError) -> ResultTables:
    if isinstance(folder, SmearscopeError):
        raise folder
    return read_tables(folder)


if __name__ == "__main__":
    give_way(NICE)
    opened = open_workplace(Path(sys.argv[1]))
    if has_lock(opened.comparisons):
        compare(opened)
