"""What lies at one place, photograph by photograph."""

import numpy as np
import pytest

from core.overlap import Overlap, place_of_each, shared_objects
from core.overlap.alignment import Alignment

BESIDE = Overlap(0, 1, Alignment(1 + 0j, -4 + 0j, 9, 1.0, -9.0))
"""The second begins four cell widths to the right of the first."""


def test_an_object_is_shared_where_it_lies_within_half_a_cell_of_one_on_the_other() -> None:
    first = np.array([5 + 1j, 6.4 + 1j, 8 + 1j, 1 + 1j])
    second = np.array([1.1 + 1j, 2.4 + 1.6j, 3.6 + 1j])  # .1, .6 and .4 from where the first's should lie
    one, other = shared_objects(BESIDE, first, second)
    assert (one.tolist(), other.tolist()) == ([0, 2], [0, 2])


def test_objects_are_at_one_place_also_by_way_of_a_third() -> None:
    # 0 and 3 are one, and 3 and 5; 1 and 4 are one; 2 is alone.
    place = place_of_each(6, [np.array([0, 1]), np.array([3])], [np.array([3, 4]), np.array([5])])
    assert place[0] == place[3] == place[5]
    assert place[1] == place[4]
    assert len(set(place.tolist())) == 3


@pytest.mark.parametrize("objects", [0, 3])
def test_without_overlaps_each_has_a_place_of_its_own(objects: int) -> None:
    assert len(set(place_of_each(objects, [], []).tolist())) == objects
