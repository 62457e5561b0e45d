"""Regions pooled to a map's grid, and what is refused before anything is measured."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.saliency.metrics import MeasureError, area_pooled, box_overlaps, energy, magtr, pointing_game


def test_a_pooled_cell_is_the_share_of_its_pixels_in_the_region() -> None:
    region = torch.tensor([[[1, 1, 0, 0], [1, 0, 0, 0]]], dtype=torch.bool)
    assert area_pooled(region, 1, 2).tolist() == [[[0.75, 0.0]]]


def test_a_pixel_on_the_border_of_two_cells_counts_for_each_by_its_overlap() -> None:
    # Three pixels on two cells of 1.5: the middle pixel is a third of each cell.
    region = torch.tensor([[[False, True, False]]])
    assert area_pooled(region, 1, 2)[0, 0].tolist() == pytest.approx([1 / 3, 1 / 3])


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_pooling_keeps_the_area_and_a_full_region_stays_full(
    height: int, width: int, rows: int, columns: int, seed: int
) -> None:
    region = torch.rand(1, height, width, generator=torch.Generator().manual_seed(seed)) < 0.5
    pooled = area_pooled(region, rows, columns)
    assert pooled.mean().item() == pytest.approx(region.float().mean().item(), abs=1e-6)
    assert bool((area_pooled(torch.ones_like(region), rows, columns) == 1).all())
    assert bool((area_pooled(torch.zeros_like(region), rows, columns) == 0).all())


def test_shares_are_pooled_as_regions_are() -> None:
    assert area_pooled(torch.tensor([[[0.5, 1.0], [0.0, 0.5]]]), 1, 1).tolist() == [[[0.5]]]


@pytest.mark.parametrize(
    ("regions", "said"),
    [
        (torch.ones(4, 4, dtype=torch.bool), r"\(4, 4\) bool; give \(N, H, W\)"),
        (torch.ones(1, 4, 4, dtype=torch.uint8), "uint8; give bool, or shares"),
        (torch.full((1, 4, 4), 255.0), "float32; give bool, or shares"),
        (torch.full((1, 4, 4), torch.nan), "shares"),
    ],
)
def test_what_is_no_region_is_not_pooled(regions: torch.Tensor, said: str) -> None:
    with pytest.raises(MeasureError, match=said):
        area_pooled(regions, 2, 2)


REGION = torch.ones(1, 2, 2, dtype=torch.bool)


@pytest.mark.parametrize(
    ("maps", "regions", "said"),
    [
        (torch.zeros(2, 2), REGION, r"\(2, 2\) float32; give \(N, h, w\)"),
        (torch.zeros(1, 2, 2, dtype=torch.int64), REGION, "int64"),
        (torch.full((1, 2, 2), torch.nan), REGION, "NaN"),
        (torch.full((1, 2, 2), -0.5), REGION, "least value -0.5"),
        (torch.zeros(1, 4, 4), REGION, r"\(1, 2, 2\) bool for maps \(1, 4, 4\)"),
        (torch.zeros(1, 2, 2), REGION.long(), "int64"),
        (torch.zeros(1, 2, 2), REGION.float() * 255, "shares"),
    ],
)
def test_maps_and_regions_that_do_not_fit_are_refused(
    maps: torch.Tensor, regions: torch.Tensor, said: str
) -> None:
    for measure in (magtr, energy):
        with pytest.raises(MeasureError, match=said):
            measure(maps, regions)


def test_the_pointing_game_takes_no_shares() -> None:
    with pytest.raises(MeasureError, match="bool regions of image size"):
        pointing_game(torch.ones(1, 2, 2), torch.full((1, 2, 2), 0.5))


@pytest.mark.parametrize(
    ("boxes", "said"),
    [
        ([], "of 0 images for 1 maps"),
        ([torch.tensor([0, 0, 1])], r"image 0: \(3,\)"),
        ([torch.tensor([[3, 0, 1, 1]])], r"image 0: \[\[3, 0, 1, 1\]\]: one is inverted"),
    ],
)
def test_boxes_that_do_not_fit_are_refused(boxes: list[torch.Tensor], said: str) -> None:
    with pytest.raises(MeasureError, match=said):
        box_overlaps(torch.ones(1, 4, 4), boxes)
