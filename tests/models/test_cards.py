"""What a card answers: figures at a threshold, a slide's threshold, whether a slide is within validity."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from core.cells.quality import FieldQuality
from core.scoring.calls import Bulk, bulk, excess, score_at
from core.tally import FalseCalls, Recall
from models.cards import (
    CardError,
    ClassifierCard,
    Curve,
    DetectorCard,
    PairCard,
    Range,
    read_card,
    write_card,
)
from tests.models.made_cards import CLASSIFIER, CURVE, DETECTOR

PAIR = PairCard("pair", "pair 1", DETECTOR, CLASSIFIER)
GOOD = FieldQuality(0.04, 220.0, 0.1, 0.2, 0.1)
budgets = st.integers(0, 5000)


def bell_of_scores(seed: int, count: int, centre: float, spread: float = 0.7) -> NDArray[np.float32]:
    odds = np.random.default_rng(seed).normal(centre, spread, count)
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


slides = st.builds(bell_of_scores, st.integers(0, 1000), st.integers(1, 3000), st.floats(-7, 0))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (2.0, (95, 100)),
        (2.99, (95, 100)),
        (3.0, (80, 10)),
        (99.0, (40, 0)),
        (1.0, (98, 500)),
        (0.2, (98, 500)),
    ],
)
def test_figures_are_those_of_the_threshold_at_or_below(asked: float, expected: tuple[int, int]) -> None:
    assert CURVE.at(asked) == expected


@pytest.mark.parametrize(
    ("rate", "expected"), [(1.0, 1.0), (0.05, 1.0), (0.0499, 2.0), (0.01, 2.0), (0.001, 3.0), (0.0, 4.0)]
)
def test_the_lowest_threshold_within_a_rate(rate: float, expected: float) -> None:
    assert CURVE.lowest_within(rate) == expected


def test_where_no_threshold_is_within_the_rate_the_last_is_taken() -> None:
    never_clean = CURVE.model_copy(update={"false_calls": (500, 100, 10, 3)})
    assert never_clean.lowest_within(0.0) == 4.0


@pytest.mark.parametrize(
    "change",
    [
        {"excess": (1.0, 2.0)},
        {"excess": (), "found": (), "false_calls": ()},
        {"excess": (1.0, 3.0, 2.0, 4.0)},
    ],
)
def test_a_curve_that_is_not_one_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Curve.model_validate({**CURVE.model_dump(), **change})


@given(slides, budgets)
def test_no_slide_is_called_below_the_released_threshold(scores: NDArray[np.float32], budget: int) -> None:
    threshold = PAIR.calling(scores, budget).threshold
    released = score_at(CLASSIFIER.threshold_excess, bulk(scores, CLASSIFIER.typical_spread))
    assert threshold >= released


@given(slides, budgets, budgets)
def test_a_larger_budget_never_raises_the_threshold(scores: NDArray[np.float32], one: int, two: int) -> None:
    small, large = sorted((one, two))
    assert PAIR.calling(scores, large).threshold <= PAIR.calling(scores, small).threshold


def test_the_threshold_fits_the_budget_by_the_curve() -> None:
    scores = bell_of_scores(0, 50_000, -4, spread=1)
    # 50 of 50,000 are 1 in 1,000, which the curve has at an excess of 3: 10 of 10,000.
    calling = PAIR.calling(scores, review_budget=50)
    of = bulk(scores, CLASSIFIER.typical_spread)
    assert excess(np.array([calling.threshold]), of)[0] == pytest.approx(3.0)
    assert calling.performance.steps[1] == Recall(80, 20)
    assert calling.performance.false_calls == FalseCalls(10, 10_000)


def test_performance_names_where_it_was_measured() -> None:
    performance = PAIR.calling(np.full(10, 0.01), review_budget=100).performance
    assert performance.model == "pair"
    assert performance.steps == (Recall(370, 10), Recall(95, 5))
    assert "iml_malaria blocks (located)" in performance.validation_set
    assert "iml_malaria (classified)" in performance.validation_set


def test_few_cells_are_called_by_the_typical_spread() -> None:
    scores = np.full(10, 0.01, np.float32)
    expected = score_at(2.0, Bulk(math.log(0.01 / 0.99), 0.8))
    assert PAIR.calling(scores, 100).threshold == pytest.approx(expected, rel=1e-5)


def test_a_slide_without_cells_calls_nothing() -> None:
    assert PAIR.calling(np.empty(0, np.float32), 100).threshold == 1.0


def test_a_field_fails_when_more_blurred_than_any_validated() -> None:
    assert PAIR.field_failure(FieldQuality(0.08, 220, 0.1, 0.2, 0.1)) == ""
    assert PAIR.field_failure(FieldQuality(0.081, 220, 0.1, 0.2, 0.1)) == "out of focus"
    assert PAIR.field_failure(FieldQuality(math.inf, 220, 0.1, 0.2, 0.1)) == "out of focus"


def test_a_field_saved_in_grey_fails_whatever_its_focus() -> None:
    assert PAIR.field_failure(FieldQuality(0.03, 220, 0.14, 0.142, 0.141)) == "without colour"
    assert PAIR.field_failure(FieldQuality(0.081, 220, 0.14, 0.14, 0.14)) == "without colour"


def test_a_slide_like_the_validated_ones_is_within_validity() -> None:
    assert PAIR.outside_validity([GOOD] * 3, candidate_share=0.01) == ()


@pytest.mark.parametrize(
    ("quality", "said"),
    [
        (FieldQuality(0.2, 220, 0.1, 0.2, 0.1), "blur"),
        (FieldQuality(0.04, 90, 0.1, 0.2, 0.1), "brightness of the empty background, of 255, is 90"),
        (
            FieldQuality(0.04, 220, 0.5, 0.2, 0.1),
            "density in red is 0.5; the slides this model was validated on have 0 to 0.2",
        ),
        (FieldQuality(0.04, 220, 0.1, 0.02, 0.1), "density in green is 0.02"),
        (FieldQuality(0.04, 220, 0.1, 0.2, 0.9), "density in blue is 0.9"),
    ],
)
def test_each_measure_outside_is_said_with_its_value(quality: FieldQuality, said: str) -> None:
    (sentence,) = PAIR.outside_validity([quality] * 3, candidate_share=0.01)
    assert said in str(sentence)


def test_one_odd_field_does_not_put_a_slide_outside() -> None:
    assert PAIR.outside_validity([GOOD, GOOD, FieldQuality(0.5, 10, 1, 1, 1)], 0.01) == ()


def test_fields_without_cells_say_nothing_of_the_stain() -> None:
    nan = float("nan")
    empty = FieldQuality(nan, nan, nan, nan, nan)
    assert PAIR.outside_validity([empty, empty, GOOD], 0.01) == ()
    assert PAIR.outside_validity([empty], 0.0) == ()


def test_too_many_candidates_put_a_slide_outside() -> None:
    (sentence,) = PAIR.outside_validity([GOOD], candidate_share=0.12)
    assert "12 % of the cells" in str(sentence)
    assert "5 %" in str(sentence)
    assert PAIR.outside_validity([GOOD], candidate_share=0.05) == ()


def test_a_range_holds_its_ends_and_no_nan() -> None:
    allowed = Range(low=1, high=2)
    assert [allowed.holds(value) for value in (1.0, 2.0, 0.99, 2.01, math.nan)] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_cards_come_back_as_they_were_written(tmp_path: Path) -> None:
    write_card(DETECTOR, tmp_path / "detector.json")
    write_card(CLASSIFIER, tmp_path / "classifier.json")
    assert read_card(tmp_path / "detector.json", DetectorCard) == DETECTOR
    assert read_card(tmp_path / "classifier.json", ClassifierCard) == CLASSIFIER


def test_a_missing_card_is_named(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"card\.json: cannot be read .* beside the weights"):
        read_card(tmp_path / "card.json", DetectorCard)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"width": "wide"}, "width: "),
        ({"stride_px": 8}, "stride_px: Input should be 4"),
        ({"threshold_excess": None}, "threshold_excess: "),
        ({"colour": "blue"}, "colour: "),
        ({"curve": {**CURVE.model_dump(), "excess": [2.0, 1.0, 3.0, 4.0]}}, "curve: .*must rise"),
    ],
)
def test_a_card_that_does_not_say_what_it_must_is_named_with_the_key(
    change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "card.json"
    path.write_text(json.dumps({**CLASSIFIER.model_dump(mode="json"), **change}))
    with pytest.raises(CardError, match=rf"card\.json: {said}") as caught:
        read_card(path, ClassifierCard)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\x00"])
def test_a_card_that_is_not_json_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_bytes(content)
    with pytest.raises(CardError, match=r"card\.json"):
        read_card(path, DetectorCard)
