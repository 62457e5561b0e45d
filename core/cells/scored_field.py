"""One field after scoring: what stands in the ledger, and from which the tables of a slide are made."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.cells.classification import FeatureStatistics
from core.cells.quality import FieldQuality

SCORE_DECIMALS = 6
BOX_DECIMALS = 2


@dataclass(frozen=True)
class ScoredField:
    """A field's cells with their scores, or the reason why it could not be read.

    Attributes
    ----------
    name
        The field's name.
    source
        State of the file it was read from; another value means that the file has changed since.
    generation
        Lot of fields it came with (`core.scoring.ledger.Ledger.generation`).
    width, height
        Pixels; 0 where it could not be read.
    content_hash
        Hash of the pixels; empty where it could not be read.
    unreadable
        Why it could not be read; empty where it could.
    quality
        Focus and stain; None where it could not be read.
    cell_colour
        Red, green, blue of its typical cell, 0 to 255, by which its cells were normalised.
    feature_statistics
        What the classifier compared its cells with; single precision.
    boxes
        (N, 4) float32: x, y, width, height in pixels of the field's image.
    detection_score
        (N,) float32 in [0, 1].
    infected_score
        (N,) float32 in [0, 1]; NaN for a cell that is not evaluable.
    why_not
        (N,) values of `core.cells.located.WhyNot`; empty for an evaluable cell.
    """

    name: str
    source: str
    generation: int
    width: int
    height: int
    content_hash: str
    unreadable: str
    quality: FieldQuality | None
    cell_colour: tuple[float, float, float]
    feature_statistics: FeatureStatistics
    boxes: NDArray[np.float32]
    detection_score: NDArray[np.float32]
    infected_score: NDArray[np.float32]
    why_not: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def evaluable(self) -> NDArray[np.bool_]:
        """(N,) which cells may be counted, seen from this field alone."""
        evaluable: NDArray[np.bool_] = self.why_not == ""
        return evaluable


def unreadable_field(name: str, source: str, generation: int, reason: str) -> ScoredField:
    """Record a field that cannot be read."""
    return ScoredField(
        name=name,
        source=source,
        generation=generation,
        width=0,
        height=0,
        content_hash="",
        unreadable=reason,
        quality=None,
        cell_colour=(0.0, 0.0, 0.0),
        feature_statistics=(),
        boxes=np.empty((0, 4), np.float32),
        detection_score=np.empty(0, np.float32),
        infected_score=np.empty(0, np.float32),
        why_not=np.empty(0, np.str_),
    )
