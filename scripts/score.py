"""`smearscope score`: look at every cell of slides, rank them for readers, and say what the count allows."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from core.cells.scored_field import ScoringModels
    from core.results.result import SlideResult
    from core.scoring.batch import BatchResult, Problem
    from core.scoring.slide_run import ScoringOptions
    from core.scoring.workers import Workers
    from models.cards import ModelCards
    from models.loading import Models

MOST_LINES = 20
"""Unreadable fields named on the terminal; problems.json names all."""


class Device(StrEnum):
    """Where the networks run."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


def score(
    slides: Annotated[
        list[str],
        typer.Argument(
            metavar="SLIDE...",
            help="Slides: folders of field images, or single images; or addresses of them in an object "
            "store (s3://bucket/folder).",
        ),
    ],
    *,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for the results; each slide gets one in it.")
    ],
    model: Annotated[
        str, typer.Option(metavar="NAME", help="The released models, or a folder that holds others.")
    ] = "released",
    device: Annotated[Device, typer.Option(help="Where the networks run.")] = Device.AUTO,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Worker processes; one for each core if not given.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Score on the workers of this Dask scheduler (tcp://host:port), started with "
            "'smearscope worker', in place of worker processes here.",
        ),
    ] = None,
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
    resume: Annotated[bool, typer.Option(help="Continue an earlier run, or score everything again.")] = True,
) -> None:
    """Score slides: every cell is located, looked at and ranked; the first of the list are for readers.

    A slide is a folder of field images (JPEG, PNG, TIFF, BMP, DICOM, CZI), one such image, or one large
    image. A folder of folders is a batch of slides. Exits 0 only if every slide was scored; to continue
    an interrupted run, give the same command again. For research use only. Not for diagnosis.
    """
    from itertools import chain

    from core.files import OutputError
    from core.scoring.batch import score_slides
    from core.scoring.fetched_slides import FetchedSlides, is_address
    from core.slides import find_slides
    from models.cards import load_card
    from scripts.progress import ScoringBars

    here = [Path(slide) for slide in slides if not is_address(slide)]
    refuse_output_among_slides(here, out)
    if scheduler is not None and workers is not None:
        raise typer.BadParameter(
            "workers of a cluster are started with 'smearscope worker'; give --scheduler or --workers",
            param_hint="--workers",
        )
    options = scoring_options(um_per_pixel, review_budget, rbc_per_ul, detection_limit, resume=resume)
    card = load_card(model)
    discovery = find_slides(here)
    addresses = [slide for slide in slides if is_address(slide)]
    try:
        with (
            FetchedSlides(addresses, out, discovery.slides) as fetched,
            ScoringBars(len(discovery.slides) + fetched.folders) as bars,
            open_workers(model, device, card, workers, scheduler, bars.remark) as processes,
        ):
            batch = score_slides(chain([discovery], fetched), out, card, processes, options, bars)
    except KeyboardInterrupt:
        typer.echo(
            "\nInterrupted. What was scored is kept: give the same command again to continue.", err=True
        )
        raise typer.Exit(130) from None
    except OutputError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(summary(batch, out))
    for line in problems(batch):
        typer.echo(line, err=True)
    if batch.slides_not_scored:
        raise typer.Exit(1)


def scoring_options(
    um_per_pixel: float | None,
    review_budget: int,
    rbc_per_ul: float | None,
    detection_limit: float,
    *,
    resume: bool = True,
) -> "ScoringOptions":
    """What was asked for on the command line, as scoring takes it."""
    from dataclasses import replace

    from core.scoring.slide_run import ScoringOptions
    from core.tally import Assumptions

    assumptions = Assumptions(detection_limit_per_ul=detection_limit)
    if rbc_per_ul is not None:
        assumptions = replace(assumptions, red_cells_per_ul=rbc_per_ul, red_cells_measured=True)
    return ScoringOptions(um_per_pixel, review_budget, assumptions, resume)


def refuse_output_among_slides(slides: list[Path], out: Path) -> None:
    """Results hold images: written below a slide's folder, the next run would take them for slides."""
    for slide in slides:
        if slide.is_dir() and out.resolve().is_relative_to(slide.resolve()):
            raise typer.BadParameter(
                f"{out} lies in {slide}, and the next run would take the results there for slides; give a "
                "folder outside it",
                param_hint="--out",
            )


