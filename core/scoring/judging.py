"""From the scores of a slide to its threshold, its calls and its verdict, by the card of the models."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.cells.located import WhyNot
from core.cells.quality import FieldQuality
from core.scoring.calls import Calling
from core.scoring.survey import Survey
from core.tally import (
    Assumptions,
    Evidence,
    Excluded,
    FieldReading,
    Figures,
    SlideConditions,
    SlideCount,
    Verdict,
    density_figures,
    dispersion,
    verdict,
)
from core.tally.verdicts import assumed_dispersion
from core.wording import Sentence


class ModelCard(Protocol):
    """What is known of the models: how to set a threshold, what they are worth, on what slides."""

    @property
    def name(self) -> str:
        """Name of the models."""
        ...

    @property
    def identity(self) -> str:
        """Name and hash of weights and card: equal for equal models only."""
        ...

    @property
    def failed_share_limit(self) -> float:
        """Largest share of fields, in [0, 1], that may fail focus or stain."""
        ...

    def calling(self, scores: NDArray[np.float32], review_budget: int) -> Calling:
        """From which score a slide's cells are called infected, and what that is worth.

        Told from the infected scores of its evaluable cells; there may be none at all.
        """
        ...

    def field_failure(self, quality: FieldQuality) -> WhyNot:
        """Why a whole field is left out; empty for a good one."""
        ...

    def outside_validity(
        self, qualities: Sequence[FieldQuality], candidate_share: float
    ) -> tuple[Sentence, ...]:
        """One sentence for each thing in which a slide of these fields is unlike those of the validation."""
        ...


@dataclass(frozen=True)
class Judgement:
    """What can be said of a slide before anybody has read it.

    Attributes
    ----------
    evidence, verdict
        See `core.tally`.
    machine_figures
        Fraction and density from the calls alone, with the machine's own rate of false calls taken out; None
        where the model is not valid for the slide, no cell was counted, or false calls are as frequent as
        true ones.
    """

    evidence: Evidence
    verdict: Verdict
    machine_figures: Figures | None


def judge(survey: Survey, card: ModelCard, assumptions: Assumptions, review_budget: int) -> Judgement:
    """Judge a slide from its counts; its whole list is unread.

    Parameters
    ----------
    survey
        Which fields count, and the located objects.
    card, assumptions
        On what slides the models may be used, what they are worth, and what is taken as given.
    review_budget
        How many of the list are laid before readers to begin with.
    """
    cells = survey.located
    calling = card.calling(survey.score, review_budget)
    # Exactly a float32, as the scores in the tables are: every reader compares alike.
    threshold = float(np.float32(calling.threshold))
    performance = replace(calling.performance, threshold=threshold)
    above = cells.evaluable & (cells.infected_score >= threshold)
    called, counted = int(above.sum()), int(cells.evaluable.sum())
    excluded = (
        *(Excluded(count, "cells", reason) for reason, count in cells.by_reason().items()),
        *(Excluded(count, "fields", reason) for reason, count in survey.excluded.items()),
    )
    qualities = [field.quality for field in survey.counted if field.quality is not None]
    outside = card.outside_validity(qualities, called / counted if counted else 0.0)
    conditions = SlideConditions(
        outside_validity=tuple(map(str, outside)),
        fields_failed=survey.failed,
        failed_share_limit=card.failed_share_limit,
        outside=outside,
    )
    count = SlideCount(counted, len(survey.counted), called, called, excluded)
    evidence = Evidence(count, conditions, performance, assumptions)
    return Judgement(evidence, verdict(evidence), _machine_figures(evidence, survey, above))


def _machine_figures(evidence: Evidence, survey: Survey, above: NDArray[np.bool_]) -> Figures | None:
    performance = evidence.performance
    if evidence.conditions.outside_validity or performance.false_calls.rate >= performance.sensitivity:
        return None
    counted, called = (
        np.bincount(survey.located.field[chosen], minlength=len(survey.fields)).tolist()
        for chosen in (survey.located.evaluable, above)
    )
    spread = dispersion([FieldReading(n, x) for n, x in zip(counted, called, strict=True)])
    return density_figures(
        evidence.count.candidates,
        evidence.count.cells,
        performance,
        # Without review every false call of the machine is a false accept.
        replace(evidence.assumptions, review_sensitivity=1.0, false_accepts=performance.false_calls),
        spread or assumed_dispersion(performance),
        dispersion_measured=bool(spread),
    )
