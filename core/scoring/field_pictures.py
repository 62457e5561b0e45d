"""What else is made of a slide's fields while scoring has them decoded, and what it is told of them."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.cells.classification import FeatureStatistics
from core.results.tables import RankedCell


@dataclass(frozen=True, eq=False)
class FieldCandidates:
    """The candidates of one field, and what their pictures need.

    Attributes
    ----------
    field, content_hash
        The field, and the hash of the pixels that were scored.
    cell_colour, feature_statistics
        By what its cells were normalised, and what the classifier compared them with.
    cells
        The candidates, by rank.
    other_boxes
        (M, 4) float32 boxes of its whole cells that are no candidates, to be seen beside one.
    """

    field: str
    content_hash: str
    cell_colour: tuple[float, float, float]
    feature_statistics: FeatureStatistics
    cells: tuple[RankedCell, ...]
    other_boxes: NDArray[np.float32]


class FieldPictures(Protocol):
    """Makes pictures where a field is decoded anyway; goes to the workers, so it can be pickled."""

    def of_field(self, image: NDArray[np.uint8], content_hash: str) -> None:
        """Take an (H, W, 3) field that was scored; the hash is that of its pixels."""
        ...

    def of_candidates(
        self, image: NDArray[np.uint8], candidates: FieldCandidates, maps: NDArray[np.float32]
    ) -> None:
        """Take an (H, W, 3) field with its candidates and their (N, S, S) activation maps in [0, 1]."""
        ...
