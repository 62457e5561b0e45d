"""What a guided arm should reach against the arm compared with, and what it did reach."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.study.comparison import RunKey, paired_difference, paired_ratio, spread

ROUNDING = 1e-9
"""A target is reached from so little below it on: means of shares do not come out exactly."""

Runs = Mapping[RunKey, Mapping[str, float]]
"""Figures of an arm's runs, by `core.study.table.Column.key`."""


@dataclass(frozen=True)
class Target:
    """Something to reach.

    Attributes
    ----------
    key, title
        Its name in files, and on the page.
    asks
        What is to be reached, in words.
    signed
        Whether its number is a difference in points; else a ratio.
    """

    key: str
    title: str
    asks: str
    signed: bool = True


_GAINS = (
    ("epg", "EPG", 0.20),
    ("pointing_game", "pointing game", 0.20),
    ("max_box_acc_v2", "MaxBoxAccV2", 0.08),
)
_ACCURACY_LOST = -0.005
_SHARE_BEYOND = 0.5
_SHARE_OF_AREA = 0.5

TARGETS = (
    *(
        Target(f"{key}_gain", title, f"gain of {100 * least:g} points or more")
        for key, title, least in _GAINS
    ),
    *(
        Target(
            f"{key}_beyond_shuffled",
            f"{title} beyond shuffled boxes",
            "half of the gain or more is not had with shuffled boxes",
            signed=False,
        )
        for key, title, _ in _GAINS
    ),
    Target(
        "epg_other_method_gain",
        "EPG, other method",
        "gain under maps that are not in the loss, its whole interval",
    ),
    Target("deletion_gap_gain", "deletion gap", "larger, the whole interval"),
    Target("accuracy_kept", "accuracy", "lower end of the interval of the difference above −0.5 points"),
    Target("share_above_half_gain", "above half", "not larger"),
    Target(
        "share_above_half_of_area",
        "above half, of the region",
        "half of the mean area of the regions or more",
        signed=False,
    ),
)


@dataclass(frozen=True)
class Outcome:
    """What an arm did with a target.

    Attributes
    ----------
    target
        `Target.key`.
    reached
        None where it cannot be said.
    number, low, high
        What is judged and its 95 % interval, as in `core.study.comparison`; NaN where undefined.
    why
        Why there is no number or no judgement; else empty.
    """

    target: str
    reached: bool | None
    number: float
    low: float
    high: float
    why: str = ""


@dataclass(frozen=True)
class ArmOutcomes:
    """What an arm reached.

    Attributes
    ----------
    arm
        Its name.
    shuffled
        The arm that is as it is but for its shuffled regions; None where there is none.
    outcomes
        In the order of `TARGETS`.
    """

    arm: str
    shuffled: str | None
    outcomes: tuple[Outcome, ...]


def arm_outcomes(
    arms: Sequence[str], compared_with: str, shuffled: Mapping[str, str], figures: Mapping[str, Runs]
) -> tuple[ArmOutcomes, ...]:
    """What each arm reached but the one compared with.

    Where a target has a number, the mean is judged; where it is but a direction, and of the accuracy, the
    lower end of the interval: a mean above 0 comes about by chance half of the time.

    Parameters
    ----------
    arms
        Names.
    compared_with
        One of them.
    shuffled
        Names of the arms with shuffled regions, by those that they are the controls of.
    figures
        Of each arm.
    """
    return tuple(
        ArmOutcomes(arm, shuffled.get(arm), _outcomes(arm, figures, compared_with, shuffled))
        for arm in arms
        if arm != compared_with
    )


def _outcomes(
    arm: str, figures: Mapping[str, Runs], compared_with: str, shuffled: Mapping[str, str]
) -> tuple[Outcome, ...]:
    runs, reference = figures[arm], figures[compared_with]
    if arm in shuffled.values():
        control, why = None, "this is the shuffled control"
    elif arm in shuffled:
        control, why = figures[shuffled[arm]], ""
    else:
        control, why = None, "no arm with shuffled regions and otherwise the same"
    return (
        *(_gain(f"{key}_gain", runs, reference, key, least) for key, _, least in _GAINS),
        *(
            _unknown(f"{key}_beyond_shuffled", why)
            if control is None
            else _beyond(f"{key}_beyond_shuffled", runs, reference, control, key)
            for key, _, _ in _GAINS
        ),
        _above("epg_other_method_gain", runs, reference, "epg_other_method", 0),
        _above("deletion_gap_gain", runs, reference, "deletion_gap", 0),
        _above("accuracy_kept", runs, reference, "accuracy", _ACCURACY_LOST),
        _not_larger(runs, reference),
        _not_shrunk(runs),
    )


def _of(runs: Runs, key: str) -> dict[RunKey, float]:
    return {run: values[key] for run, values in runs.items()}


def _less(runs: Runs, others: Runs, key: str) -> dict[RunKey, float]:
    return {run: values[key] - others[run][key] for run, values in runs.items() if run in others}


def _unknown(target: str, why: str) -> Outcome:
    return Outcome(target, None, math.nan, math.nan, math.nan, why)


def _gain(target: str, runs: Runs, reference: Runs, key: str, least: float) -> Outcome:
    """A mean gain of at least so much."""
    found = paired_difference(_of(runs, key), _of(reference, key))
    if math.isnan(found.mean):
        return _unknown(target, "not measured")
    return Outcome(target, found.mean >= least - ROUNDING, found.mean, found.low, found.high)


def _above(target: str, runs: Runs, reference: Runs, key: str, limit: float) -> Outcome:
    """A difference whose whole interval is above a limit."""
    found = paired_difference(_of(runs, key), _of(reference, key))
    if math.isnan(found.mean):
        return _unknown(target, "not measured")
    if math.isnan(found.low):
        why = "an interval takes two runs or more"
        return Outcome(target, None, found.mean, found.low, found.high, why)
    return Outcome(target, found.low > limit, found.mean, found.low, found.high)


def _beyond(target: str, runs: Runs, reference: Runs, control: Runs, key: str) -> Outcome:
    gains = _less(runs, reference, key)
    gain = spread(list(gains.values())).mean
    found = paired_ratio(_less(runs, control, key), gains)
    if math.isnan(gain) or not found.runs:
        return _unknown(target, "not measured")
    if gain <= 0:
        return Outcome(target, reached=False, number=math.nan, low=math.nan, high=math.nan, why="no gain")
    return Outcome(target, found.value >= _SHARE_BEYOND - ROUNDING, found.value, found.low, found.high)


def _not_larger(runs: Runs, reference: Runs) -> Outcome:
    found = paired_difference(_of(runs, "share_above_half"), _of(reference, "share_above_half"))
    if math.isnan(found.mean):
        return _unknown("share_above_half_gain", "not measured")
    return Outcome("share_above_half_gain", found.mean <= ROUNDING, found.mean, found.low, found.high)


def _not_shrunk(runs: Runs) -> Outcome:
    found = paired_ratio(_of(runs, "share_above_half"), _of(runs, "region_area"))
    if math.isnan(found.value):
        return _unknown("share_above_half_of_area", "not measured")
    reached = found.value >= _SHARE_OF_AREA - ROUNDING
    return Outcome("share_above_half_of_area", reached, found.value, found.low, found.high)
