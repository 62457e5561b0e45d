"""One decoded image of a slide in, its scored cells out."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.cells.classification import CellClassifier, FeatureStatistics
from core.cells.crops import disk_masks, field_colour, normalise, raw_crops, surrounded_crops
from core.cells.detection import CellDetector
from core.cells.located import WhyNot, find_cells
from core.cells.quality import FieldQuality, field_quality
from core.cells.reference import SlideReference
from core.cells.second_look import SecondLook, combined, seen_again
from core.slides import Field, content_hash

SCORE_DECIMALS = 6
BOX_DECIMALS = 2


class ScoringModels(Protocol):
    """The networks that score a slide."""

    @property
    def detector(self) -> CellDetector:
        """Finds the cells."""
        ...

    @property
    def classifier(self) -> CellClassifier:
        """Scores them."""
        ...

    @property
    def second_look(self) -> SecondLook:
        """Scores those anew that the classifier puts forward."""
        ...


@dataclass(frozen=True, eq=False)
class ScoredField:
    """The located objects of one field with their scores.

    Attributes
    ----------
    width, height
        Pixels.
    content_hash
        Hash of the pixels.
    quality
        Focus and stain.
    cell_colour
        Red, green, blue of its typical cell, 0 to 255, by which its cells were normalised.
    feature_statistics
        What the classifier compared its cells with; single precision.
    boxes
        (N, 4) float32: x, y, width, height in pixels of the field's image.
    detection_score
        (N,) float32 in [0, 1].
    infected_score
        (N,) float32 in [0, 1], of every object that is looked at, evaluable or not; NaN where another region
        of the slide looks at it (`WhyNot.DUPLICATE`).
    second_score
        (N,) float32 in [0, 1], by both looks together (`core.cells.second_look.combined`), of those that the
        second look sees; NaN for the others.
    second_features
        (K, D) float16, what it saw (`core.cells.second_look.SecondSight`) in the K of them that have a
        `second_score`, in their order.
    why_not
        (N,) values of `core.cells.located.WhyNot`; empty for an evaluable cell.
    """

    width: int
    height: int
    content_hash: str
    quality: FieldQuality
    cell_colour: tuple[float, float, float]
    feature_statistics: FeatureStatistics
    boxes: NDArray[np.float32]
    detection_score: NDArray[np.float32]
    infected_score: NDArray[np.float32]
    second_score: NDArray[np.float32]
    second_features: NDArray[np.float16]
    why_not: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.boxes)


def score_image(
    models: ScoringModels, field: Field, reference: SlideReference, seen_share: float
) -> ScoredField:
    """Locate a field's objects and score them, evaluable or not.

    A parasite may lie in a clump, in a cell that the border cuts, or in one that looks unlike a red cell
    because it is infected. What is typical of the field is told from its evaluable cells alone. The field's
    crops are one batch of their own, so its scores do not depend on what else is scored. What the first look
    puts forward is looked at again while the field is at hand.

    Parameters
    ----------
    field
        A decoded field of the slide.
    reference
        The slide's own cells, by which this field's are found and normalised.
    seen_share
        Share of the field's objects that the second look sees (`core.cells.second_look.share_seen`).
    """
    cells = find_cells(field, models.detector, reference)
    looked_at = cells.why_not != WhyNot.DUPLICATE
    infected_score = np.full(len(cells.boxes), np.nan, np.float32)
    colour, statistics = reference.cell_colour, reference.feature_statistics
    shown = reference.burned_in.over_captions(cells.lit.painted_over(field.image))
    if looked_at.any():
        size_px = models.classifier.crop_size_px
        evaluable = cells.why_not[looked_at] == WhyNot.EVALUABLE
        crops = raw_crops(shown, cells.boxes[looked_at], size_px)
        disks = disk_masks(cells.boxes[looked_at], size_px)
        colour = field_colour(crops[evaluable], disks[evaluable], reference.cell_colour)
        normalised = normalise(crops, disks, np.asarray(colour, np.float32))
        scores = models.classifier.score_field(normalised, evaluable, reference.feature_statistics)
        infected_score[looked_at] = scores.infected_score.round(SCORE_DECIMALS)
        statistics = scores.statistics
    seen = seen_again(infected_score, seen_share)
    second_score = np.full(len(cells.boxes), np.nan, np.float32)
    second_features = np.empty((0, 0), np.float16)
    if seen.any():
        second_crops = surrounded_crops(shown, cells.boxes[seen], colour, models.second_look.crop_size_px)
        sight = models.second_look.look(second_crops, reference.second_statistics)
        second_score[seen] = combined(infected_score[seen], sight.logits)
        second_features = sight.features
    height, width = field.image.shape[:2]
    return ScoredField(
        width=width,
        height=height,
        content_hash=content_hash(field.image),
        quality=field_quality(shown, cells, reference),
        cell_colour=colour,
        feature_statistics=statistics,
        boxes=cells.boxes.round(BOX_DECIMALS),
        detection_score=cells.detection_score.round(SCORE_DECIMALS),
        infected_score=infected_score,
        second_score=second_score.round(SCORE_DECIMALS),
        second_features=second_features,
        why_not=cells.why_not,
    )
