"""A list ranked anew by the calls on its first cells."""

from collections.abc import Mapping
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit

from core.review.learned_ranking import INTERCEPT, PARASITE_WEIGHT, learned_ranking

CELLS, FEATURES = 60, 5
calls_of_both_kinds = st.dictionaries(
    st.integers(0, CELLS - 1), st.booleans(), min_size=2, max_size=30
).filter(lambda calls: any(calls.values()) and not all(calls.values()))


def drawn_slide(cells: int = CELLS, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Log-odds of a machine that is sure of little, and features that are alike in none."""
    random = np.random.default_rng(seed)
    log_odds = random.normal(-4, 3, cells)
    return log_odds, random.normal(1, (1, 2, 3, 4, 5), (cells, FEATURES)).astype(np.float32)


@pytest.mark.parametrize("calls", [{}, {3: True}, {3: True, 0: True}, {0: False, 5: False}])
def test_the_order_is_the_machines_until_parasites_and_other_cells_were_called(
    calls: Mapping[int, bool],
) -> None:
    machine, features = drawn_slide()
    ranking = learned_ranking(machine, features, calls)
    assert np.array_equal(ranking.log_odds, machine)
    assert ranking.blind_log_odds.tolist() == machine[sorted(calls)].tolist()


@pytest.mark.parametrize(
    ("others", "weight", "constant"), [(1, 1, 1.031), (10, 10, -1.179), (60, 30, -2.262)]
)
def test_cells_that_are_all_alike_move_together_by_the_share_of_parasites(
    others: int, weight: float, constant: float
) -> None:
    """At even odds, one is infected and counts three, the others as many as they are, up to thirty.

    So 3 (p - 1) + weight p + penalty b = 0, where p are the odds of b.
    """
    calls = {0: True} | dict.fromkeys(range(1, others + 1), False)
    ranking = learned_ranking(np.zeros(80), np.ones((80, 3)), calls)
    assert np.allclose(ranking.log_odds, ranking.log_odds[0])
    learned = ranking.log_odds[0]
    balance = (PARASITE_WEIGHT + weight) * expit(learned) - PARASITE_WEIGHT + INTERCEPT * learned
    assert balance == pytest.approx(0, abs=1e-7)
    assert learned == pytest.approx(constant, abs=0.001)


def test_look_alikes_of_what_is_called_no_parasite_sink_below_those_of_parasites() -> None:
    """Platelets and parasites take turns at the top of the machine's list, and differ in one feature."""
    random = np.random.default_rng(0)
    machine = np.concatenate([np.linspace(4, 2, 40), random.normal(-6, 1, 400)])
    features = random.normal(0, 1, (440, FEATURES))
    platelet = np.arange(40) % 2 == 0
    features[:40, 0] += np.where(platelet, 6, 0)
    calls = {index: not platelet[index] for index in range(10)}
    ranking = learned_ranking(machine, features, calls)
    unread = np.arange(10, 40)
    moved = ranking.log_odds - machine
    assert moved[unread[platelet[unread]]].max() < moved[unread[~platelet[unread]]].min()
    best = unread[np.argsort(-ranking.log_odds[unread])]
    assert not platelet[best[:6]].any()


@given(calls_of_both_kinds, st.randoms())
def test_the_order_of_the_calls_does_not_matter(calls: dict[int, bool], random: Random) -> None:
    shuffled = list(calls.items())
    random.shuffle(shuffled)
    one, other = (learned_ranking(*drawn_slide(), each) for each in (calls, dict(shuffled)))
    assert np.array_equal(one.log_odds, other.log_odds)
    assert np.array_equal(one.blind_log_odds, other.blind_log_odds)


@given(calls_of_both_kinds, st.integers(0, CELLS - 1))
def test_a_cell_stands_no_lower_where_it_is_called_a_parasite(calls: dict[int, bool], cell: int) -> None:
    without = {index: call for index, call in calls.items() if index != cell}
    if not any(without.values()) or all(without.values()):
        return
    slide = drawn_slide()
    lower, between, upper = (
        learned_ranking(*slide, each).log_odds[cell]
        for each in ({**without, cell: False}, without, {**without, cell: True})
    )
    assert lower <= between + 1e-7
    assert between <= upper + 1e-7


@given(calls_of_both_kinds)
def test_units_of_features_do_not_matter_and_constant_ones_say_nothing(calls: dict[int, bool]) -> None:
    machine, features = drawn_slide()
    other = np.concatenate([features * 7 - 3, np.full((CELLS, 1), 0.1, np.float32)], axis=1)
    one, another = (learned_ranking(machine, each, calls).log_odds for each in (features, other))
    assert np.allclose(one, another, atol=1e-3)


@given(calls_of_both_kinds)
def test_doubles_stand_beside_each_other(calls: dict[int, bool]) -> None:
    machine, features = drawn_slide()
    doubled = learned_ranking(np.tile(machine, 2), np.tile(features, (2, 1)), calls).log_odds
    assert np.allclose(doubled[:CELLS], doubled[CELLS:])


@given(calls_of_both_kinds)
def test_numbers_stay_finite_where_the_machine_is_sure_and_wrong(calls: dict[int, bool]) -> None:
    machine, features = drawn_slide()
    sure = np.array([-14.0 if calls.get(index) else 14.0 for index in range(len(machine))])
    ranking = learned_ranking(sure, features, calls)
    assert np.isfinite(ranking.log_odds).all()
    assert np.isfinite(ranking.blind_log_odds).all()


def test_a_blind_score_is_what_the_other_calls_say() -> None:
    """To first order: nearer to the ranking without the call than to the one with it."""
    machine, features = drawn_slide(400)
    best = np.argsort(-machine)[:60]
    calls = {int(cell): bool(features[cell, 0] > 1) for cell in best}
    ranking = learned_ranking(machine, features, calls)
    for place, cell in enumerate(ranking.called.tolist()):
        others = {index: call for index, call in calls.items() if index != cell}
        without = learned_ranking(machine, features, others).log_odds[cell]
        error = abs(ranking.blind_log_odds[place] - without)
        assert error <= 0.25 * abs(ranking.log_odds[cell] - without) + 1e-3


@pytest.mark.parametrize(
    ("machine", "features", "calls", "named"),
    [
        (np.zeros(3), np.zeros((4, 2)), {}, "of the same cells"),
        (np.zeros(3), np.full((3, 2), np.nan), {}, "not finite"),
        (np.array([0, np.inf, 0]), np.zeros((3, 2)), {}, "not finite"),
        (np.zeros(3), np.zeros((3, 2)), {3: True}, "cell 3 of 3"),
        (np.zeros(3), np.zeros((3, 2)), {-1: True}, "cell -1 of 3"),
    ],
)
def test_what_does_not_fit_is_named(
    machine: NDArray[np.float64], features: NDArray[np.float64], calls: dict[int, bool], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        learned_ranking(machine, features, calls)
