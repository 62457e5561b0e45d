"""All pairs of a slide that overlap: by their cells where these suffice, else by what their pictures show."""

from collections.abc import Sequence

import numpy as np
import pytest

from core.overlap import Overlap, Pattern, overlaps
from tests.core.overlap.strewn_cells import photograph, strewn

SLIDE = strewn(40, 18, seed=3)
ROW = [photograph(SLIDE, complex(x, 2), noise=0.015, seed=x) for x in (0, 6, 12, 18)]
OTHERS = [photograph(strewn(24, 18, seed=seed), 2 + 2j) for seed in range(10, 40)]


def no_pictures(doubtful: Sequence[Overlap]) -> list[bool]:
    return [False] * len(doubtful)


def test_neighbours_that_share_half_are_found_among_others_and_no_others() -> None:
    # Half of one is half of the next; the one after that begins where it ends.
    found = overlaps([*OTHERS[:15], *ROW, *OTHERS[15:]], no_pictures)
    assert [(overlap.first, overlap.second) for overlap in found] == [(15, 16), (16, 17), (17, 18)]


@pytest.mark.parametrize("same", [True, False])
def test_where_few_cells_are_shared_the_pictures_decide(same: bool) -> None:
    asked: list[tuple[int, int]] = []

    def decide(doubtful: Sequence[Overlap]) -> list[bool]:
        asked.extend((overlap.first, overlap.second) for overlap in doubtful)
        return [same] * len(doubtful)

    slide = strewn(40, 18, seed=7)  # of ten cells on the strip one picture misses three
    strip = [
        photograph(slide, complex(x, 2), noise=0.03, missed=0.1, seed=seed) for x, seed in ((0, 1), (8.5, 2))
    ]
    found = overlaps(strip, decide)
    assert asked == [(0, 1)]
    assert [(overlap.first, overlap.second) for overlap in found] == ([(0, 1)] if same else [])


def turned(pattern: Pattern, quarters: int) -> Pattern:
    """Clockwise, by quarters of a turn."""
    points, width, height = pattern.points, pattern.width, pattern.height
    for _ in range(quarters):
        points, width, height = 1j * points + height, height, width
    return Pattern(points, width, height)


@pytest.mark.parametrize("quarters", range(4))
def test_a_mirrored_copy_is_found_however_it_is_turned(quarters: int) -> None:
    # From left to right, or from top to bottom: the one is the other turned by half.
    copy = turned(ROW[0].upside_down, quarters)
    (found,) = overlaps([*OTHERS[:8], ROW[0], *OTHERS[8:], copy], no_pictures)
    assert (found.first, found.second) == (8, len(OTHERS) + 1)
    assert found.placement.is_mirrored
    assert found.placement.of(ROW[0].points) == pytest.approx(copy.points, abs=1e-3)


def test_a_copy_is_found_as_it_is_and_not_as_a_mirror_image() -> None:
    (found,) = overlaps([ROW[0], turned(ROW[0], 1)], no_pictures)
    assert not found.placement.is_mirrored
    assert found.placement.of(np.array([0j])) == pytest.approx(9, abs=1e-3)


def test_a_second_search_gives_the_same_to_the_last_bit() -> None:
    assert overlaps(ROW, no_pictures) == overlaps(ROW, no_pictures)


@pytest.mark.parametrize("photographs", [0, 1])
def test_of_none_or_one_none_overlap(photographs: int) -> None:
    assert overlaps(ROW[:photographs], no_pictures) == []
