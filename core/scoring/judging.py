"""From the scores of a slide to its threshold, its calls and its verdict, by the card of the models."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.cells.located import WhyNot
from core.cells.quality import FieldQuality
from core.scoring.calls import Calling
from core.scoring.ledger import Ledger
from core.scoring.survey import Survey
from core.tally import (
    Assumptions,
    Evidence,
    Excluded,
    FieldReading,
    Figures,
    Performance,
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


def judge(
    ledger: Ledger,
    survey: Survey,
    performance: Performance,
    card: ModelCard,
    assumptions: Assumptions,
    cells_by_reason: dict[str, int],
) -> Judgement:
    """Judge a slide from its counts; all its candidates are unread.

    Parameters
    ----------
    ledger, survey
        The scored fields, and which of them count.
    performance
        From which score on a cell is called infected, and what that is worth.
    card, assumptions
        On what slides the models may be used, and what is taken as given.
    cells_by_reason
        Located cells that do not count.
    """
    called = survey.score >= performance.threshold
    candidates, cells = int(called.sum()), len(survey.score)
    excluded = (
        *(Excluded(count, "cells", reason) for reason, count in cells_by_reason.items()),
        *(Excluded(count, "fields", reason) for reason, count in survey.excluded.items()),
    )
    qualities = [ledger.get(name).quality for name in survey.counted]
    outside = card.outside_validity(
        [quality for quality in qualities if quality is not None], candidates / cells if cells else 0.0
    )
    conditions = SlideConditions(
        outside_validity=tuple(map(str, outside)),
        fields_failed=survey.failed,
        failed_share_limit=card.failed_share_limit,
        outside=outside,
    )
    count = SlideCount(cells, len(survey.counted), candidates, candidates, excluded)
    evidence = Evidence(count, conditions, performance, assumptions)
    return Judgement(evidence, verdict(evidence), _machine_figures(evidence, survey, called))


def _machine_figures(evidence: Evidence, survey: Survey, called: NDArray[np.bool_]) -> Figures | None:
    performance = evidence.performance
    if evidence.conditions.outside_validity or performance.false_calls.rate >= performance.sensitivity:
        return None
    cells = np.bincount(survey.field_index, minlength=len(survey.fields))
    calls = np.bincount(survey.field_index[called], minlength=len(survey.fields))
    spread = dispersion([FieldReading(int(n), int(x)) for n, x in zip(cells, calls, strict=True)])
    return density_figures(
        evidence.count.candidates,
        evidence.count.cells,
        performance,
        # Without review every false call of the machine is a false accept.
        replace(evidence.assumptions, review_sensitivity=1.0, false_accepts=performance.false_calls),
        spread or assumed_dispersion(performance),
        dispersion_measured=bool(spread),
    )
