"""All pairs of a slide that overlap: by their cells where these suffice, else by what their pictures show."""

from collections.abc import Sequence

import pytest

from core.overlap import Overlap, overlaps
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


def test_a_second_search_gives_the_same_to_the_last_bit() -> None:
    assert overlaps(ROW, no_pictures) == overlaps(ROW, no_pictures)


@pytest.mark.parametrize("photographs", [0, 1])
def test_of_none_or_one_none_overlap(photographs: int) -> None:
    assert overlaps(ROW[:photographs], no_pictures) == []
