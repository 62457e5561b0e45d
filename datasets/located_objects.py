"""What a detector locates on annotated fields, slide by slide as scoring does, and what is true of it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from core.cells.boxes import intersection_over_union
from core.cells.located import cut_by_border
from core.cells.reference import NoCellsError, SlideReference, slide_reference
from core.cells.scored_field import ScoredField, ScoringModels, score_image
from core.cells.second_look import share_seen
from datasets.fields import AnnotatedField

SAME_CELL = 0.5
"""Intersection over union, inside the picture, from which a located box and a marked one are one cell."""
IN_THE_MIDDLE, INSIDE = 0.5, 1.0
"""Distance of a marked middle from a located box's, over the box's half sides, up to which a reader who is
shown the box is shown what was marked: a cell in the middle of it whatever its outline, a parasite anywhere
inside."""
BESIDE = 1.2
"""The same distance up to which an object is neither counted as the parasite nor as healthy."""


class Truth(IntEnum):
    """What is known of a located object."""

    HEALTHY = 0
    INFECTED = 1
    UNKNOWN = 2
    """It lies beside a parasite or over a cell of which nobody could tell, or has no mark where some have."""


@dataclass(frozen=True, eq=False)
class LocatedField:
    """A scored field with the truth of its objects.

    Attributes
    ----------
    truth
        (N,) uint8, values of `Truth`, of the objects of `scored`.
    found
        (P,) bool: which of the marked parasites are located.
    cut
        (P,) bool: which of them lie in cells that the border cuts.
    """

    annotated: AnnotatedField
    reference: SlideReference
    scored: ScoredField
    truth: NDArray[np.uint8]
    found: NDArray[np.bool_]
    cut: NDArray[np.bool_]


def located_fields(fields: Sequence[AnnotatedField], models: ScoringModels) -> Iterator[LocatedField]:
    """Score annotated fields, each slide by its own reference; slides that show no red cell are left out."""
    slides: dict[str, list[AnnotatedField]] = defaultdict(list)
    for annotated in fields:
        slides[annotated.slide].append(annotated)
    name = fields[0].source if fields else ""
    with tqdm(total=len(fields), desc=name, unit="field", disable=None) as progress:
        for slide in slides.values():
            spread = np.random.default_rng(0).permutation(len(slide))
            shown = (slide[index].as_scored() for index in spread)
            try:
                reference = slide_reference(
                    shown,
                    models.detector,
                    models.classifier,
                    models.second_look,
                    None,
                )
            except NoCellsError:
                progress.update(len(slide))
                continue
            share = share_seen(reference.objects_a_field * len(slide))
            for annotated in slide:
                yield located_field(annotated, models, reference, share)
                progress.update()


def located_field(
    annotated: AnnotatedField, models: ScoringModels, reference: SlideReference, seen_share: float
) -> LocatedField:
    """Score one annotated field of a slide and compare what is located with what is marked."""
    scored = score_image(models, annotated.as_scored(), reference, seen_share)
    parasites = annotated.boxes[annotated.infected]
    # A set that marks no kind of cell marks parasites.
    reach = IN_THE_MIDDLE if annotated.kinds_marked else INSIDE
    truth, found = compared(
        scored.boxes, parasites, annotated.unsure, scored.width, scored.height, reach=reach
    )
    if not annotated.all_marked:
        told = np.concatenate([annotated.boxes[~annotated.infected], annotated.not_red_cells])
        truth[(truth == Truth.HEALTHY) & ~_marked(scored, told)] = Truth.UNKNOWN
    cut = cut_by_border(parasites, scored.width, scored.height)
    return LocatedField(annotated, reference, scored, truth, found, cut)


def _marked(scored: ScoredField, told: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(N,) which located objects are those of these boxes."""
    told, boxes = (_inside(each, scored.width, scored.height) for each in (told, scored.boxes))
    overlap = intersection_over_union(told, boxes)
    return np.asarray((overlap >= SAME_CELL).any(axis=0), np.bool_)


def compared(
    boxes: NDArray[np.float32],
    parasites: NDArray[np.float32],
    unsure: NDArray[np.float32],
    width: int,
    height: int,
    *,
    reach: float,
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Tell of located boxes which are marked as infected.

    Parameters
    ----------
    boxes
        (N, 4) as located.
    parasites
        (P, 4) as marked, round infected cells or round parasites in them.
    unsure
        (U, 4) of which nobody could tell.
    width, height
        Of the picture: boxes are compared by what of them lies inside.
    reach
        `IN_THE_MIDDLE` for marked cells, `INSIDE` for marked parasites.

    Returns
    -------
    (N,) values of `Truth`, and (P,) which parasites have an object. An object stands for one parasite at
    most, the one that it fits best.
    """
    truth = np.full(len(boxes), Truth.HEALTHY, np.uint8)
    found = np.zeros(len(parasites), bool)
    if len(boxes) == 0:
        return truth, found
    inside = _inside(boxes, width, height)
    if len(unsure):
        truth[(_fit(_inside(unsure, width, height), inside) > 1 - BESIDE).any(axis=0)] = Truth.UNKNOWN
    if len(parasites):
        fit = _fit(_inside(parasites, width, height), inside)
        truth[(fit > 1 - BESIDE).any(axis=0)] = Truth.UNKNOWN
        best_first = np.dstack(np.unravel_index(np.argsort(-fit, axis=None), fit.shape))[0]
        for parasite, index in best_first:
            if fit[parasite, index] < 1 - reach:
                break
            if not found[parasite] and truth[index] != Truth.INFECTED:
                found[parasite], truth[index] = True, Truth.INFECTED
    return truth, found


def _fit(marked: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.float64]:
    """(M, N): 1 where the middles agree, falling with their distance; one cell fits by its overlap too."""
    middles = (each[:, :2] + each[:, 2:] / 2 for each in (marked, boxes))
    of_marked, of_boxes = middles
    offset = (of_marked[:, None] - of_boxes[None]) / np.maximum(boxes[None, :, 2:] / 2, 1e-6)
    by_middle = 1 - np.hypot(offset[..., 0], offset[..., 1])
    overlap = intersection_over_union(marked, boxes)
    return np.where(overlap >= SAME_CELL, np.maximum(by_middle, overlap), by_middle)


def _inside(boxes: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    """What of boxes lies inside a picture; a box outside keeps no area."""
    corners = np.clip(boxes[:, :2], 0, (width, height))
    far = np.clip(boxes[:, :2] + boxes[:, 2:], 0, (width, height))
    return np.concatenate([corners, far - corners], axis=1).astype(np.float32)
