"""Fields read once more, by workers, to see whether they show one place of the slide."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from core.cells.lit_area import lit_area
from core.cells.scored_field import ScoringModels
from core.overlap import SAME_PICTURE, Placement, correlation, on_each_other, sketch
from core.overlap.registration import FINE_PX
from core.scoring.field_tasks import SlideInWork, read_as_scored
from core.scoring.survey import SurveyedField
from core.scoring.workers import Workers

PAIRS_AT_ONCE = 64
"""Pairs in a row that a worker is given: it reads each of their fields once."""


@dataclass(frozen=True)
class DoubtfulOverlap:
    """Two fields of which few cells say that they overlap, and how.

    Attributes
    ----------
    first, second
        The fields, as they were scored.
    placement
        How one may lie on the other.
    widths_px
        Width of a cell on each.
    """

    first: SurveyedField
    second: SurveyedField
    placement: Placement
    widths_px: tuple[float, float]


@dataclass(frozen=True)
class NeighbouringFields:
    """Two fields that may share a strip; attributes as `DoubtfulOverlap` has them."""

    first: SurveyedField
    second: SurveyedField
    widths_px: tuple[float, float]


def by_pictures(
    workers: Workers[ScoringModels], slide: SlideInWork, doubtful: Sequence[DoubtfulOverlap]
) -> list[bool]:
    """Which of them are true, by what their pictures show; raises `UnreadableImageError`."""
    numbered = [(slide, number, overlap) for number, overlap in enumerate(doubtful)]
    return [same for _, same in sorted(outcome for _, outcome in workers.map(_compared, numbered))]


def _compared(_: ScoringModels, task: tuple[SlideInWork, int, DoubtfulOverlap]) -> tuple[int, bool]:
    slide, number, doubtful = task
    first, second = (
        read_as_scored(slide, field.name, field.content_hash).image
        for field in (doubtful.first, doubtful.second)
    )
    return number, correlation(first, second, doubtful.placement, doubtful.widths_px) >= SAME_PICTURE


def by_borders(
    workers: Workers[ScoringModels], slide: SlideInWork, pairs: Sequence[NeighbouringFields]
) -> list[Placement | None]:
    """How the first of each pair lies on the second, None where they share no strip.

    Raises `UnreadableImageError`.
    """
    px_per_width = float(np.median([pair.widths_px for pair in pairs]))
    begins = range(0, len(pairs), PAIRS_AT_ONCE)
    tasks = [(slide, begin, pairs[begin : begin + PAIRS_AT_ONCE], px_per_width) for begin in begins]
    placed = dict(outcome for _, outcome in workers.map(_laid, tasks))
    return [placement for begin in begins for placement in placed[begin]]


def _laid(
    _: ScoringModels, task: tuple[SlideInWork, int, Sequence[NeighbouringFields], float]
) -> tuple[int, list[Placement | None]]:
    slide, begin, pairs, px_per_width = task
    fields = {field.name: field for pair in pairs for field in (pair.first, pair.second)}
    smaller = max(1, int(px_per_width / FINE_PX))
    sketches = {}
    for name, field in fields.items():
        image = read_as_scored(slide, name, field.content_hash).image
        small = cv2.resize(image, None, fx=1 / smaller, fy=1 / smaller, interpolation=cv2.INTER_AREA)
        picture = np.asarray(small, np.uint8)
        sketches[name] = sketch(lit_area(picture).painted_over(picture), px_per_width / smaller)
    return begin, [
        on_each_other(
            sketches[pair.first.name],
            sketches[pair.second.name],
            (pair.widths_px[0] / smaller, pair.widths_px[1] / smaller),
        )
        for pair in pairs
    ]
