"""What a worker does with a slide: measure its reference once, then score one field after another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Protocol

import numpy as np

from core.cells.classification import CellClassifier
from core.cells.crops import disk_masks, field_colour, normalise, raw_crops
from core.cells.detection import CellDetector
from core.cells.located import WhyNot, find_cells
from core.cells.quality import field_quality
from core.cells.reference import SlideReference, slide_reference
from core.cells.scored_field import BOX_DECIMALS, SCORE_DECIMALS, ScoredField, unreadable_field
from core.errors import UnreadableImageError
from core.slides import Field, Slide, content_hash, open_slide

REFERENCE_FIELDS = 48
"""Most fields looked at for a slide's reference, spread over it; few are needed where they show cells."""


class ScoringModels(Protocol):
    """The two networks that score a slide."""

    @property
    def detector(self) -> CellDetector:
        """Finds the cells."""
        ...

    @property
    def classifier(self) -> CellClassifier:
        """Scores them."""
        ...


@dataclass(frozen=True)
class SlideInWork:
    """What all tasks of a slide share. Workers open the slide themselves, once: it may list many fields.

    Attributes
    ----------
    path, name
        As for `core.slides.open_slide`.
    state
        Another value where any of the slide's files has changed: then it is opened anew.
    reference
        None for the task that measures it.
    um_per_pixel
        As given by the user; None leaves it to the files and the image itself.
    """

    path: Path
    name: str
    state: str
    reference: SlideReference | None
    um_per_pixel: float | None


@dataclass(frozen=True)
class FieldTask:
    """One field to score; `source` and `generation` go into its record as they are."""

    slide: SlideInWork
    name: str
    source: str
    generation: int


def score_field(models: ScoringModels, task: FieldTask) -> ScoredField:
    """Locate a field's cells and score those that are evaluable.

    The field's crops are one batch of their own, so that its scores do not depend on what else is scored.
    """
    try:
        field = read_field(task.slide, task.name)
    except UnreadableImageError as error:
        return unreadable_field(task.name, task.source, task.generation, str(error))
    reference = task.slide.reference
    if reference is None:
        raise ValueError("the slide's reference must be measured before its fields are scored")
    cells = find_cells(field, models.detector, reference)
    evaluable = cells.why_not == WhyNot.EVALUABLE
    infected_score = np.full(len(cells.boxes), np.nan, np.float32)
    colour, statistics = reference.cell_colour, reference.feature_statistics
    if evaluable.any():
        size_px = models.classifier.crop_size_px
        crops = raw_crops(field.image, cells.boxes[evaluable], size_px)
        disks = disk_masks(cells.boxes[evaluable], size_px)
        colour = field_colour(crops, disks, reference.cell_colour)
        normalised = normalise(crops, disks, np.asarray(colour, np.float32))
        scores = models.classifier.score_field(normalised, reference.feature_statistics)
        infected_score[evaluable], statistics = scores.infected_score, scores.statistics
    height, width = field.image.shape[:2]
    return ScoredField(
        name=task.name,
        source=task.source,
        generation=task.generation,
        width=width,
        height=height,
        content_hash=content_hash(field.image),
        unreadable="",
        quality=field_quality(field.image, cells, reference),
        cell_colour=colour,
        feature_statistics=statistics,
        boxes=cells.boxes.round(BOX_DECIMALS),
        detection_score=cells.detection_score.round(SCORE_DECIMALS),
        infected_score=infected_score.round(SCORE_DECIMALS),
        why_not=cells.why_not,
    )


def measure_reference(
    models: ScoringModels, task: tuple[SlideInWork, Sequence[str]]
) -> SlideReference | None:
    """Measure the slide's own reference on its readable fields; None where no field can be read."""
    slide, names = task
    fields = _readable_fields(slide, names)
    first = next(fields, None)
    if first is None:
        return None
    return slide_reference(chain([first], fields), models.detector, models.classifier, slide.um_per_pixel)


def read_field(slide: SlideInWork, name: str) -> Field:
    """Decode a field in a worker; raises `UnreadableImageError`."""
    return _opened(slide.path, slide.name, slide.state).read_field(name)


def spread_order(count: int) -> list[int]:
    """0 to count - 1 in an order whose every beginning is spread over the whole range.

    Bit-reversed counting: of 8, 0 4 2 6 1 5 3 7.
    """
    bits = max(1, count - 1).bit_length()
    reversed_bits = (int(f"{number:0{bits}b}"[::-1], 2) for number in range(2**bits))
    return [number for number in reversed_bits if number < count]


def _readable_fields(slide: SlideInWork, names: Sequence[str]) -> Iterator[Field]:
    readable = 0
    for index in spread_order(len(names)):
        try:
            field = read_field(slide, names[index])
        except UnreadableImageError:
            continue  # it is recorded when its turn to be scored comes
        yield field
        readable += 1
        if readable == REFERENCE_FIELDS:
            return


@lru_cache(maxsize=1)
def _opened(path: Path, name: str, state: str) -> Slide:
    return open_slide(path, name=name)
