"""From the cells of a slide to what may be said of it, by the card of the models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from core.cells.located import WhyNot
from core.cells.quality import FieldQuality
from core.cells.reference import RED_CELL_BOX_UM, SlideReference
from core.scoring.survey import Survey
from core.tally import (
    Assumptions,
    Evidence,
    Excluded,
    Performance,
    SlideConditions,
    SlideCount,
    Verdict,
    verdict,
)
from core.wording import Sentence, sentence


class ModelCard(Protocol):
    """What is known of the models: what the lists they make are worth, on what slides."""

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

    @property
    def performance(self) -> Performance:
        """What reading their lists down is worth."""
        ...

    def field_failure(self, quality: FieldQuality) -> WhyNot:
        """Why a whole field is left out; empty for a good one."""
        ...

    def left_out(self, failed: Mapping[WhyNot, Sequence[FieldQuality]]) -> tuple[Sentence, ...]:
        """What to do about the fields that fail, by reason; nothing where the reason says it."""
        ...

    def outside_validity(self, qualities: Sequence[FieldQuality]) -> tuple[Sentence, ...]:
        """One sentence for each thing in which a slide of these fields is unlike those of the validation."""
        ...


@dataclass(frozen=True)
class Judgement:
    """What can be said of a slide before anybody has read it; see `core.tally`."""

    evidence: Evidence
    verdict: Verdict


def judge(
    survey: Survey,
    reference: SlideReference,
    card: ModelCard,
    assumptions: Assumptions,
    review_budget: int,
) -> Judgement:
    """Judge a slide from its counts; all that is laid before readers is unread.

    Parameters
    ----------
    survey
        Which fields count, and the located objects.
    reference
        What the slide's own cells look like.
    card, assumptions
        What the models are worth and on what slides, and what is taken as given.
    review_budget
        How many of the list are laid before readers to begin with.
    """
    cells = survey.located
    looked_at = int(cells.looked_at.sum())
    to_read = min(review_budget, looked_at)
    excluded = (
        *(Excluded(count, "cells", reason) for reason, count in cells.by_reason().items()),
        *(Excluded(count, "fields", reason) for reason, count in survey.excluded.items()),
    )
    qualities = [field.quality for field in survey.counted if field.quality is not None]
    outside = (*_wrong_scale(reference), *card.outside_validity(qualities))
    conditions = SlideConditions(
        outside_validity=tuple(map(str, outside)),
        fields_failed=survey.failed,
        failed_share_limit=card.failed_share_limit,
        outside=outside,
        left_out=card.left_out(survey.failures),
    )
    count = SlideCount(
        cells=int(cells.evaluable.sum()),
        fields=len(survey.counted),
        looked_at=looked_at,
        to_read=to_read,
        read_to=0,
        unread=to_read,
        excluded=excluded,
    )
    evidence = Evidence(count, conditions, card.performance, assumptions)
    return Judgement(evidence, verdict(evidence))


def _wrong_scale(reference: SlideReference) -> tuple[Sentence, ...]:
    """That the cells look otherwise than by the scale given: then no figure holds."""
    if reference.seen_diameter_px is None:
        return ()
    return (
        sentence(
            "outside.scale",
            given_px=reference.cell_diameter_px,
            seen_px=reference.seen_diameter_px,
            um_per_pixel=RED_CELL_BOX_UM / reference.seen_diameter_px,
        ),
    )
