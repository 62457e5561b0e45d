"""The stage that a machine suggests for an accepted parasite: offered, never decided.

A linear layer on what the second look saw, so that nothing of a slide is scored anew. A stage is offered only
where it was right often enough on smears that its training had not seen; of the others nothing is said.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from core.review.learned_list import seen_list
from core.store import SlideRecord, Stage


@dataclass(frozen=True, eq=False)
class StageHead:
    """A linear layer from the features of a second look to the log-odds of stages.

    Attributes
    ----------
    weight, bias
        (D, S) and (S,) of the stages of `core.store.Stage`, in their order.
    confidence
        Probability from which a stage is offered; a stage that is not here never is.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    confidence: Mapping[Stage, float]

    def probabilities(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """(N, S) of (N, D) features; each row adds up to 1."""
        found: NDArray[np.float64] = softmax(features.astype(np.float64) @ self.weight + self.bias, axis=1)
        return found


@dataclass(frozen=True)
class SuggestedStage:
    """A stage, and how probable it is by the machine."""

    stage: Stage
    probability: float


def suggested_stages(features: NDArray[np.floating], head: StageHead) -> list[SuggestedStage | None]:
    """The most probable stage of each of N cells, where it may be offered.

    Parameters
    ----------
    features
        (N, D) as the second look gave them.
    """
    stages = tuple(Stage)
    suggested: list[SuggestedStage | None] = []
    for row in head.probabilities(features):
        best = int(row.argmax())
        stage, probability = stages[best], float(row[best])
        offered = probability >= head.confidence.get(stage, np.inf)
        suggested.append(SuggestedStage(stage, probability) if offered else None)
    return suggested


def stages_for(record: SlideRecord, cells: Collection[int], head: StageHead) -> dict[int, SuggestedStage]:
    """What is suggested for some of a slide's candidates, by candidate.

    Nothing for a cell that the second look has not seen, nor where the result keeps no features.

    Raises
    ------
    core.results.folder.ResultFolderError
        Where the files of the result are gone or damaged.
    """
    if record.taken_in is None or not cells:
        return {}
    seen = seen_list(record.taken_in)
    if seen is None or seen.features.shape[1] != len(head.weight):
        return {}
    places = {one.id: seen.index_at.get((one.field, one.box)) for one in record.candidates if one.id in cells}
    known = {cell: index for cell, index in places.items() if index is not None}
    suggested = suggested_stages(seen.features[list(known.values())], head)
    return {cell: one for cell, one in zip(known, suggested, strict=True) if one is not None}
