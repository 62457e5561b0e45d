"""The second look: which objects of a slide it sees, and what both looks say together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cells.second_look import (
    LEAST,
    SHARE,
    TAKEN_FOR_INFECTED,
    combined,
    rank_values,
    seen_again,
    share_seen,
)

NAN = float("nan")


def seen(first: list[float], share: float) -> list[int]:
    return np.flatnonzero(seen_again(np.array(first, np.float32), share)).tolist()


@pytest.mark.parametrize(
    ("objects", "share"), [(200_000, SHARE), (4 * LEAST, 0.25), (LEAST, 1.0), (0.5, 1.0)]
)
def test_of_a_smaller_slide_it_sees_a_larger_share(objects: float, share: float) -> None:
    assert share_seen(objects) == pytest.approx(share)


def test_it_sees_the_best_of_a_field_however_low_their_scores() -> None:
    assert seen([0.01, 0.03, 0.02, 0.0], 0.5) == [1, 2]
    assert seen([0.01, 0.03, 0.02, 0.0], 0.51) == [0, 1, 2]  # a share of a field is rounded up
    assert seen([0.01, 0.01, 0.01], 0.01) == [0]  # of equal ones the first


def test_what_is_taken_for_infected_is_seen_whatever_the_share() -> None:
    assert seen([0.9, TAKEN_FOR_INFECTED, 0.49, 0.7], 0.1) == [0, 1, 3]


def test_what_is_not_looked_at_is_not_seen_and_does_not_count() -> None:
    assert seen([NAN, 0.1, NAN, 0.2], 0.5) == [3]
    assert seen([NAN, NAN], 1.0) == []
    assert seen([], 1.0) == []


def test_the_odds_of_both_looks_are_multiplied() -> None:
    # Even odds say nothing; 1 : 4 by 8 : 1 is 2 : 1; 9 : 1 by 1 : 9 is even.
    first = np.array([0.5, 0.5, 0.2, 0.9], np.float32)
    second = np.log(np.array([1.0, 3.0, 8.0, 1 / 9], np.float32))
    np.testing.assert_allclose(combined(first, second), [0.5, 0.75, 2 / 3, 0.5], atol=1e-6)


def test_a_first_look_that_is_sure_leaves_the_second_a_million_to_one() -> None:
    found = combined(np.array([0.0, 1.0], np.float32), np.array([np.log(1e6), -np.log(1e6)], np.float32))
    np.testing.assert_allclose(found, [0.5, 0.5], atol=1e-5)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(-30, 30)), min_size=2, max_size=20))
def test_what_both_looks_rank_higher_is_ranked_no_lower(scores: list[tuple[float, float]]) -> None:
    first, second = np.array(scores, np.float32).T
    found = combined(first, second)
    assert ((found >= 0) & (found <= 1)).all()
    higher = (first[:, None] >= first) & (second[:, None] >= second)
    assert (found[:, None] >= found)[higher].all()


def test_what_the_second_look_has_seen_stands_above_all_that_it_has_not() -> None:
    values = rank_values(np.array([0.9, 0.2, 0.8]), np.array([np.nan, 0.1, 0.3]))
    assert np.argsort(-values).tolist() == [2, 1, 0]
