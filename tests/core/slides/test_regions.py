"""How a large image is cut: every pixel owned once, every small object whole where it is owned."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.slides.field import Rectangle
from core.slides.regions import Cutting, Region, cut_regions

sides = st.integers(1, 400)
cuts = st.integers(4, 90).flatmap(lambda region: st.tuples(st.just(region), st.integers(0, region // 2)))


@given(width_px=sides, height_px=sides, cut=cuts)
def test_owned_rectangles_cover_each_pixel_exactly_once(
    width_px: int, height_px: int, cut: tuple[int, int]
) -> None:
    owners = np.zeros((height_px, width_px), int)
    for region in cut_regions(width_px, height_px, *cut):
        top, left = region.area.top + region.owned.top, region.area.left + region.owned.left
        bottom, right = region.area.top + region.owned.bottom, region.area.left + region.owned.right
        owners[top:bottom, left:right] += 1
    assert (owners == 1).all()


@given(
    width_px=sides,
    height_px=sides,
    cut=cuts,
    corner=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    size=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_an_object_smaller_than_the_overlap_lies_whole_in_the_region_that_owns_its_centre(
    width_px: int,
    height_px: int,
    cut: tuple[int, int],
    corner: tuple[float, float],
    size: tuple[float, float],
) -> None:
    overlap_px = cut[1]
    width, height = (max(1, int(share * (overlap_px - 1))) for share in size)
    if overlap_px < 2 or width > width_px or height > height_px:
        return
    left, top = int(corner[0] * (width_px - width)), int(corner[1] * (height_px - height))
    x, y = left + width / 2, top + height / 2
    owners = [region for region in cut_regions(width_px, height_px, *cut) if _owns(region, x, y)]
    assert len(owners) == 1
    area = owners[0].area
    assert area.left <= left
    assert left + width <= area.right
    assert area.top <= top
    assert top + height <= area.bottom


@given(width_px=sides, height_px=sides, cut=cuts)
def test_regions_lie_inside_the_image_and_are_all_of_one_size(
    width_px: int, height_px: int, cut: tuple[int, int]
) -> None:
    region_px = cut[0]
    for region in cut_regions(width_px, height_px, *cut):
        area = region.area
        assert area.left >= 0
        assert area.top >= 0
        assert area.right <= width_px
        assert area.bottom <= height_px
        assert area.right - area.left == min(region_px, width_px)
        assert area.bottom - area.top == min(region_px, height_px)


def test_three_regions_of_a_row_by_hand() -> None:
    # 250 px in regions of 100 that overlap by 20: two would reach 180, so three, spread over 0 to 150.
    regions = cut_regions(250, 50, 100, 20)
    assert [region.area for region in regions] == [
        Rectangle(0, 0, 100, 50),
        Rectangle(75, 0, 175, 50),
        Rectangle(150, 0, 250, 50),
    ]
    # They overlap in 75 to 100 and 150 to 175; the borders are the middles, 87 and 162.
    assert [region.owned for region in regions] == [
        Rectangle(0, 0, 87, 50),
        Rectangle(12, 0, 87, 50),
        Rectangle(12, 0, 100, 50),
    ]


def test_the_overlap_is_24_micrometres_where_the_scale_is_known_and_256_px_where_not() -> None:
    def overlap_px(um_per_pixel: float | None) -> int:
        first, second = Cutting().regions(2000, 100, um_per_pixel)[:2]
        return first.area.right - second.area.left

    assert len(Cutting().regions(1280 + 1280 - 256, 100, None)) == 2
    assert len(Cutting().regions(1280 + 1280 - 256 + 1, 100, None)) == 3
    assert len(Cutting().regions(1280 + 1280 - 96, 100, 0.25)) == 2
    assert len(Cutting().regions(1280 + 1280 - 96 + 1, 100, 0.25)) == 3
    assert overlap_px(0.02) >= 640  # 1200 px are wanted; half a region is the most


def test_an_overlap_of_more_than_half_a_region_is_refused() -> None:
    with pytest.raises(ValueError, match=r"overlap_px is 51.*region_px, 50"):
        Cutting(region_px=100, overlap_px=51)


@pytest.mark.parametrize(
    ("width_px", "height_px"),
    [(0, 100), (100, 0), (2_130_706_560, 0), (2_000_001, 1), (1_100_000, 1_000_000)],
)
def test_a_size_that_no_slide_has_is_refused_before_it_is_cut(width_px: int, height_px: int) -> None:
    with pytest.raises(ValueError, match=f"a size of {width_px} x {height_px} pixels"):
        Cutting().regions(width_px, height_px, None)


def test_a_whole_glass_slide_at_high_magnification_is_cut() -> None:
    # 76 x 26 mm at 0.2 µm a pixel, in regions of 1280 px that overlap by 256: 371 x 127.
    assert len(Cutting(overlap_px=256).regions(380_000, 130_000, None)) == 371 * 127


def _owns(region: Region, x: float, y: float) -> bool:
    inner_x, inner_y = x - region.area.left, y - region.area.top
    owned = region.owned
    return owned.left <= inner_x < owned.right and owned.top <= inner_y < owned.bottom
