"""From counts to what may be said of a slide that nobody has read, on a slide of ten cells."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
import pytest

from core.cells.located import WhyNot
from core.cells.quality import FieldQuality
from core.cells.reference import SlideReference
from core.results.tables import NUMBER_OF_REASON, CellRows
from core.scoring.judging import Judgement, judge
from core.scoring.survey import Survey, SurveyedField
from core.tally import (
    Assumptions,
    Excluded,
    Performance,
    RankCurve,
    SlideCount,
    VerdictKind,
    verdict,
)
from core.wording import Sentence, in_language, sentence
from tests.coloured_cells import REFERENCE, DotCard

SHARP = FieldQuality(0.04, 240.0, 0.1, 0.2, 0.15)
BLURRED = replace(SHARP, edge_blur=0.5)
WORTH = Performance("dots", "drawn discs", RankCurve((0.01,), (95,), 100), dispersion=1.8)
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


def cells(reasons: Sequence[str] | None = None) -> CellRows:
    """Three of a.png and one cut by its edge, four of b.png, two of the blurred field."""
    why_not = reasons or ["edge"] + [""] * 7 + ["out of focus"] * 2
    return CellRows(
        field=np.repeat(np.array([0, 1, 2], np.int32), [4, 4, 2]),
        boxes=np.zeros((10, 4), np.float32),
        detection_score=np.full(10, 0.9, np.float32),
        infected_score=np.full(10, 0.5, np.float32),
        second_score=np.full(10, np.nan, np.float32),
        why_not=np.array([NUMBER_OF_REASON[reason] for reason in why_not], np.uint8),
    )


@dataclass(frozen=True)
class AskedCard(DotCard):
    """Keeps what it is asked of the slide."""

    asked: list[object] = field(default_factory=list)

    def outside_validity(self, qualities: object) -> tuple[Sentence, ...]:
        self.asked.append(qualities)
        return self.outside


def judged(
    rows: CellRows,
    *,
    reference: SlideReference = REFERENCE,
    card: DotCard | None = None,
    review_budget: int = 2,
) -> Judgement:
    survey = Survey(FIELDS, rows, np.empty((0, 0), np.float16))
    return judge(survey, reference, card or DotCard(performance=WORTH), Assumptions(), review_budget)


def test_what_counts_is_counted_and_what_does_not_is_named_with_its_reason() -> None:
    found = judged(cells())
    left_out = (
        Excluded(1, "cells", "edge"),
        Excluded(2, "cells", "out of focus"),
        Excluded(1, "fields", "out of focus"),
        Excluded(1, "fields", "duplicate"),
        Excluded(1, "fields", "unreadable"),
    )
    assert found.evidence.count == SlideCount(
        cells=7, fields=2, looked_at=10, to_read=2, read_to=0, unread=2, excluded=left_out
    )
    assert (found.evidence.readings, found.evidence.performance) == (None, WORTH)
    conditions = found.evidence.conditions
    assert (conditions.fields_failed, conditions.failed_share_limit) == (1, 0.2)
    assert found.verdict == verdict(found.evidence)
    assert found.verdict.kind is VerdictKind.AWAITING_REVIEW


def test_the_card_is_asked_of_the_fields_that_count() -> None:
    card = AskedCard()
    judged(cells(), card=card)
    assert card.asked == [[SHARP, SHARP]]


@pytest.mark.parametrize(("review_budget", "to_read"), [(1, 1), (10, 10), (100, 10)])
def test_as_many_as_the_budget_says_are_laid_before_readers_counted_or_not_and_not_more_than_there_are(
    review_budget: int, to_read: int
) -> None:
    count = judged(cells(), review_budget=review_budget).evidence.count
    assert (count.to_read, count.unread, count.read_to) == (to_read, to_read, 0)


def test_a_slide_unlike_those_of_the_validation_gets_no_figures_and_is_said_to_be() -> None:
    found = judged(cells(), card=DotCard(outside=(PALE,)))
    assert found.evidence.conditions.outside_validity == ("The stain is too pale.",)
    assert found.evidence.conditions.outside == (PALE,)
    assert (found.verdict.kind, found.verdict.cells_needed) == (VerdictKind.NOT_VALID, None)


def test_cells_that_look_otherwise_than_by_the_scale_given_give_no_figures() -> None:
    found = judged(cells(), reference=replace(REFERENCE, cell_diameter_px=30.0, seen_diameter_px=61.4))
    (said,) = found.evidence.conditions.outside
    assert str(said) == (
        "By the scale given red cells are 30 px wide, but they look 61 px wide: check the scale, and score "
        "the slide again (with 0.14 µm per pixel they would look so)."
    )
    assert in_language(said, "fr").startswith("D'après l'échelle donnée, les hématies mesurent 30 px")
    assert found.verdict.kind is VerdictKind.NOT_VALID


def test_a_slide_without_a_cell_that_counts_is_to_be_read_and_tells_nothing_of_a_density() -> None:
    found = judged(cells(reasons=["edge"] * 10))
    assert (found.evidence.count.cells, found.evidence.count.to_read) == (0, 2)
    assert found.verdict.kind is VerdictKind.AWAITING_REVIEW
    assert (
        "No evaluable red cell was counted, so nothing can be said about parasites." in found.verdict.reasons
    )
    assert found.verdict.detection_limit_per_ul is None


def test_a_slide_on_which_nothing_was_located_is_inadequate() -> None:
    some = cells()
    found = judged(replace(some, **{one.name: getattr(some, one.name)[:0] for one in fields(some)}))
    assert found.evidence.count.to_read == 0
    assert found.verdict.kind is VerdictKind.INADEQUATE
