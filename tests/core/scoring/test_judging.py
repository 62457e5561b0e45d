"""From counts to what may be said of a slide that nobody has read, on a slide of ten cells."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from core.cells.located import WhyNot
from core.cells.quality import FieldQuality
from core.results.tables import NUMBER_OF_REASON, CellRows
from core.scoring.calls import Calling
from core.scoring.judging import Judgement, judge
from core.scoring.survey import Survey, SurveyedField
from core.tally import (
    Assumptions,
    Excluded,
    FalseCalls,
    Performance,
    Recall,
    SlideCount,
    VerdictKind,
    verdict,
)
from core.wording import Sentence, sentence
from tests.coloured_cells import DotCard

SHARP = FieldQuality(0.04, 240.0, 0.1, 0.2, 0.15)
BLURRED = replace(SHARP, edge_blur=0.5)
WORTH = Performance("dots", "drawn discs", 0.5, (Recall(95, 5),), FalseCalls(1, 10_000), dispersion=1.8)
PALE = sentence("as written", text="The stain is too pale.")


def surveyed(name: str, quality: FieldQuality | None, why: str = "", why_not: str = "") -> SurveyedField:
    return SurveyedField(name, 640, 480, f"hash of {name}", quality, "", why, WhyNot(why_not))


FIELDS = (
    surveyed("a.png", SHARP),
    surveyed("b.png", SHARP),
    surveyed("blurred.png", BLURRED, "out of focus", "out of focus"),
    surveyed("copy of a.png", SHARP, "duplicate of a.png", "duplicate"),
    surveyed("gone.png", None, "unreadable: gone.png does not exist"),
)


def cells(called: Sequence[int] = (1, 4), reasons: Sequence[str] | None = None) -> CellRows:
    """Three of a.png and one cut by its edge, four of b.png, two of the blurred field; some score high."""
    why_not = reasons or ["edge"] + [""] * 7 + ["out of focus"] * 2
    return CellRows(
        field=np.repeat(np.array([0, 1, 2], np.int32), [4, 4, 2]),
        boxes=np.zeros((10, 4), np.float32),
        detection_score=np.full(10, 0.9, np.float32),
        infected_score=np.where(np.isin(np.arange(10), called), np.float32(0.9), np.float32(0.1)),
        second_score=np.full(10, np.nan, np.float32),
        why_not=np.array([NUMBER_OF_REASON[reason] for reason in why_not], np.uint8),
    )


@dataclass(frozen=True)
class WorthCard(DotCard):
    """Calls from .5 on, and is worth what it is told."""

    worth: Performance = WORTH

    def calling(self, scores: object, review_budget: int) -> Calling:
        return Calling(0.5, self.worth)


@dataclass(frozen=True)
class AskedCard(WorthCard):
    """Keeps what it is asked of the slide."""

    asked: list[tuple[object, float]] = field(default_factory=list)

    def outside_validity(self, qualities: object, candidate_share: float) -> tuple[Sentence, ...]:
        self.asked.append((qualities, candidate_share))
        return self.outside


def judged(
    rows: CellRows,
    *,
    card: DotCard | None = None,
    worth: Performance = WORTH,
    assumptions: Assumptions | None = None,
) -> Judgement:
    return judge(Survey(FIELDS, rows), card or WorthCard(worth=worth), assumptions or Assumptions(), 100)


def test_what_counts_is_counted_and_what_does_not_is_named_with_its_reason() -> None:
    found = judged(cells())
    left_out = (
        Excluded(1, "cells", "edge"),
        Excluded(2, "cells", "out of focus"),
        Excluded(1, "fields", "out of focus"),
        Excluded(1, "fields", "duplicate"),
        Excluded(1, "fields", "unreadable"),
    )
    assert found.evidence.count == SlideCount(7, 2, 2, 2, left_out)
    assert (found.evidence.readings, found.evidence.performance) == (None, WORTH)
    conditions = found.evidence.conditions
    assert (conditions.fields_failed, conditions.failed_share_limit) == (1, 0.2)
    assert found.verdict == verdict(found.evidence)
    assert found.verdict.kind is VerdictKind.AWAITING_REVIEW


def test_the_card_is_asked_of_the_fields_that_count_and_of_the_share_of_their_cells_that_is_called() -> None:
    card = AskedCard()
    judged(cells(), card=card)
    judged(cells(called=(), reasons=["edge"] * 10), card=card)
    assert card.asked == [([SHARP, SHARP], 2 / 7), ([SHARP, SHARP], 0.0)]


def test_the_machines_figures_have_its_own_false_calls_taken_out_whatever_review_is_taken_to_do() -> None:
    doubtful = Assumptions(red_cells_per_ul=4e6, review_sensitivity=0.5, false_accepts=FalseCalls(9, 1000))
    found = judged(cells(), assumptions=doubtful)
    figures = found.machine_figures
    assert figures is not None
    assert (figures.infected, figures.cells) == (2, 7)
    assert figures.raw_fraction.value == 2 / 7
    # Rogan and Gladen: sensitivity .95, one false call in 10 000.
    assert figures.corrected_fraction.value == pytest.approx((2 / 7 - 1e-4) / (0.95 - 1e-4))
    assert figures.density_per_ul.value == pytest.approx(4e6 * (2 / 7 - 1e-4) / (0.95 - 1e-4))
    assert found.evidence.assumptions == doubtful


def test_clustering_is_that_of_the_calls_and_the_cards_where_there_are_none() -> None:
    # All three of a.png and none of four: 9/7 and 12/7 expected, (12/7) ** 2 (7/9 + 7/12) = 4.
    measured = judged(cells(called=(1, 2, 3))).machine_figures
    assert measured is not None
    assert measured.dispersion == pytest.approx(4.0)
    assert measured.dispersion_measured
    assumed = judged(cells(called=())).machine_figures
    assert assumed is not None
    assert (assumed.dispersion, assumed.dispersion_measured) == (1.8, False)


@pytest.mark.parametrize(
    "no_better_than_chance",
    [
        replace(WORTH, false_calls=FalseCalls(95, 100)),
        replace(WORTH, steps=(Recall(1, 9),), false_calls=FalseCalls(11, 100)),
    ],
)
def test_calls_that_are_as_often_false_as_true_give_no_figures(no_better_than_chance: Performance) -> None:
    found = judged(cells(), worth=no_better_than_chance)
    assert found.machine_figures is None
    assert found.verdict.kind is VerdictKind.AWAITING_REVIEW


def test_a_slide_unlike_those_of_the_validation_gets_no_figures_and_is_said_to_be() -> None:
    found = judged(cells(), card=WorthCard(outside=(PALE,)))
    assert found.evidence.conditions.outside_validity == ("The stain is too pale.",)
    assert found.evidence.conditions.outside == (PALE,)
    assert (found.verdict.kind, found.machine_figures) == (VerdictKind.NOT_VALID, None)


def test_a_slide_without_a_cell_that_counts_has_no_figures() -> None:
    found = judged(cells(called=(), reasons=["edge"] * 10))
    assert found.evidence.count.cells == 0
    assert (found.verdict.kind, found.machine_figures) == (VerdictKind.INADEQUATE, None)
