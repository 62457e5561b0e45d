"""Figures in words, as a reader of the page meets them."""

import math

import pytest

from core.study.comparison import Difference, Spread
from core.study.numbers import difference_parts, number, outcome_parts, reached_of, spread_parts
from core.study.table import Column
from core.study.targets import TARGETS, ArmOutcomes, Outcome, Target

NAN = math.nan
ACCURACY = Column("accuracy", "accuracy", "")
ENTROPY = Column("cross_entropy", "CE", "", per_cent=False)


def outcome(*, reached: bool) -> Outcome:
    return Outcome("t", reached, number=0.2, low=0.1, high=0.3)


@pytest.mark.parametrize(
    ("value", "per_cent", "signed", "said"),
    [
        (0.7349, True, False, "73.5"),
        (0.7349, False, False, "0.735"),
        (0.7349, True, True, "+73.5"),
        (-0.052, True, False, "−5.2"),
        (-0.052, True, True, "−5.2"),
        (-0.052, False, True, "−0.052"),
        (0.0, True, True, "0.0"),
        (-0.0004, True, True, "0.0"),  # rounded it is nought, and nought has no sign
        (-0.0004, False, True, "0.000"),
        (0.0004, True, True, "0.0"),
        (1.0, True, False, "100.0"),
        (NAN, True, False, "–"),
        (NAN, False, True, "–"),
    ],
)
def test_a_number(value: float, per_cent: bool, signed: bool, said: str) -> None:
    assert number(value, per_cent=per_cent, signed=signed) == said


def test_a_mean_stands_before_its_deviation_and_that_of_one_run_has_none() -> None:
    assert spread_parts(Spread(3, 0.7, 0.1), ACCURACY) == ("70.0", "± 10.0")
    assert spread_parts(Spread(3, 0.25, 0.0125), ENTROPY) == ("0.250", "± 0.013")
    assert spread_parts(Spread(1, 0.7, NAN), ACCURACY) == ("70.0", "")
    assert spread_parts(Spread(0, NAN, NAN), ACCURACY) == ("–", "")


def test_a_difference_has_its_sign_and_its_interval() -> None:
    assert difference_parts(Difference(3, 0.2, -0.048, 0.448), ACCURACY) == ("+20.0", "−4.8 to +44.8")
    assert difference_parts(Difference(3, -0.02, -0.03, -0.01), ENTROPY) == ("−0.020", "−0.030 to −0.010")
    assert difference_parts(Difference(1, 0.2, NAN, NAN), ACCURACY) == ("+20.0", "")


@pytest.mark.parametrize(
    ("found", "signed", "parts"),
    [
        (
            Outcome("t", reached=True, number=0.2, low=0.1, high=0.3),
            True,
            ("reached", "+20.0", "+10.0 to +30.0"),
        ),
        (
            Outcome("t", reached=False, number=0.4, low=0.1, high=0.7),
            False,
            ("not reached", "40.0 %", "10.0 to 70.0"),
        ),
        (Outcome("t", None, 0.2, NAN, NAN, "one run"), True, ("not known", "+20.0", "one run")),
        (Outcome("t", None, NAN, NAN, NAN, "no such arm"), False, ("not known", "", "no such arm")),
    ],
)
def test_a_target_is_reached_or_not_with_its_number_or_says_why_it_is_not_known(
    found: Outcome, signed: bool, parts: tuple[str, str, str]
) -> None:
    assert outcome_parts(found, Target("t", "T", "more", signed=signed)) == parts


def test_what_is_not_known_is_not_counted_as_reached() -> None:
    judged = [True, False, None] + [False] * (len(TARGETS) - 3)
    outcomes = tuple(
        Outcome(target.key, reached, 0.1, 0.0, 0.2) for target, reached in zip(TARGETS, judged, strict=True)
    )
    assert reached_of(ArmOutcomes("arm", None, outcomes)) == f"1 of {len(TARGETS)}"
