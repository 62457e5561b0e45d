"""Energy, peak, boxes and outline of maps, against ground truth worked out by hand."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from core.saliency.localisation import (
    best_pixel_overlap,
    box_overlaps,
    energy,
    energy_above_area,
    max_box_acc,
    max_box_acc_v2,
    pixel_overlaps,
    pointing_game,
    share_above_half,
)
from core.saliency.regions import MeasureError

MAP = torch.tensor([[[8.0, 4.0], [2.0, 2.0]]])
RIGHT = torch.tensor([[[False, True], [False, True]]])
EMPTY, FULL = torch.zeros(1, 2, 2, dtype=torch.bool), torch.ones(1, 2, 2, dtype=torch.bool)
ZERO = torch.zeros(1, 2, 2)


def test_energy_is_the_share_of_the_map_inside() -> None:
    assert energy(MAP, RIGHT).item() == pytest.approx(6 / 16)
    # Half of each cell: half of the energy.
    assert energy(MAP, torch.full((1, 2, 2), 0.5)).item() == pytest.approx(0.5)


def test_energy_above_area_is_zero_for_a_flat_map_and_one_for_a_map_that_is_all_inside() -> None:
    corner = torch.tensor([[[True, False], [False, False]]])
    assert energy_above_area(torch.ones(1, 2, 2), corner).item() == pytest.approx(0)
    assert energy_above_area(corner.float(), corner).item() == pytest.approx(1)
    # E = 1/2 of an area of 1/4.
    assert energy_above_area(MAP, corner).item() == pytest.approx((0.5 - 0.25) / 0.75)


def test_energy_of_nothing_is_defined() -> None:
    assert energy(ZERO, RIGHT).item() == 0
    assert energy(MAP, FULL).item() == 1
    assert energy(MAP, EMPTY).isnan().all()
    assert energy_above_area(ZERO, RIGHT).item() == pytest.approx(-1)
    assert energy_above_area(MAP, FULL).isnan().all()
    assert energy_above_area(MAP, EMPTY).isnan().all()


def test_an_undefined_energy_leaves_the_gradient_of_the_others_alone() -> None:
    maps = torch.cat([MAP, MAP]).requires_grad_()
    energy_above_area(maps, torch.cat([RIGHT, FULL])).nanmean().backward()
    assert maps.grad is not None
    assert bool((maps.grad[0] != 0).any())
    assert bool((maps.grad[1] == 0).all())


def test_gradients_of_the_energy_are_those_of_finite_differences() -> None:
    maps = torch.rand(3, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    regions = torch.rand(3, 4, 5, generator=torch.Generator().manual_seed(2)).double()
    assert torch.autograd.gradcheck(lambda maps: energy_above_area(maps, regions), maps.requires_grad_())


def test_the_pointing_game_looks_at_the_highest_point() -> None:
    assert pointing_game(MAP, ~RIGHT).item() == 1
    assert pointing_game(MAP, RIGHT).item() == 0


def test_of_equally_high_points_the_share_inside_counts() -> None:
    maps = torch.tensor([[[5.0, 5.0], [5.0, 1.0]]])
    assert pointing_game(maps, RIGHT).item() == pytest.approx(1 / 3)


def test_the_pointing_game_of_nothing_is_defined() -> None:
    assert pointing_game(ZERO, RIGHT).item() == 0
    assert pointing_game(MAP, FULL).item() == 1
    assert pointing_game(MAP, EMPTY).isnan().all()


def test_the_share_above_half_the_maximum_by_hand() -> None:
    # Above 4: one of four; 4 itself is not above.
    assert share_above_half(MAP).item() == 0.25
    assert share_above_half(torch.ones(1, 2, 2)).item() == 1
    assert share_above_half(ZERO).item() == 0


def test_pixel_overlap_at_each_threshold_by_hand() -> None:
    # From least to largest: 1, 1/3 / 0, 0. Above 0 is the top row: one pixel shared, three in all. Above .5
    # is the first pixel alone, which is not in RIGHT.
    overlaps = pixel_overlaps(MAP, RIGHT, (0.0, 0.5))
    assert overlaps[0].tolist() == pytest.approx([1 / 3, 0])


def test_the_best_threshold_is_one_for_the_whole_set() -> None:
    overlaps = torch.tensor([[1.0, 0.5], [0.0, 0.6], [torch.nan, torch.nan]])
    best = best_pixel_overlap(overlaps, (0.1, 0.2))
    # Each image at its own best would give .8.
    assert best.value == pytest.approx(0.55)
    assert best.threshold == 0.2


def test_pixel_overlap_of_nothing_is_defined() -> None:
    assert pixel_overlaps(ZERO, RIGHT, (0.0, 0.5)).tolist() == [[0, 0]]
    assert pixel_overlaps(MAP, FULL, (0.0, 0.5)).tolist() == [[0.5, 0.25]]
    empty = pixel_overlaps(MAP, EMPTY, (0.0, 0.5))
    assert empty.isnan().all()
    assert torch.tensor(best_pixel_overlap(empty, (0.0, 0.5)).value).isnan()


# A component of 2 x 2 at .4 and 1, and one of 1 x 3 at .6.
TWO = torch.tensor(
    [
        [
            [1.0, 1.0, 0.0, 0.0, 0.0, 0.0],
            [0.4, 0.4, 0.0, 0.6, 0.6, 0.6],
            [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        ]
    ]
)


def test_boxes_of_the_largest_and_of_any_component_by_hand() -> None:
    long_one = torch.tensor([[3, 1, 5, 1]])
    overlaps = box_overlaps(TWO, [long_one], (0.0, 0.5, 0.8))
    # Above 0 the square is the largest; above .5 the three pixels are, of which the box fits exactly.
    assert overlaps.largest[0].tolist() == [0, 1, 0]
    assert overlaps.any[0].tolist() == [1, 1, 0]


def test_a_box_overlap_is_that_of_whole_pixels_with_both_ends_included() -> None:
    # The square against rows 0 and 1 of columns 1 to 2: two pixels of six.
    overlaps = box_overlaps(TWO, [torch.tensor([[1, 0, 2, 1]])], (0.0,))
    assert overlaps.largest.item() == pytest.approx(2 / 6)


def test_the_best_fitting_of_several_ground_truth_boxes_counts() -> None:
    overlaps = box_overlaps(TWO, [torch.tensor([[5, 2, 5, 2], [0, 0, 1, 1]])], (0.0,))
    assert overlaps.largest.item() == 1


def test_pixels_that_touch_at_a_corner_are_one_component() -> None:
    diagonal = torch.eye(3)[None]
    assert box_overlaps(diagonal, [torch.tensor([[0, 0, 2, 2]])], (0.0,)).largest.item() == 1


def test_a_constant_map_has_no_box_and_an_image_without_ground_truth_no_overlap() -> None:
    box = torch.tensor([[0, 0, 1, 1]])
    assert box_overlaps(torch.ones(1, 2, 2), [box], (0.0, 0.5)).any.tolist() == [[0, 0]]
    assert box_overlaps(ZERO, [box], (0.0, 0.5)).any.tolist() == [[0, 0]]
    without = box_overlaps(MAP, [torch.empty(0, 4)], (0.0, 0.5))
    assert without.any.isnan().all()
    assert without.largest.isnan().all()


def test_max_box_acc_takes_the_best_threshold_for_the_set_and_leaves_out_the_undefined() -> None:
    largest = torch.tensor([[0.5, 0.6, 0.1], [0.4, 0.7, 0.9], [torch.nan] * 3])
    best = max_box_acc(largest, (0.1, 0.2, 0.3))
    assert (best.value, best.threshold) == (1.0, 0.2)


def test_max_box_acc_v2_is_the_mean_over_three_overlaps_each_at_its_own_threshold() -> None:
    overlaps = torch.tensor([[0.35, 0.8], [0.5, 0.1]])
    # .3: both at the first; .5: one at either, so the first; .7: one at the second.
    result = max_box_acc_v2(overlaps, (0.1, 0.2))
    assert [(at.value, at.threshold) for at in result.at_overlap] == [(1.0, 0.1), (0.5, 0.1), (0.5, 0.2)]
    assert result.value == pytest.approx(2 / 3)


def test_overlaps_for_other_thresholds_are_refused() -> None:
    with pytest.raises(MeasureError, match=r"\(1, 2\) for 100 thresholds"):
        max_box_acc(torch.zeros(1, 2))


def drawn(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """A map of integers, a box on it, and the box as a region."""
    generator = torch.Generator().manual_seed(seed)
    maps = torch.randint(0, 6, (1, 7, 8), generator=generator).double()
    maps[0, 0, 0] += 6
    (x0, x1), (y0, y1) = (
        torch.randint(0, side, (2,), generator=generator).sort().values.tolist() for side in (8, 7)
    )
    region = torch.zeros(1, 7, 8, dtype=torch.bool)
    region[0, y0 : y1 + 1, x0 : x1 + 1] = True
    return maps, torch.tensor([[x0, y0, x1, y1]]), region


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.25, 2.0, 1024.0]))
def test_localisation_ignores_scale_and_flips(seed: int, scale: float) -> None:
    maps, box, region = drawn(seed)
    flipped = torch.stack([7 - box[:, 2], box[:, 1], 7 - box[:, 0], box[:, 3]], dim=1)
    for other_maps, other_box, other_region in (
        (scale * maps, box, region),
        (maps.flip(2), flipped, region.flip(2)),
    ):
        torch.testing.assert_close(
            energy_above_area(other_maps, other_region), energy_above_area(maps, region), equal_nan=True
        )
        assert pointing_game(other_maps, other_region).item() == pointing_game(maps, region).item()
        assert share_above_half(other_maps).item() == share_above_half(maps).item()
        tenths = [step / 10 for step in range(10)]
        assert torch.equal(
            pixel_overlaps(other_maps, other_region, tenths), pixel_overlaps(maps, region, tenths)
        )
        overlaps, same = box_overlaps(other_maps, [other_box], tenths), box_overlaps(maps, [box], tenths)
        assert torch.equal(overlaps.largest, same.largest)
        assert torch.equal(overlaps.any, same.any)


@given(st.integers(0, 2**32 - 1))
def test_a_region_itself_is_the_perfect_map_and_any_component_is_no_worse_than_the_largest(
    seed: int,
) -> None:
    maps, box, region = drawn(seed)
    overlaps = box_overlaps(maps, [box])
    assert bool((overlaps.any >= overlaps.largest).all())
    perfect = region.double()
    assert energy(perfect, region).item() == 1
    assert pointing_game(perfect, region).item() == 1
    if not region.all():
        assert best_pixel_overlap(pixel_overlaps(perfect, region)).value == 1
        assert max_box_acc(box_overlaps(perfect, [box]).largest).value == 1
        assert max_box_acc_v2(box_overlaps(perfect, [box]).any).value == 1


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 5))
def test_energy_rises_when_the_map_grows_inside_and_falls_when_it_grows_outside(
    seed: int, more: float
) -> None:
    maps, _, region = drawn(seed)
    before = energy(maps, region)
    assert bool((energy(maps + more * region, region) >= before).all())
    assert bool((energy(maps + more * ~region, region) <= before).all())
