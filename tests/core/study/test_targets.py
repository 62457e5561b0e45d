"""What an arm reached, on runs whose figures are written down here."""

import math

import pytest

from core.study.comparison import RunKey, paired_ratio
from core.study.table import COLUMNS
from core.study.targets import TARGETS, ArmOutcomes, Outcome, Runs, arm_outcomes

BASE = {column.key: 0.5 for column in COLUMNS} | {"region_area": 0.4, "share_above_half": 0.3}


def runs(*given: dict[str, float]) -> Runs:
    return {RunKey(seed, 0): BASE | one for seed, one in enumerate(given)}


def outcome(
    target: str, arm: Runs, ce: Runs, shuffled: Runs | None = None, control: str = "shuffled"
) -> Outcome:
    figures = {"ce": ce, "arm": arm} | ({} if shuffled is None else {"shuffled": shuffled})
    controls = {} if shuffled is None else {"arm": control}
    found = arm_outcomes(list(figures), "ce", controls, figures)[0]
    assert found.arm == "arm"
    return {one.target: one for one in found.outcomes}[target]


@pytest.mark.parametrize(
    ("key", "enough", "too_little"),
    [("epg", 0.70, 0.69), ("pointing_game", 0.70, 0.69), ("max_box_acc_v2", 0.58, 0.57)],
)
def test_a_gain_is_reached_from_its_least_on_by_the_mean(key: str, enough: float, too_little: float) -> None:
    # .5 + .2 and its like are a little below in floating point: that is no shortfall.
    found = outcome(f"{key}_gain", runs({key: enough}), runs({}))
    assert found.reached is True
    assert found.number == pytest.approx(enough - 0.5)
    assert outcome(f"{key}_gain", runs({key: too_little}), runs({})).reached is False


def test_a_gain_has_the_interval_of_the_paired_difference() -> None:
    # Gains .2, .3, .4: t(.975, 2) = 4.302653, deviation .1.
    found = outcome("epg_gain", runs({"epg": 0.7}, {"epg": 0.8}, {"epg": 0.9}), runs({}, {}, {}))
    half = 4.302653 * 0.1 / math.sqrt(3)
    assert (found.number, found.low, found.high) == pytest.approx((0.3, 0.3 - half, 0.3 + half), abs=1e-6)


@pytest.mark.parametrize(("shuffled", "share", "reached"), [(0.6, 2 / 3, True), (0.7, 1 / 3, False)])
def test_what_shuffled_boxes_give_too_is_no_gain_of_the_boxes(
    shuffled: float, share: float, reached: bool
) -> None:
    found = outcome("epg_beyond_shuffled", runs({"epg": 0.8}), runs({}), runs({"epg": shuffled}))
    assert found.number == pytest.approx(share)
    assert found.reached is reached


def test_half_of_the_gain_is_enough() -> None:
    found = outcome("epg_beyond_shuffled", runs({"epg": 0.8}), runs({"epg": 0.4}), runs({"epg": 0.6}))
    assert found.number == pytest.approx(0.5)
    assert found.reached is True


def test_without_a_gain_no_share_of_it_is_beyond_anything() -> None:
    found = outcome("epg_beyond_shuffled", runs({"epg": 0.4}), runs({}), runs({"epg": 0.2}))
    assert (found.reached, found.why) == (False, "no gain")
    assert math.isnan(found.number)


def test_without_a_shuffled_arm_it_is_said_that_there_is_none() -> None:
    found = outcome("epg_beyond_shuffled", runs({"epg": 0.8}), runs({}))
    assert (found.reached, found.why) == (None, "no arm with shuffled regions and otherwise the same")


def test_the_shuffled_arm_itself_is_no_arm_beyond_it() -> None:
    figures = {"ce": runs({}), "arm": runs({}), "shuffled": runs({})}
    _, control = arm_outcomes(list(figures), "ce", {"arm": "shuffled"}, figures)
    assert {one.why for one in control.outcomes if "beyond" in one.target} == {"this is the shuffled control"}
    assert control.shuffled is None


