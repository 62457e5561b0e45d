"""Covering the region against covering as much beside it, by hand."""

import pytest
import torch
from torch import Tensor

from core.saliency.faithfulness import region_deletion
from core.saliency.regions import MeasureError


def brightness(images: Tensor) -> Tensor:
    """A score: the sum over all pixels."""
    return images.flatten(1).sum(dim=1)


def row(*values: int) -> Tensor:
    """(1, 1, 1, W)."""
    return torch.tensor(values, dtype=torch.float32).view(1, 1, 1, -1)


def inside(*values: int) -> Tensor:
    """(1, 1, W) bool."""
    return torch.tensor(values).bool().view(1, 1, -1)


def test_a_small_region_is_covered_whole_and_its_neighbours_outside() -> None:
    found = region_deletion(brightness, row(1, 2, 4, 8, 16, 32), inside(0, 0, 0, 1, 1, 0), torch.zeros(()))
    assert found.inside.tolist() == [8 + 16]
    # Both neighbours at distance 1.
    assert found.outside.tolist() == [4 + 32]
    assert found.gap.tolist() == [-12]


def test_of_equally_near_pixels_the_first_in_reading_order_is_covered() -> None:
    found = region_deletion(brightness, row(1, 2, 4, 8, 16), inside(0, 0, 1, 0, 0), torch.zeros(()))
    assert (found.inside.tolist(), found.outside.tolist()) == ([4], [2])


def test_of_a_region_over_half_the_image_its_depth_is_covered_as_far_as_there_is_outside() -> None:
    found = region_deletion(brightness, row(1, 2, 4, 8, 16, 32), inside(1, 1, 1, 1, 0, 0), torch.zeros(()))
    # Depths 4, 3, 2, 1: the border of the image is no outside.
    assert (found.inside.tolist(), found.outside.tolist()) == ([1 + 2], [16 + 32])


def test_a_covered_pixel_takes_the_value_of_the_baseline() -> None:
    found = region_deletion(brightness, row(5, 7), inside(1, 0), torch.tensor(1.0))
    assert (found.inside.tolist(), found.outside.tolist()) == ([4], [6])


@pytest.mark.parametrize("region", [(0, 0), (1, 1)])
def test_without_a_region_or_without_an_outside_there_is_nothing_to_compare(region: tuple[int, int]) -> None:
    found = region_deletion(brightness, row(5, 7), inside(*region), torch.zeros(()))
    assert found.inside.isnan().all()
    assert found.gap.isnan().all()


def test_images_of_a_batch_are_covered_each_by_its_own_region() -> None:
    images = torch.cat([row(1, 2, 4), row(8, 16, 32)])
    regions = torch.cat([inside(1, 0, 0), inside(0, 0, 1)])
    found = region_deletion(brightness, images, regions, torch.zeros(()))
    assert found.inside.tolist() == [1, 32]
    assert found.outside[1].item() == 16


def test_regions_of_another_size_or_type_are_refused() -> None:
    with pytest.raises(MeasureError, match="regions"):
        region_deletion(brightness, row(1, 2), inside(1, 0, 0), torch.zeros(()))
    with pytest.raises(MeasureError, match="bool"):
        region_deletion(brightness, row(1, 2), torch.ones(1, 1, 2), torch.zeros(()))
