"""How photographs lie on each other, put together and turned round."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.overlap import Placement

POINTS = np.array([0j, 3 + 0j, 3 + 2j])
parts = st.floats(-9, 9, allow_subnormal=False)
turns = st.builds(lambda angle, size: complex(size * np.exp(1j * angle)), parts, st.floats(0.5, 2))
placements = st.builds(Placement, turns, st.builds(complex, parts, parts), st.booleans())


def test_a_photograph_turned_by_a_quarter_lies_so() -> None:
    # Clockwise, as y goes down: what was on the right is below; then 5 to the right.
    assert Placement(1j, 5).of(POINTS) == pytest.approx([5, 5 + 3j, 3 + 3j])


def test_a_mirrored_photograph_is_upside_down_before_it_is_turned() -> None:
    # Of a picture 2 high mirrored from top to bottom, the upper left corner is the lower left one.
    assert Placement(1, 2j, is_mirrored=True).of(POINTS) == pytest.approx([2j, 3 + 2j, 3 + 0j])
    assert Placement(1, 0).of_upside_down(2) == Placement(1, 2j, is_mirrored=True)


@given(placements)
def test_there_and_back_is_where_it_was(placement: Placement) -> None:
    assert placement.backwards.of(placement.of(POINTS)) == pytest.approx(POINTS, abs=1e-9)
    assert placement.backwards.is_mirrored == placement.is_mirrored


@given(placements, placements)
def test_by_way_of_a_second_is_one_after_the_other(one: Placement, other: Placement) -> None:
    assert one.then(other).of(POINTS) == pytest.approx(other.of(one.of(POINTS)), abs=1e-9)


@given(placements)
def test_upside_down_twice_is_as_it_was(placement: Placement) -> None:
    flipped = POINTS.conj() + 2j  # of a photograph 2 high
    assert placement.of_upside_down(2).of(POINTS) == pytest.approx(placement.of(flipped), abs=1e-9)
