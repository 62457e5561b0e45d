"""The second look over a slide: which objects it sees, field by field, and how its scores rank them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from core.cells.crops import surrounded_crops
from core.cells.reference import SlideReference
from core.cells.scored_field import SCORE_DECIMALS, ScoringModels
from core.results.tables import CellRows
from core.scoring.field_tasks import SlideInWork, read_as_scored
from core.scoring.ledger import Ledger
from core.scoring.survey import Survey
from core.scoring.workers import Workers

SHARE, LEAST = 0.04, 2000
"""The second look sees this share of what was looked at, the best first, and no fewer than this many."""
SCORE_LIMIT = 1e-6
"""Scores nearer to 0 or 1 than this are taken as this near: they are written with six decimals."""


@dataclass(frozen=True, eq=False)
class SecondTask:
    """The objects of one field that are looked at again.

    Attributes
    ----------
    field, content_hash
        The field, and the hash of the pixels that were scored.
    cell_colour
        Of its typical cell.
    positions
        (M,) of the objects in the slide's table.
    boxes
        (M, 4) float32.
    """

    field: str
    content_hash: str
    cell_colour: tuple[float, float, float]
    positions: NDArray[np.int64]
    boxes: NDArray[np.float32]


def seen_again(looked_at: int) -> int:
    """How many of so many objects the second look sees, where there are as many."""
    return max(LEAST, int(np.ceil(SHARE * looked_at)))


def put_forward(cells: CellRows) -> NDArray[np.int64]:
    """Positions of the objects that the second look sees, rising: the best by the first look's score."""
    return np.sort(cells.ranked[: seen_again(int(cells.looked_at.sum()))])


def looked_at_again(
    survey: Survey, ledger: Ledger, slide: SlideInWork, workers: Workers[ScoringModels]
) -> Survey:
    """The slide's survey with the second look's scores.

    Raises
    ------
    UnreadableImageError
        Where a field cannot be read any more, or is not the one that was scored.
    """
    cells = survey.located
    scores = np.full(len(cells), np.nan, np.float32)
    for (_, task), log_odds in workers.map(look_again, [(slide, task) for task in _tasks(survey, ledger)]):
        scores[task.positions] = combined(cells.infected_score[task.positions], log_odds)
    return replace(survey, located=replace(cells, second_score=scores))


def combined(first: NDArray[np.float32], second_log_odds: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N,) scores in [0, 1] that rank what both looks have seen: their log-odds added.

    The two networks see different things, and what one of them takes for a parasite by mistake the other
    often does not.
    """
    log_odds = logit(np.clip(first.astype(np.float64), SCORE_LIMIT, 1 - SCORE_LIMIT)) + second_log_odds
    return np.asarray(expit(log_odds).round(SCORE_DECIMALS), np.float32)


def look_again(models: ScoringModels, task: tuple[SlideInWork, SecondTask]) -> NDArray[np.float32]:
    """(M,) log-odds that the second look gives the objects of one field; what a worker does."""
    slide, objects = task
    if slide.reference is None:
        raise ValueError(f"{slide.name}: no reference to look again by")
    image = read_as_scored(slide, objects.field, objects.content_hash).image
    return second_log_odds(models, image, objects.boxes, objects.cell_colour, slide.reference)


def second_log_odds(
    models: ScoringModels,
    image: NDArray[np.uint8],
    boxes: NDArray[np.float32],
    cell_colour: tuple[float, float, float],
    reference: SlideReference,
) -> NDArray[np.float32]:
    """(N,) log-odds that the second look gives objects of a decoded field of a slide."""
    shown = reference.burned_in.painted_over(image)
    crops = surrounded_crops(shown, boxes, cell_colour, models.second_look.crop_size_px)
    return models.second_look.logits(crops, reference.second_statistics)


def _tasks(survey: Survey, ledger: Ledger) -> Iterator[SecondTask]:
    cells = survey.located
    positions = put_forward(cells)
    of_field, colours = cells.field[positions], ledger.column("cell_colour")
    for number in np.unique(of_field).tolist():
        own, field = positions[of_field == number], survey.fields[number]
        red, green, blue = colours[field.name]
        yield SecondTask(
            field=field.name,
            content_hash=field.content_hash,
            cell_colour=(red, green, blue),
            positions=own,
            boxes=cells.boxes[own],
        )
