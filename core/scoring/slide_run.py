"""A slide in, its result out: streaming, over several processes, to be continued after any interruption."""

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from core.cells.burned_in import BurnedIn
from core.cells.reference import SlideReference
from core.cells.scored_field import ScoringModels
from core.cells.second_look import share_seen
from core.errors import SmearscopeError
from core.files import remove, remove_unfinished, replacing_folder, shown_path
from core.results.features import FEATURES, write_features
from core.results.fields import FieldRow, write_fields
from core.results.result import (
    CellCounts,
    CellReference,
    FieldCounts,
    ModelReference,
    Options,
    OverlappingFields,
    SlideResult,
    UnreadableField,
    read_result,
    write_result,
)
from core.results.tables import write_cells
from core.scoring.candidates import candidates_by_field, write_candidates
from core.scoring.changed_fields import fields_to_score, file_states
from core.scoring.deadly_fields import entry_of_deadly, is_deadly, measured_reference
from core.scoring.field_pictures import FieldPictures
from core.scoring.field_tasks import (
    FieldTask,
    SlideInWork,
    score_field,
    slide_in_work,
)
from core.scoring.judging import ModelCard, judge
from core.scoring.ledger import Ledger, ScoringIdentity
from core.scoring.overlap_pictures import by_borders, by_pictures
from core.scoring.overlapping import each_place_once
from core.scoring.run_record import RunClock, versions, write_run
from core.scoring.survey import Survey, survey_slide
from core.scoring.workers import Workers
from core.slides import Slide
from core.slides.slide import storable
from core.tally import Assumptions

LEDGER_FOLDER = ".ledger"
RESULT_FILES = (
    *("cells.parquet", FEATURES, "fields.parquet", "fields.csv"),
    *("candidates", "run.json", "result.json"),
)


class NoReadableFieldError(SmearscopeError):
    """A slide none of whose fields can be read; `fields` says why, field by field."""

    def __init__(self, fields: tuple[UnreadableField, ...]) -> None:
        first = f"; {fields[0].reason}" if fields else ""
        super().__init__(f"no field can be read ({len(fields)} tried){first}")
        self.fields = fields


@dataclass(frozen=True)
class ScoringOptions:
    """What a user may choose.

    Attributes
    ----------
    um_per_pixel
        Scale of all fields; None takes it from the files, or from the images themselves.
    review_budget
        How many of the list are laid before readers to begin with.
    assumptions
        Red cells per µL, and the detection limit that is wanted.
    resume
        Continue with what an earlier run has scored; otherwise score everything anew.
    """

    um_per_pixel: float | None
    review_budget: int
    assumptions: Assumptions
    resume: bool


class ScoringObserver(Protocol):
    """Told how the scoring goes on, for a screen to show."""

    def slide_begins(self, name: str, fields: int, fields_done: int) -> None:
        """Say how many fields the slide has, and how many of them need no scoring any more."""
        ...

    def field_done(self, cells: int) -> None:
        """Say that a field was scored, and how many cells were located on it."""
        ...

    def slide_ends(self) -> None:
        """Say that the slide's files are written, or that it could not be scored."""
        ...

    def remark(self, line: str) -> None:
        """Say something a person should know that stops nothing."""
        ...


