"""Figures of a study in words, as its page and its tables in Markdown have them."""

import math

from core.study.comparison import Difference, Spread
from core.study.table import Column
from core.study.targets import TARGETS, ArmOutcomes, Outcome, Target

NONE = "–"
FRONT_MARK = "◆"


def number(value: float, *, per_cent: bool = True, signed: bool = False) -> str:
    """One decimal of a per cent or three of anything else; a figure of 0 has no sign; a dash for NaN."""
    if math.isnan(value):
        return NONE
    text = f"{100 * value:+.1f}" if per_cent else f"{value:+.3f}"
    # Also where it is a little below 0.
    text = text if float(text) else text[1:]
    return (text if signed else text.removeprefix("+")).replace("-", "−")


def spread_parts(found: Spread, column: Column) -> tuple[str, str]:
    """Mean, and the standard deviation behind "±"; empty where there is none."""
    mean = number(found.mean, per_cent=column.per_cent)
    if math.isnan(found.deviation):
        return mean, ""
    return mean, f"± {number(found.deviation, per_cent=column.per_cent)}"


def difference_parts(found: Difference, column: Column) -> tuple[str, str]:
    """Mean difference, and its interval; empty where there is none."""
    mean = number(found.mean, per_cent=column.per_cent, signed=True)
    return mean, _interval(found.low, found.high, per_cent=column.per_cent, signed=True)


def outcome_parts(found: Outcome, target: Target) -> tuple[str, str, str]:
    """Whether a target is reached, its number, and the interval or what is to be said instead."""
    word = {True: "reached", False: "not reached", None: "not known"}[found.reached]
    text = "" if math.isnan(found.number) else number(found.number, signed=target.signed)
    unit = "" if target.signed or not text else " %"
    return word, text + unit, found.why or _interval(found.low, found.high, signed=target.signed)


def reached_of(arm: ArmOutcomes) -> str:
    """How many targets an arm reached."""
    return f"{sum(outcome.reached is True for outcome in arm.outcomes)} of {len(TARGETS)}"


def _interval(low: float, high: float, *, per_cent: bool = True, signed: bool = False) -> str:
    if math.isnan(low):
        return ""
    return " to ".join(number(value, per_cent=per_cent, signed=signed) for value in (low, high))
