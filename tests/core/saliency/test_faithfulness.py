"""Scores of covered images, with score functions that can be followed by hand."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from core.saliency.faithfulness import (
    Curve,
    DropAndIncrease,
    Score,
    blurred,
    deletion,
    drop_and_increase,
    insertion,
)
from core.saliency.regions import MeasureError

BLACK = torch.zeros(1, 1, 1, 1)


def mean_brightness(images: Tensor) -> Tensor:
    return images.mean(dim=(1, 2, 3))


def first_pixel(images: Tensor) -> Tensor:
    return images[:, 0, 0, 0]


def ramp(pixels: int = 100) -> Tensor:
    """A map of one row that falls from left to right."""
    return torch.arange(pixels, 0, -1.0)[None, None]


def test_drop_and_increase_by_hand() -> None:
    images = torch.tensor([0.8, 0.5, 0.0])[:, None, None, None].expand(3, 1, 1, 2)
    maps = torch.tensor([[[4.0, 1.0]], [[0.0, 0.0]], [[1.0, 1.0]]])
    # Maps 1, .25 / 0, 0 / 1, 1 leave means .5, 0, 0 of .8, .5, 0.
    result = drop_and_increase(mean_brightness, images, maps, BLACK)
    assert result.whole.tolist() == pytest.approx([0.8, 0.5, 0.0])
    assert result.masked.tolist() == pytest.approx([0.5, 0.0, 0.0])
    assert result.drop[:2].tolist() == pytest.approx([0.375, 1.0])
    assert result.drop[2].isnan(), "nothing can drop from a score of 0"
    assert result.increase.tolist() == [0, 0, 0]


def test_a_score_that_rises_when_masked_is_an_increase_and_no_drop() -> None:
    def darkness(images: Tensor) -> Tensor:
        return 1 - mean_brightness(images)

    result = drop_and_increase(darkness, torch.full((1, 1, 1, 2), 0.5), torch.tensor([[[1.0, 0.0]]]), BLACK)
    assert result.masked.item() == pytest.approx(0.75)
    assert (result.drop.item(), result.increase.item()) == (0, 1)


def test_where_the_map_is_zero_the_baseline_stands() -> None:
    images, maps = torch.ones(1, 1, 1, 2), torch.tensor([[[1.0, 0.0]]])
    result = drop_and_increase(mean_brightness, images, maps, torch.tensor(0.4))
    assert result.masked.item() == pytest.approx(0.7)
    assert drop_and_increase(mean_brightness, images, 0 * maps, torch.tensor(0.4)).masked.item() == (
        pytest.approx(0.4)
    )


def test_deleting_evenly_bright_pixels_gives_a_straight_line_down_and_inserting_them_one_up() -> None:
    images = torch.ones(1, 1, 1, 100)
    down = deletion(mean_brightness, images, ramp(), BLACK)
    assert down.scores[0].tolist() == pytest.approx([1 - step / 100 for step in range(101)], abs=1e-6)
    assert down.area.item() == pytest.approx(0.5)
    up = insertion(mean_brightness, images, ramp(), BLACK)
    assert up.scores[0].tolist() == pytest.approx([step / 100 for step in range(101)], abs=1e-6)


def test_the_highest_pixels_go_first() -> None:
    images = torch.ones(2, 1, 1, 100)
    maps = torch.cat([ramp(), ramp().flip(2)])
    # The one pixel that counts goes at the first step, or at the last: half a step of area, or all but that.
    curve = deletion(first_pixel, images, maps, BLACK)
    assert curve.scores[0].tolist() == [1.0] + [0.0] * 100
    assert curve.scores[1].tolist() == [1.0] * 100 + [0.0]
    assert curve.area.tolist() == pytest.approx([0.005, 0.995])
    assert insertion(first_pixel, images, maps, BLACK).area.tolist() == pytest.approx([0.995, 0.005])


def half_bright(pixel_rows: slice) -> Tensor:
    images = torch.zeros(1, 1, 64, 64)
    images[:, :, pixel_rows] = 1
    return images


def one_hot() -> Tensor:
    maps = torch.zeros(1, 64, 64)
    maps[0, 32, 32] = 1
    return maps


@pytest.mark.parametrize("measure", [deletion, insertion])
def test_what_a_sparse_map_leaves_at_zero_counts_the_same_in_the_upper_and_in_the_lower_half(
    measure: Callable[[Score, Tensor, Tensor, Tensor], Curve],
) -> None:
    areas = [
        measure(mean_brightness, half_bright(rows), one_hot(), BLACK).area.item()
        for rows in (slice(None, 32), slice(32, None))
    ]
    # In reading order they would be .125 and .375. By chance of one draw of 4,096 they differ by about .004.
    assert areas == pytest.approx([0.25, 0.25], abs=0.01)


def test_over_many_draws_a_pixel_among_equals_goes_early_as_often_as_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    images, maps = torch.ones(1, 1, 1, 100), torch.zeros(1, 1, 100)
    maps[..., 99] = 1
    areas = []
    for seed in range(300):
        monkeypatch.setattr("core.saliency.faithfulness.TIES_SEED", seed)
        areas.append(deletion(first_pixel, images, maps, BLACK).area.item())
    # The first pixel goes at any step from 2 to 100; its area is half a step less. 3 standard errors are .05.
    assert sum(areas) / len(areas) == pytest.approx(0.505, abs=0.05)


def test_the_highest_pixel_goes_before_all_that_are_equal() -> None:
    images, maps = torch.zeros(1, 1, 1, 100), torch.zeros(1, 1, 100)
    images[..., 57], maps[..., 57] = 1, 1
    curve = deletion(mean_brightness, images, maps, BLACK)
    assert curve.scores[0].tolist() == pytest.approx([0.01] + [0.0] * 100)


def test_an_image_without_a_score_counts_neither_as_increase_nor_as_none() -> None:
    result = DropAndIncrease(torch.tensor([0.2, torch.nan, 0.4]), torch.tensor([0.5, 0.5, torch.nan]))
    assert result.increase[0] == 1
    assert result.increase[1:].isnan().all()


@pytest.mark.parametrize("value", [0.0, 2.0])
def test_a_constant_map_ranks_nothing(value: float) -> None:
    images = torch.ones(2, 1, 1, 100)
    maps = torch.cat([ramp(), torch.full((1, 1, 100), value)])
    curve = deletion(mean_brightness, images, maps, BLACK)
    assert curve.scores[1].isnan().all()
    assert curve.area.nanmean().item() == pytest.approx(0.5)


def test_insertion_goes_from_the_blurred_image_to_the_image() -> None:
    images = torch.rand(2, 3, 12, 13, generator=torch.Generator().manual_seed(1))
    maps = torch.rand(2, 12, 13, generator=torch.Generator().manual_seed(2))
    curve = insertion(first_pixel, images, maps, blurred(images))
    torch.testing.assert_close(curve.scores[:, 0], first_pixel(blurred(images)))
    torch.testing.assert_close(curve.scores[:, -1], first_pixel(images))


def test_blurring_spreads_a_point_and_keeps_a_flat_image() -> None:
    point = torch.zeros(1, 1, 25, 25)
    point[..., 12, 12] = 1
    soft = blurred(point)
    assert soft.sum().item() == pytest.approx(1, abs=1e-5)
    assert soft.max().item() == soft[0, 0, 12, 12].item() < 0.02
    torch.testing.assert_close(blurred(torch.full((1, 3, 9, 9), 0.3)), torch.full((1, 3, 9, 9), 0.3))


def test_an_image_too_small_to_blur_is_refused() -> None:
    with pytest.raises(MeasureError, match=r"\(1, 3, 5, 9\); the blur needs more than 5 px"):
        blurred(torch.zeros(1, 3, 5, 9))


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.5, 4.0]))
def test_faithfulness_ignores_the_scale_of_a_map_and_the_neighbours_in_its_batch(
    seed: int, scale: float
) -> None:
    generator = torch.Generator().manual_seed(seed)
    images, maps = torch.rand(3, 3, 4, 5, generator=generator), torch.rand(3, 4, 5, generator=generator)
    together = deletion(mean_brightness, images, maps, BLACK).scores
    torch.testing.assert_close(deletion(mean_brightness, images, scale * maps, BLACK).scores, together)
    alone = [deletion(mean_brightness, images[n : n + 1], maps[n : n + 1], BLACK).scores for n in range(3)]
    torch.testing.assert_close(torch.cat(alone), together)
    drop = drop_and_increase(mean_brightness, images, maps, BLACK).drop
    torch.testing.assert_close(drop_and_increase(mean_brightness, images, scale * maps, BLACK).drop, drop)


@given(st.integers(0, 2**32 - 1))
def test_deleting_brightness_from_black_never_raises_the_mean_and_mirrors_insertion(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    images, maps = torch.rand(2, 1, 4, 5, generator=generator), torch.rand(2, 4, 5, generator=generator)
    gone = deletion(mean_brightness, images, maps, BLACK).scores
    assert bool((gone.diff(dim=1) <= 1e-6).all())
    come = insertion(mean_brightness, images, maps, BLACK).scores
    torch.testing.assert_close(gone + come, mean_brightness(images)[:, None].expand_as(gone))


def test_the_images_of_the_caller_are_left_as_they_were() -> None:
    images = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    before = images.clone()
    deletion(mean_brightness, images, torch.eye(8)[None], BLACK)
    drop_and_increase(mean_brightness, images, torch.eye(8)[None], BLACK)
    assert torch.equal(images, before)


@pytest.mark.parametrize(
    ("images", "baseline", "score", "said"),
    [
        (torch.zeros(1, 3, 8, 9), BLACK, first_pixel, r"images: \(1, 3, 8, 9\) for maps \(1, 8, 8\)"),
        (torch.zeros(2, 3, 8, 8), BLACK, first_pixel, r"images: \(2, 3, 8, 8\)"),
        (torch.zeros(1, 3, 8, 8), torch.zeros(2, 3, 8, 8), first_pixel, r"baseline: \(2, 3, 8, 8\)"),
        (torch.zeros(1, 3, 8, 8), BLACK, lambda images: images.mean(), r"score: gave \(\) for 1 images"),
    ],
)
def test_what_does_not_fit_is_refused(images: Tensor, baseline: Tensor, score: Score, said: str) -> None:
    with pytest.raises(MeasureError, match=said):
        deletion(score, images, torch.eye(8)[None], baseline)
