"""The second look: which objects of a slide it sees, and what both looks say together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cells.second_look import LEAST, SHARE, combined, seen_from

SCORES = np.linspace(0, 1, 1001, dtype=np.float32)


def test_of_a_large_slide_it_sees_a_share() -> None:
    assert seen_from(SCORES, 200_000) == pytest.approx(1 - SHARE)


def test_of_a_smaller_slide_it_sees_a_larger_one() -> None:
    assert seen_from(SCORES, 4 * LEAST) == pytest.approx(0.75)


@pytest.mark.parametrize("objects", [0.5, LEAST])
def test_of_a_small_slide_it_sees_all(objects: float) -> None:
    assert seen_from(SCORES, objects) == 0.0


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
