"""Which arms are on the front, by hand and by its definition."""

import math

from hypothesis import given
from hypothesis import strategies as st

from core.study.pareto import dominates, on_front

# Few values, so that ties are common.
points = st.lists(st.tuples(*[st.sampled_from([0.0, 0.25, 0.5, 1.0])] * 3), max_size=12)


def test_the_front_by_hand() -> None:
    # The third is below the second in all; the fourth is below the first in one figure and nowhere above.
    arms = [(0.95, 0.50, 0.40), (0.93, 0.80, 0.45), (0.92, 0.70, 0.30), (0.95, 0.50, 0.39)]
    assert on_front(arms) == (True, True, False, False)


def test_an_arm_that_is_best_in_one_figure_alone_is_on_the_front() -> None:
    assert on_front([(0.9, 0.9, 0.1), (0.1, 0.1, 0.2)]) == (True, True)


def test_arms_that_are_alike_are_on_the_front_together() -> None:
    assert on_front([(0.9, 0.5, 0.5), (0.9, 0.5, 0.5)]) == (True, True)


def test_an_arm_with_an_undefined_figure_is_not_on_the_front_and_keeps_nothing_off_it() -> None:
    assert on_front([(1.0, 1.0, math.nan), (0.5, 0.5, 0.5)]) == (False, True)


def test_no_arm_has_no_front() -> None:
    assert on_front([]) == ()


@given(points)
def test_no_arm_on_the_front_is_dominated_and_each_off_it_is_by_one_on_it(
    arms: list[tuple[float, ...]],
) -> None:
    front = [arm for arm, best in zip(arms, on_front(arms), strict=True) if best]
    for arm, best in zip(arms, on_front(arms), strict=True):
        better = [one for one in front if dominates(one, arm)]
        assert bool(better) is not best


@given(points, st.permutations(range(3)))
def test_the_order_of_the_figures_does_not_matter(arms: list[tuple[float, ...]], order: list[int]) -> None:
    assert on_front(arms) == on_front([[arm[figure] for figure in order] for arm in arms])
