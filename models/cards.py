"""What is known of a set of weights: made from what, worth what, for which slides. JSON beside the weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from core.calls import bulk, score_at
from core.cells import WhyNot
from core.errors import SmearscopeError
from core.notice import RESEARCH_USE_ONLY
from core.quality import FieldQuality
from core.tally import FalseCalls, Performance, Recall


class CardError(SmearscopeError):
    """A model card that is missing, or does not say what it must."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Part):
    """A data set the weights were trained on."""

    name: str
    citation: str
    licence: str
    items: int


class Training(_Part):
    """How the weights were made: the command, the settings and seed, the data."""

    command: str
    settings: dict[str, Any]
    seed: int
    sources: tuple[Source, ...]


class Found(_Part):
    """Objects found of those present in a validation, and where that was measured."""

    found: int
    missed: int
    measured_on: str


class Range(_Part):
    """Closed range of a measure over the validated slides."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether a value lies inside; NaN does not."""
        return self.low <= value <= self.high


class Curve(_Part):
    """Sensitivity and false calls over the threshold, with their counts.

    Attributes
    ----------
    excess
        Thresholds, rising, in units of the slide's own spread above its centre (`core.calls.excess`).
    found, infected
        Infected cells at or above each threshold, of how many.
    false_calls, healthy
        Healthy cells at or above each threshold, of how many.
    measured_on
        The source that training had left out.
    """

    excess: tuple[float, ...]
    found: tuple[int, ...]
    infected: int
    false_calls: tuple[int, ...]
    healthy: int
    measured_on: str

    @model_validator(mode="after")
    def _aligned(self) -> "Curve":
        if not len(self.excess) == len(self.found) == len(self.false_calls) > 0:
            raise ValueError("excess, found and false_calls must be equally long and not empty")
        if list(self.excess) != sorted(self.excess):
            raise ValueError("excess must rise")
        return self

    def at(self, excess: float) -> tuple[int, int]:
        """Infected found and healthy falsely called at the highest tabulated threshold not above `excess`.

        Never flatters the rate of false calls; below the first threshold, the first one's figures.
        """
        index = max(0, int(np.searchsorted(self.excess, excess, side="right")) - 1)
        return self.found[index], self.false_calls[index]

    def lowest_within(self, rate: float) -> float:
        """The lowest tabulated threshold whose rate of false calls is at most `rate`, else the last."""
        for threshold, count in zip(self.excess, self.false_calls, strict=True):
            if count <= rate * self.healthy:
                return threshold
        return self.excess[-1]


class Validity(_Part):
    """What a slide must look like for the figures to apply: ranges seen in validation."""

    edge_blur: Range
    background: Range
    density_red: Range
    density_green: Range
    density_blue: Range
    largest_candidate_share: float
    failed_share_limit: float


class DetectorCard(_Part):
    """Card of a detector's weights."""

    name: str
    notice: str
    training: Training
    infected_cells: Found
    """Infected cells located with their box, by networks that had not seen the fields."""
    figures: dict[str, Any]
    limits: tuple[str, ...]


class ClassifierCard(_Part):
    """Card of a classifier's weights."""

    name: str
    notice: str
    width: int
    training: Training
    threshold_excess: float
    """Released threshold: no slide is called at a lower one (`Curve.excess`)."""
    threshold_choice: str
    typical_spread: float
    curve: Curve
    validity: Validity
    figures: dict[str, Any]
    limits: tuple[str, ...]


def read_card[C: (DetectorCard, ClassifierCard)](path: Path, kind: type[C]) -> C:
    """Read and check a card; raises `CardError` naming the file and the key."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CardError(f"{path}: cannot be read ({error.strerror}); a card must lie beside the weights") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CardError(f"{path}: {where}: {first['msg']}; write the card anew with the training command") from error


def write_card(card: DetectorCard | ClassifierCard, path: Path) -> None:
    """Write a card as JSON that a person can read."""
    path.write_text(card.model_dump_json(indent=1) + "\n")


@dataclass(frozen=True)
class PairCard:
    """Both cards as scoring asks for them (`core.judging.ModelCard`).

    Attributes
    ----------
    name, identity
        Of the pair; the identity changes with any byte of weights or cards.
    """

    name: str
    identity: str
    detector: DetectorCard
    classifier: ClassifierCard

    @property
    def failed_share_limit(self) -> float:
        """Largest share of fields, in [0, 1], that may fail focus or stain."""
        return self.classifier.validity.failed_share_limit

    def threshold(self, scores: NDArray[np.float32], review_budget: int) -> float:
        """Score in [0, 1] from which a cell of this slide is called infected.

        The threshold is an excess over the slide's own bulk of scores. It is as low as it may be for the
        expected false calls, by the card's curve, to fit the review budget, but never below the released one.
        """
        if len(scores) == 0:
            return 1.0
        wanted = self.classifier.curve.lowest_within(review_budget / len(scores))
        of = bulk(scores, self.classifier.typical_spread)
        return score_at(max(self.classifier.threshold_excess, wanted), of)