@pytest.mark.parametrize(
    ("after", "reached"),
    [
        ((0.51, 0.51, 0.51), True),
        ((0.50, 0.50, 0.50), False),
        ((0.49, 0.49, 0.49), False),
        ((0.50, 0.52, 0.54), False),  # 2 points more, and from -3 points on: that may be chance
    ],
)
@pytest.mark.parametrize("key", ["epg_other_method", "deletion_gap"])
def test_the_other_method_and_the_deletion_gap_must_gain_by_their_whole_interval(
    key: str, after: tuple[float, ...], reached: bool
) -> None:
    arm = runs(*({key: value} for value in after))
    assert outcome(f"{key}_gain", arm, runs({}, {}, {})).reached is reached


def test_a_method_that_is_in_the_loss_is_no_other_method() -> None:
    found = outcome("epg_other_method_gain", runs({"epg_other_method": math.nan}), runs({}))
    assert (found.reached, found.why) == (None, "not measured")


@pytest.mark.parametrize(
    ("accuracies", "reached"),
    [
        ((0.500, 0.500, 0.500), True),  # the interval is 0 to 0
        ((0.494, 0.494, 0.494), False),  # lost for sure
        ((0.500, 0.520, 0.540), False),  # a gain of 2 points, but from -3 points on: it may be a loss
        ((0.518, 0.520, 0.522), True),
    ],
)
def test_accuracy_is_judged_by_the_lower_end_of_its_interval(
    accuracies: tuple[float, ...], reached: bool
) -> None:
    arm = runs(*({"accuracy": value} for value in accuracies))
    assert outcome("accuracy_kept", arm, runs({}, {}, {})).reached is reached


@pytest.mark.parametrize(
    ("target", "key"),
    [("accuracy_kept", "accuracy"), ("deletion_gap_gain", "deletion_gap")],
)
def test_what_is_judged_by_an_interval_has_a_difference_and_no_judgement_in_one_run(
    target: str, key: str
) -> None:
    found = outcome(target, runs({key: 0.6}), runs({}))
    assert found.number == pytest.approx(0.1)
    assert found.reached is None
    assert "two runs" in found.why


@pytest.mark.parametrize(("after", "reached"), [(0.31, False), (0.3, True), (0.2, True)])
def test_the_map_must_not_spread(after: float, reached: bool) -> None:
    assert outcome("share_above_half_gain", runs({"share_above_half": after}), runs({})).reached is reached


@pytest.mark.parametrize(("after", "share", "reached"), [(0.2, 0.5, True), (0.1, 0.25, False)])
def test_the_map_must_not_shrink_below_half_of_the_boxes(after: float, share: float, reached: bool) -> None:
    found = outcome("share_above_half_of_area", runs({"share_above_half": after}), runs({}))
    assert found.number == pytest.approx(share)
    assert found.reached is reached


def test_every_arm_but_the_one_compared_with_has_an_outcome_for_every_target_in_order() -> None:
    figures = {name: runs({}) for name in ("a", "ce", "b")}
    found: tuple[ArmOutcomes, ...] = arm_outcomes(["a", "ce", "b"], "ce", {}, figures)
    assert [arm.arm for arm in found] == ["a", "b"]
    for arm in found:
        assert [one.target for one in arm.outcomes] == [target.key for target in TARGETS]


def test_the_interval_of_a_share_beyond_shuffled_is_that_of_the_ratio() -> None:
    arm, ce = runs({"epg": 0.8}, {"epg": 0.9}, {"epg": 0.8}), runs({"epg": 0.4}, {"epg": 0.45}, {"epg": 0.4})
    shuffled = runs({"epg": 0.5}, {"epg": 0.55}, {"epg": 0.52})
    found = outcome("epg_beyond_shuffled", arm, ce, shuffled)
    keys = [RunKey(seed, 0) for seed in range(3)]
    expected = paired_ratio(
        dict(zip(keys, (0.3, 0.35, 0.28), strict=True)), dict(zip(keys, (0.4, 0.45, 0.4), strict=True))
    )
    assert (found.number, found.low, found.high) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