def score_slide(
    slide: Slide,
    folder: Path,
    card: ModelCard,
    workers: Workers[ScoringModels],
    options: ScoringOptions,
    progress: ScoringObserver,
    pictures: FieldPictures | None = None,
) -> SlideResult:
    """Score what is not scored yet of a slide, and write its files into `folder`.

    The result depends neither on the number of workers, nor on the order in which they finish, nor on how
    often the scoring was interrupted. `result.json` is taken away before the other files change and written
    after them: where it is, what lies beside it belongs to it.

    Parameters
    ----------
    slide
        As `core.slides.open_slide` gave it; workers open it again.
    folder
        Made where there is none.
    card, workers
        What the models are worth, and the processes that hold them.
    options, progress
        What the user chose, and who is told of each field.
    pictures
        What else is made of fields while they are decoded.

    Raises
    ------
    NoReadableFieldError
        Where none of its fields can be read.
    core.scoring.ledger.LedgerError
        Where `folder` holds the scores of another model, scale or slide, another run is writing them, or it
        cannot be told any more what they belong to.
    OutputError
        Where `folder` cannot be written.
    core.scoring.workers.ModelsNotLoadedError
        Where a field is to be scored and the models cannot be loaded.
    core.scoring.workers.WorkerDiedError
        Where a worker process was killed.
    """
    clock, states = RunClock(), file_states(slide)
    in_work = slide_in_work(slide, states, options.um_per_pixel, pictures)
    with Ledger(folder / LEDGER_FOLDER, identity_of(slide, card, options), resume=options.resume) as ledger:
        for place in (folder, ledger.folder):
            remove_unfinished(place)
        _remark_on_ledger(ledger, slide, progress)
        _remark_on_planes(slide, progress)
        _score_missing(slide, states, in_work, ledger, workers, progress, clock)
        ledger.close_generation()
        unreadable = _unreadable_fields(slide, ledger)
        reference = kept_reference(ledger)
        if reference is None or len(unreadable) == len(slide.field_names()):
            raise NoReadableFieldError(unreadable)
        key = _results_key(slide, ledger, options)
        if finished := _finished_result(slide, folder, ledger.finished, key, progress):
            return finished
        in_work = replace(in_work, reference=reference)
        survey = each_place_once(
            survey_slide(ledger, slide.field_names(), card.field_failure),
            ledger.column("generation"),
            partial(by_pictures, workers, in_work, progress.remark),
            partial(by_borders, workers, in_work, progress.remark),
        )
        planes = [slide.planes_of(name) for name in slide.field_names()]
        rows = survey.rows(options.review_budget, planes)
        _write_files(folder, ledger, survey, rows, in_work, workers, options)
        result = _result(slide, survey, reference, card, options)
        write_run(folder / "run.json", clock.record(workers.count, asdict(options)))
        write_result(folder / "result.json", result)
        ledger.finish(_with_document(key, folder))
    return result


def identity_of(slide: Slide, card: ModelCard, options: ScoringOptions) -> ScoringIdentity:
    """Of the scores that a slide is given: they stand in one ledger only with others of the same."""
    return ScoringIdentity(
        program=versions()["smearscope"],
        model=card.identity,
        um_per_pixel=options.um_per_pixel,
        slide=storable(str(slide.path.resolve())),
    )


def _finished_result(
    slide: Slide, folder: Path, finished: str | None, key: str, progress: ScoringObserver
) -> SlideResult | None:
    """The result that an earlier run has written for a key; None where a file is gone or it was changed."""
    if not (finished or "").startswith(key) or not all((folder / file).exists() for file in RESULT_FILES):
        return None
    with suppress(ValidationError, OSError):
        if finished in (key, _with_document(key, folder)):  # earlier ledgers note the key alone
            return read_result(folder / "result.json")
    progress.remark(
        f"{shown_path(slide.name)}: result.json is not as it was written; it is written anew, without scoring"
    )
    return None


def _with_document(key: str, folder: Path) -> str:
    """The key, and the hash of the document that was written for it."""
    return f"{key} {hashlib.blake2b((folder / 'result.json').read_bytes(), digest_size=16).hexdigest()}"


def _write_files(
    folder: Path,
    ledger: Ledger,
    survey: Survey,
    rows: tuple[FieldRow, ...],
    slide: SlideInWork,
    workers: Workers[ScoringModels],
    options: ScoringOptions,
) -> None:
    """Write candidates and tables; the earlier result stays whole while the candidates are drawn."""
    cells = survey.located
    with replacing_folder(folder / "candidates") as temporary:
        write_candidates(
            temporary,
            candidates_by_field(ledger, rows, cells, options.review_budget),
            slide,
            looked_at=int(cells.looked_at.sum()),
            evaluable=int(cells.evaluable.sum()),
            workers=workers,
        )
        remove(folder / "result.json")
        write_cells(folder / "cells.parquet", rows, cells)
        write_features(folder / FEATURES, cells, survey.second_features)
        write_fields(folder, rows)


def _result(
    slide: Slide,
    survey: Survey,
    reference: SlideReference,
    card: ModelCard,
    options: ScoringOptions,
) -> SlideResult:
    """Say what the tables amount to."""
    judgement = judge(survey, reference, card, options.assumptions, options.review_budget)
    cells, count = survey.located, judgement.evidence.count
    return SlideResult(
        slide=slide.name,
        fields=FieldCounts(
            found=len(survey.fields),
            counted=len(survey.counted),
            excluded=survey.excluded,
            unreadable=tuple(
                UnreadableField(field=field.name, reason=field.unreadable)
                for field in survey.fields
                if field.unreadable
            ),
            overlapping=tuple(OverlappingFields(**asdict(overlap)) for overlap in survey.overlaps),
        ),
        cells=CellCounts(
            located=len(cells),
            looked_at=count.looked_at,
            evaluable=count.cells,
            not_evaluable=cells.by_reason(),
            listed=count.to_read,
        ),
        evidence=judgement.evidence,
        verdict=judgement.verdict,
        reference=CellReference(
            cell_diameter_px=reference.cell_diameter_px,
            cell_colour=reference.cell_colour,
            seen_diameter_px=reference.seen_diameter_px,
        ),
        options=Options(um_per_pixel=options.um_per_pixel, review_budget=options.review_budget),
        model=ModelReference(name=card.name, identity=card.identity),
        versions=versions(),
    )


