"""Which images a sheet shows."""

import math

from core.study.changes import Answer, chosen_images

RIGHT, WRONG = True, False


def answers(*given: tuple[bool, float]) -> list[Answer]:
    return [Answer(right, magtr) for right, magtr in given]


def test_images_are_sorted_by_what_became_of_their_answer() -> None:
    before = answers((RIGHT, 0.5), (RIGHT, 0.4), (WRONG, 0.3), (WRONG, 0.2))
    after = answers((RIGHT, 0.9), (WRONG, 0.9), (RIGHT, 0.9), (WRONG, 0.9))
    both, lost, won = chosen_images(before, after, 5)
    assert (both.images, lost.images, won.images) == ((0,), (1,), (2,))


def test_the_lowest_magtr_before_comes_first_and_images_without_a_region_last() -> None:
    before = answers((RIGHT, math.nan), (RIGHT, 0.5), (RIGHT, 0.1), (RIGHT, 0.3))
    both = chosen_images(before, answers(*[(RIGHT, 0.0)] * 4), 5)[0]
    assert both.images == (2, 3, 1, 0)


def test_a_sheet_that_is_full_says_how_many_there_are() -> None:
    both = chosen_images(answers(*[(RIGHT, 0.5)] * 9), answers(*[(RIGHT, 0.5)] * 9), 4)[0]
    assert (len(both.images), both.of) == (4, 9)
