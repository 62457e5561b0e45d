"""Fields beside each other: regions where they were cut from, photographs in rows, none over another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.slides import PlacedField, is_region, large_image_of, place_fields


def test_regions_of_one_large_image_lie_where_they_were_cut_from() -> None:
    names = ["a.svs#x=0,y=0", "a.svs#x=1000,y=0", "a.svs#x=0,y=900"]
    placed = place_fields([(name, 1280, 1280) for name in names])
    assert [(one.left, one.top) for one in placed] == [(0, 0), (1000, 0), (0, 900)]


def test_photographs_lie_in_rows_in_their_order_each_in_a_place_as_large_as_the_largest() -> None:
    placed = place_fields([("1.png", 100, 100), ("2.png", 60, 40), ("3.png", 100, 100), ("4.png", 100, 100)])
    # Four squares: the width of two and a half is nearest to one and a half times their height.
    assert [(one.left, one.top) for one in placed] == [(0, 0), (103, 0), (0, 103), (103, 103)]
    assert [(one.width, one.height) for one in placed[:2]] == [(100, 100), (60, 40)]


def test_pages_of_regions_are_images_beside_each_other() -> None:
    names = ["a.tif#page=1,x=0,y=0", "a.tif#page=1,x=900,y=0", "a.tif#page=2,x=0,y=0"]
    placed = place_fields([(name, 1280, 1280) for name in names])
    assert (placed[0].left, placed[1].left) == (0, 900)
    assert placed[2] == PlacedField(names[2], 0, 1280 + 65, 1280, 1280)


@pytest.mark.parametrize(
    ("name", "image"),
    [("a.svs#x=1,y=2", "a.svs"), ("a.tif#page=2,x=1,y=2", "a.tif#page=2"), ("x=1,y=2.png", None)],
)
def test_a_region_and_the_image_that_it_is_of_are_told_by_its_name(name: str, image: str | None) -> None:
    assert large_image_of(name) == image
    assert is_region(name) == (image is not None)


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(1, 300)), max_size=40))
def test_no_photograph_lies_over_another_and_none_is_left_out(sizes: list[tuple[int, int]]) -> None:
    placed = place_fields([(f"{number}.png", *size) for number, size in enumerate(sizes)])
    assert [(one.width, one.height) for one in placed] == sizes
    for number, one in enumerate(placed):
        for other in placed[number + 1 :]:
            apart_across = one.left + one.width <= other.left or other.left + other.width <= one.left
            apart_down = one.top + one.height <= other.top or other.top + other.height <= one.top
            assert apart_across or apart_down
