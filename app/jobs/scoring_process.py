"""The process that scores queued slides, one after another; `app.jobs.start.start` starts it."""

import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

from app.jobs.models_here import ModelHere, active_model, result_folder
from app.jobs.progress import ProgressFile, StoppedError, progress_path
from app.jobs.start import REVIEW_BUDGET, has_lock
from app.pictures.while_scoring import PicturesWhileScoring
from app.workplace import PROGRAM, Workplace, open_workplace
from core.errors import SmearscopeError
from core.scoring.slide_run import ScoringOptions, score_slide
from core.scoring.workers import LocalWorkers, Workers, available_cores
from core.slides import is_region, open_overview, open_slide
from core.store import ScoringStep, StoredSlide, StoreError
from core.tally import Assumptions
from models.loading import Models, load_models

DEVICE = "auto"


def work_through_queue(workplace: Workplace, said: Callable[[str], None] = print) -> None:
    """Score queued slides until there are none; the caller has the lock of the folder's scoring.

    A slide whose scoring a killed process has left behind goes on where it was.
    """
    _take_up_left_behind(workplace)
    while slide := _next(workplace):
        try:
            model = active_model(workplace)
        except SmearscopeError as error:
            if _taken_from_queue(workplace, slide):
                _note_failure(workplace, slide, str(error), said)
            continue
        _score_with(workplace, model, said)


def _score_with(workplace: Workplace, model: ModelHere, said: Callable[[str], None]) -> None:
    """Score queued slides for as long as the model is the active one."""
    # One core is left to those who are reviewing in the meantime.
    with LocalWorkers(partial(load_models, model.source, DEVICE), max(1, available_cores() - 1)) as workers:
        while (slide := _next(workplace)) and _is_active(workplace, model):
            said(f"{slide.name}: scoring")
            _score(workplace, slide, model, workers, said)
            said(f"{slide.name}: {_state(workplace, slide.id)}")


def _is_active(workplace: Workplace, model: ModelHere) -> bool:
    try:
        return active_model(workplace) == model
    except SmearscopeError:
        return False


def _taken_from_queue(workplace: Workplace, slide: StoredSlide) -> bool:
    try:
        workplace.store.note_scoring(slide.id, ScoringStep.SCORING, by=PROGRAM)
    except StoreError:
        return False  # stopped by somebody since it was seen in the queue
    return True


def _score(
    workplace: Workplace,
    found: StoredSlide,
    model: ModelHere,
    workers: Workers[Models],
    said: Callable[[str], None],
) -> None:
    number = found.id
    if not _taken_from_queue(workplace, found):
        return
    progress = ProgressFile(
        progress_path(workplace.jobs, number),
        lambda: _state(workplace, number) != ScoringStep.SCORING,
    )
    try:
        _score_and_take_in(workplace, found, model, workers, progress)
    except StoppedError:
        pass
    except SmearscopeError as error:
        _note_failure(workplace, found, str(error), said)
    except Exception as error:
        traceback.print_exc()
        detail = f"unexpected error: {type(error).__name__}; see {workplace.jobs / 'log.txt'}"
        _note_failure(workplace, found, detail, said)
    finally:
        progress.slide_ends()


def _note_failure(workplace: Workplace, slide: StoredSlide, why: str, said: Callable[[str], None]) -> None:
    """Put a failure on record; one that no longer matters, as after a stop, is only said."""
    try:
        workplace.store.note_scoring(slide.id, ScoringStep.FAILED, by=PROGRAM, detail=why)
    except StoreError as refused:
        said(f"{slide.name}: {why} ({refused})")


def _score_and_take_in(
    workplace: Workplace,
    found: StoredSlide,
    model: ModelHere,
    workers: Workers[Models],
    progress: ProgressFile,
) -> None:
    card = model.card
    slide = open_slide(found.folder, name=found.name)
    folder = result_folder(workplace, found.id, model)
    budget = found.review_budget or REVIEW_BUDGET
    # Red cells of the patient are taken into account when the slide is judged: they may come later.
    options = ScoringOptions(found.um_per_pixel, budget, Assumptions(), resume=True)
    of_scan = all(map(is_region, slide.field_names())) and open_overview(found.folder) is not None
    pictures = PicturesWhileScoring(workplace.pictures, found.id, card.identity, copies=not of_scan)
    score_slide(slide, folder, card, workers, options, progress, pictures)
    workplace.store.take_in_result(found.id, folder, by=PROGRAM)


def _next(workplace: Workplace) -> StoredSlide | None:
    return next((slide for slide in workplace.store.slides() if slide.scoring == ScoringStep.QUEUED), None)


def _take_up_left_behind(workplace: Workplace) -> None:
    for slide in workplace.store.slides():
        if slide.scoring == ScoringStep.SCORING:
            workplace.store.note_scoring(slide.id, ScoringStep.QUEUED, by=PROGRAM)


def _state(workplace: Workplace, slide_id: int) -> ScoringStep:
    (slide,) = (one for one in workplace.store.slides() if one.id == slide_id)
    return slide.scoring


if __name__ == "__main__":
    opened = open_workplace(Path(sys.argv[1]))
    if has_lock(opened.jobs):
        work_through_queue(opened, partial(print, flush=True))