def _score_missing(
    slide: Slide,
    states: dict[str, str],
    in_work: SlideInWork,
    ledger: Ledger,
    workers: Workers[ScoringModels],
    progress: ScoringObserver,
    clock: RunClock,
) -> None:
    """Score the fields that are not in the ledger as they are now; the reference comes first."""
    names, unreadable = slide.field_names(), ledger.column("unreadable")
    missing = fields_to_score(slide, states, ledger)
    progress.slide_begins(slide.name, len(names), len(names) - len(missing))
    if not missing:
        return
    deadly: tuple[str, ...] = ()
    if ledger.reference is None:
        safe = [name for name in names if name in missing or not is_deadly(unreadable[name])]
        measured, deadly = measured_reference(workers, in_work, safe)
        if measured is not None:
            ledger.reference = asdict(measured)
    reference = kept_reference(ledger)
    in_work = replace(in_work, reference=reference)
    # Without a reference no field can be read: there is nothing to see.
    share = 0.0 if reference is None else share_seen(reference.objects_a_field * len(names))
    tasks = [FieldTask(in_work, name, states[name], ledger.generation, share) for name in missing]
    to_score = (task for task in tasks if task.name not in deadly)
    scored = (entry for _, entry in workers.map(score_field, to_score, entry_of_deadly))
    for entry in chain((entry_of_deadly(task) for task in tasks if task.name in deadly), scored):
        ledger.add(entry)
        clock.field_done(entry.cells)
        progress.field_done(entry.cells)


def kept_reference(ledger: Ledger) -> SlideReference | None:
    """The slide's reference as its ledger has it; None where it was not measured yet."""
    values = ledger.reference
    if values is None:
        return None
    return SlideReference(
        cell_diameter_px=values["cell_diameter_px"],
        cell_colour=tuple(values["cell_colour"]),
        objects_a_field=values["objects_a_field"],
        feature_statistics=tuple(values["feature_statistics"]),
        burned_in=BurnedIn.from_plain(values["burned_in"]),
        second_statistics=tuple(values["second_statistics"]),
        seen_diameter_px=values["seen_diameter_px"],
    )


def _unreadable_fields(slide: Slide, ledger: Ledger) -> tuple[UnreadableField, ...]:
    reasons = ledger.column("unreadable")
    return tuple(
        UnreadableField(field=name, reason=reasons[name]) for name in slide.field_names() if reasons[name]
    )


def _results_key(slide: Slide, ledger: Ledger, options: ScoringOptions) -> str:
    """Equal for two runs that would write the same files."""
    generation, content, unreadable = (
        ledger.column(column) for column in ("generation", "content_hash", "unreadable")
    )
    fields = [
        (name, generation[name], content[name], unreadable[name], slide.planes_of(name))
        for name in slide.field_names()
    ]
    chosen = [slide.name, options.review_budget, asdict(options.assumptions), fields]
    return hashlib.blake2b(json.dumps(chosen).encode(), digest_size=16).hexdigest()


def _remark_on_ledger(ledger: Ledger, slide: Slide, progress: ScoringObserver) -> None:
    shown = shown_path(slide.name)
    if ledger.discarded_parts:
        progress.remark(
            f"{shown}: damaged and thrown away: {len(ledger.discarded_parts)} of the parts scored earlier; "
            "their fields are scored again"
        )
    gone = len(set(ledger.column("name")) - set(slide.field_names()))
    if gone:
        progress.remark(
            f"{shown}: no longer in the slide and not counted: {gone} of the fields scored earlier"
        )


def _remark_on_planes(slide: Slide, progress: ScoringObserver) -> None:
    planes = [slide.planes_of(name) for name in slide.field_names()]
    stacks = [count for count in planes if count > 1]
    if stacks:
        progress.remark(
            f"{shown_path(slide.name)}: {len(stacks)} of {len(planes)} fields come as several pictures of "
            f"one place, {sum(stacks)} in all; of each place the sharpest counts"
        )
