"""What lies at one place, photograph by photograph."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.overlap import Overlap, Placement, SharedObjects, place_of_each, shared_objects

BESIDE = Overlap(0, 1, Placement(1 + 0j, -4 + 0j))
"""The second begins four cell widths to the right of the first."""


def pairs(*one_other_apart: tuple[int, int, float]) -> SharedObjects:
    one, other, apart = zip(*one_other_apart, strict=True)
    return SharedObjects(np.array(one), np.array(other), np.array(apart))


def places(photograph: list[int], *shared: SharedObjects) -> set[frozenset[int]]:
    """The objects at each place."""
    place = place_of_each(np.array(photograph, np.int32), shared)
    return {frozenset(np.flatnonzero(place == number).tolist()) for number in place.tolist()}


def test_an_object_is_shared_where_it_lies_within_half_a_cell_of_one_on_the_other() -> None:
    first = np.array([5 + 1j, 6.4 + 1j, 8 + 1j, 1 + 1j])
    second = np.array([1.1 + 1j, 2.4 + 1.6j, 3.6 + 1j])  # .1, .6 and .4 from where the first's should lie
    shared = shared_objects(BESIDE, first, second)
    assert (shared.first.tolist(), shared.second.tolist()) == ([0, 2], [0, 2])
    assert shared.apart == pytest.approx([0.1, 0.4])


def test_objects_are_at_one_place_also_by_way_of_a_third() -> None:
    # 0 and 3 are one, and 3 and 5; 1 and 4 are one; 2 is alone.
    found = places([0, 0, 0, 1, 1, 2], pairs((0, 3, 0.1), (1, 4, 0.1)), pairs((3, 5, 0.1)))
    assert found == {frozenset({0, 3, 5}), frozenset({1, 4}), frozenset({2})}


def test_a_clump_on_one_photograph_makes_no_one_cell_of_two_that_others_show() -> None:
    # The first and the third show two cells (0 and 1, 3 and 4), the second one clump between them.
    found = places(
        [0, 0, 1, 2, 2], pairs((0, 2, 0.41)), pairs((0, 3, 0.02), (1, 4, 0.03)), pairs((2, 4, 0.42))
    )
    assert found == {frozenset({0, 2, 3}), frozenset({1, 4})}


def test_the_closest_hold_in_whichever_order_they_are_found() -> None:
    # 0 and 1 of one photograph both lie by 2 of the next, by way of 3 of the last.
    near, far = pairs((1, 2, 0.1), (2, 3, 0.2)), pairs((0, 3, 0.3))
    expected = {frozenset({0}), frozenset({1, 2, 3})}
    assert places([0, 0, 1, 2], near, far) == places([0, 0, 1, 2], far, near) == expected


@given(st.data())
def test_a_place_never_has_two_objects_of_one_photograph_and_only_joined_ones(data: st.DataObject) -> None:
    photograph = sorted(data.draw(st.lists(st.integers(0, 4), min_size=2, max_size=14)))
    number = st.integers(0, len(photograph) - 1)
    joined = data.draw(st.lists(st.tuples(number, number, st.floats(0, 0.5)), min_size=1, max_size=40))
    between = [pair for pair in joined if photograph[pair[0]] != photograph[pair[1]]]
    found = places(photograph, *[pairs(pair) for pair in between])
    assert sorted(number for place in found for number in place) == list(range(len(photograph)))
    for place in found:
        assert len({photograph[number] for number in place}) == len(place)
        reached = {min(place)}
        for _ in place:
            reached |= {
                two for one, other, _ in between for two in (one, other) if {one, other} & reached
            } & place
        assert reached == place
    for one, other, _ in between:  # what was not joined had a reason
        here, there = (next(place for place in found if number in place) for number in (one, other))
        assert here == there or {photograph[at] for at in here} & {photograph[at] for at in there}


@pytest.mark.parametrize("objects", [0, 3])
def test_without_overlaps_each_has_a_place_of_its_own(objects: int) -> None:
    assert len(places([0] * objects)) == objects
