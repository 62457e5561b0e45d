"""Regions pooled to a map's grid, and what is refused before anything is measured."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.cam import CellCentres, Placing
from core.saliency.localisation import box_overlaps, energy, magtr, pointing_game
from core.saliency.regions import MeasureError, area_pooled, placed_shares

sizes = st.integers(1, 9)
seeds = st.integers(0, 2**32 - 1)


def regions_drawn(height: int, width: int, seed: int) -> torch.Tensor:
    return torch.rand(1, height, width, generator=torch.Generator().manual_seed(seed)) < 0.5


def test_a_pooled_cell_is_the_share_of_its_pixels_in_the_region() -> None:
    region = torch.tensor([[[1, 1, 0, 0], [1, 0, 0, 0]]], dtype=torch.bool)
    assert area_pooled(region, 1, 2).tolist() == [[[0.75, 0.0]]]


def test_a_pixel_on_the_border_of_two_cells_counts_for_each_by_its_overlap() -> None:
    # Three pixels on two cells of 1.5: the middle pixel is a third of each cell.
    region = torch.tensor([[[False, True, False]]])
    assert area_pooled(region, 1, 2)[0, 0].tolist() == pytest.approx([1 / 3, 1 / 3])


@given(sizes, sizes, sizes, sizes, seeds)
def test_pooling_keeps_the_area_and_a_full_region_stays_full(
    height: int, width: int, rows: int, columns: int, seed: int
) -> None:
    region = regions_drawn(height, width, seed)
    pooled = area_pooled(region, rows, columns)
    assert pooled.mean().item() == pytest.approx(region.float().mean().item(), abs=1e-6)
    assert bool((area_pooled(torch.ones_like(region), rows, columns) == 1).all())
    assert bool((area_pooled(torch.zeros_like(region), rows, columns) == 0).all())


def test_shares_are_pooled_as_regions_are() -> None:
    assert area_pooled(torch.tensor([[[0.5, 1.0], [0.0, 0.5]]]), 1, 1).tolist() == [[[0.5]]]


ONE_ROW = CellCentres(0, 1)


def row(*inside: int, first_px: float, pitch_px: float, cells: int) -> list[float]:
    """Shares of the cells of a row, by pixels that are 1 in the region."""
    region = torch.tensor(inside).bool().view(1, 1, -1)
    where = Placing(ONE_ROW, CellCentres(first_px, pitch_px))
    shares: list[float] = placed_shares(region, where, 1, cells)[0, 0].tolist()
    return shares


def test_a_cell_s_share_is_of_the_pixels_nearest_to_its_centre() -> None:
    # Strides of 4 with padding: centres at pixels 0, 4 and 8, windows up to the middles of pixels 2 and 6.
    strided = {"first_px": 0, "pitch_px": 4, "cells": 3}
    assert row(0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, **strided) == pytest.approx([0, 2 / 4, 0])
    assert row(0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, **strided) == pytest.approx([0.5 / 2.5, 0.5 / 4, 0])


def test_of_a_window_that_juts_out_of_the_image_the_part_inside_counts_as_the_whole() -> None:
    # An object on pixels 0 to 2 is all that the first of these cells sees, and half of what is even.
    assert row(1, 1, 1, 0, 0, 0, first_px=0, pitch_px=4, cells=2) == pytest.approx([1, 0.5 / 3.5])


def test_pixels_past_the_last_window_belong_to_the_last_cell() -> None:
    # The window of one pitch around pixel 4 ends in pixel 6; pixel 7 is not lost.
    assert row(0, 0, 0, 0, 0, 0, 0, 1, first_px=0, pitch_px=4, cells=2) == pytest.approx([0, 1 / 5.5])
    assert row(1, 0, 0, 0, 0, 0, first_px=3, pitch_px=2, cells=2) == pytest.approx([1 / 4.5, 0])


def test_a_cell_that_looks_past_the_border_takes_the_nearest_pixel() -> None:
    assert row(1, 0, 1, first_px=-2, pitch_px=1, cells=7) == [1, 1, 1, 0, 1, 1, 1]


def test_windows_are_taken_down_and_across_apart() -> None:
    region = torch.zeros(1, 4, 6, dtype=torch.bool)
    region[0, :2, :2] = True
    shares = placed_shares(region, Placing(CellCentres(0.5, 2), CellCentres(0, 2)), 2, 3)[0]
    assert shares[0].tolist() == pytest.approx([1, 0.5 / 2, 0])  # windows end in the middle of pixel 1
    assert shares[1].tolist() == [0, 0, 0]


@given(sizes, sizes, st.integers(1, 6), st.integers(1, 6), seeds)
def test_cells_that_divide_the_image_evenly_have_the_shares_of_area_pooling(
    rows: int, columns: int, down: int, across: int, seed: int
) -> None:
    region = regions_drawn(rows * down, columns * across, seed)
    where = Placing(CellCentres((down - 1) / 2, down), CellCentres((across - 1) / 2, across))
    pooled = area_pooled(region, rows, columns)
    torch.testing.assert_close(placed_shares(region, where, rows, columns), pooled)


centres = st.builds(CellCentres, st.floats(-40, 40), st.floats(0.25, 40))


@given(sizes, sizes, sizes, sizes, centres, centres, seeds)
def test_a_full_region_is_full_wherever_cells_look_and_no_pixel_is_lost(
    height: int, width: int, rows: int, columns: int, down: CellCentres, across: CellCentres, seed: int
) -> None:
    region, where = regions_drawn(height, width, seed), Placing(down, across)
    assert bool((placed_shares(torch.ones_like(region), where, rows, columns) == 1).all())
    assert bool(placed_shares(region, where, rows, columns).any()) == bool(region.any())


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
    with pytest.raises(MeasureError, match=said):
        placed_shares(regions, Placing(ONE_ROW, ONE_ROW), 2, 2)


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