def open_workers(
    model: str,
    device: Device,
    card: "ModelCards",
    count: int | None,
    scheduler: str | None,
    said: Callable[[str], None],
) -> "Workers[ScoringModels]":
    """Processes of this machine that score, or where there is a `scheduler`, those that it has.

    The networks are loaded by them alone: this process only judges, and stays small.
    """
    from functools import partial

    from core.scoring.workers import LocalWorkers, available_cores

    if scheduler is None:
        return LocalWorkers(partial(load_in_worker, model, device.value), count or available_cores())
    refuse_without_dask()
    from core.scoring.cluster import ClusterWorkers, worker_identity

    return ClusterWorkers(scheduler, worker_identity(card.identity, named_device(device)), said)


def named_device(device: Device) -> str:
    """What all workers of a cluster score on, whatever each machine has: a result is of one kind."""
    return Device.CPU.value if device == Device.AUTO else device.value


def refuse_without_dask() -> None:
    """Say what to install where a cluster is asked for."""
    from importlib.util import find_spec

    from core.errors import SmearscopeError

    if find_spec("distributed") is None:
        raise SmearscopeError('Dask is not installed: pip install ".[cluster]" in the folder of Smearscope')


def load_in_worker(model: str, device: str) -> "Models":
    """Load the networks in the process that runs them."""
    from models.loading import load_models

    return load_models(model, device)


def summary(batch: "BatchResult", out: Path) -> str:
    """What a run came to: the verdict of a single slide in full, a table of all, where the lists are."""
    from core.files import shown_path
    from core.tally import grouped, verdict_text
    from core.wording import RESEARCH_USE_ONLY

    rows = [("slide", "fields", "looked at", "counted", "needed", "to read", "verdict")]
    for result in batch.results:
        needed = result.verdict.cells_needed
        rows.append(
            (
                shown_path(result.slide),
                grouped(result.fields.counted),
                grouped(result.cells.looked_at),
                grouped(result.cells.evaluable),
                "-" if needed is None else grouped(needed),
                grouped(result.cells.listed),
                str(result.verdict.kind),
            )
        )
    rows += [(problem.slide, *"-----", "not scored") for problem in batch.slides_not_scored]
    parts = [aligned(rows), f"{_where(batch.results, shown_path(out))}\n{RESEARCH_USE_ONLY}"]
    if len(batch.results) == 1:
        (result,) = batch.results
        parts.insert(0, verdict_text(result.slide, result.evidence, result.verdict))
    else:
        parts[1:1] = [*_outside(batch.results), *_left_out(batch.results)]
    return "\n\n".join(parts)


def _where(results: "Sequence[SlideResult]", out: str) -> str:
    """Where the first of each list lie, and all other files."""
    from core.files import shown_path
    from core.tally import grouped

    lines = [f"Files: {out}"]
    if results:
        listed = max(result.cells.listed for result in results)
        folder = f"{out}/{shown_path(results[0].slide) if len(results) == 1 else 'SLIDE'}/candidates"
        lines.insert(0, f"The first {grouped(listed)} of the list: {folder}, all on contact_sheet.jpg")
    return "\n".join(lines)


def _outside(results: "Sequence[SlideResult]") -> list[str]:
    """In what slides are unlike those of the validation, a line each; none where none is."""
    said = {one.slide: one.evidence.conditions.outside_validity for one in results}
    return _of_slides("Outside the model's validity, so without figures:", said)


def _left_out(results: "Sequence[SlideResult]") -> list[str]:
    """Why fields of slides do not count, a line each; none where all do."""
    said = {one.slide: tuple(map(str, one.evidence.conditions.left_out)) for one in results}
    return _of_slides("Looked at, but not counted:", said)


def _of_slides(head: str, said: "Mapping[str, tuple[str, ...]]") -> list[str]:
    from core.files import shown_path

    lines = [f"  {shown_path(slide)}: {' '.join(texts)}" for slide, texts in said.items() if texts]
    return ["\n".join([head, *lines])] if lines else []


def aligned(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows as lines: the first and last column flush left, the numbers between flush right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            (
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1], strict=True)),
                row[-1],
            )
        )
        for row in rows
    )


def problems(batch: "BatchResult") -> list[str]:
    """One line for each slide that was not scored and each field that could not be read."""
    lines = [f"Not scored: {_named(problem)}" for problem in batch.slides_not_scored]
    unread = batch.fields_not_read
    lines += [f"Not read: {_named(problem)}" for problem in unread[:MOST_LINES]]
    if len(unread) > MOST_LINES:
        lines.append(f"Not read: {len(unread) - MOST_LINES} further fields, see problems.json")
    return lines


def _named(problem: "Problem") -> str:
    from core.files import shown_path

    return f"{shown_path(problem.slide)}: {problem.reason}"
