"""Shapes that drawn parasites and flaws are made of: where they lie, how far they reach."""

import pytest
import torch

from datasets.drawn_shapes import BACKGROUND_DENSITY, DrawnShapes, haemoglobin

COUNT, SIZE_PX = 6, 128


@pytest.fixture
def draw() -> DrawnShapes:
    return DrawnShapes(COUNT, SIZE_PX, torch.Generator().manual_seed(0))


def test_a_disk_has_the_area_of_its_radius(draw: DrawnShapes) -> None:
    radius_px = torch.full((COUNT, 1, 1, 1), 10.0)
    disk = draw.disk(torch.zeros(COUNT, 2, 1, 1), radius_px, edge_px=0.5)
    assert disk.sum(dim=(1, 2, 3)).tolist() == pytest.approx([torch.pi * 100] * COUNT, rel=0.02)


def test_a_band_has_the_area_of_its_sides_whichever_way_it_lies(draw: DrawnShapes) -> None:
    width_px, length_px = torch.full((COUNT, 1, 1, 1), 8.0), torch.full((COUNT, 1, 1, 1), 40.0)
    band = draw.band(torch.zeros(COUNT, 2, 1, 1), width_px, length_px)
    assert band.sum(dim=(1, 2, 3)).tolist() == pytest.approx([320.0] * COUNT, rel=0.05)
    assert (band[0] != band[1]).any()


def test_points_in_a_disk_stay_in_it(draw: DrawnShapes) -> None:
    away = torch.stack([draw.in_disk(torch.full((COUNT, 1, 1, 1), 5.0)) for _ in range(50)]).norm(dim=2)
    assert away.max() <= 5.0
    assert away.median() == pytest.approx(5.0 / 2**0.5, rel=0.15)


def test_noise_is_of_unit_strength(draw: DrawnShapes) -> None:
    assert draw.noise(2, 6).std(dim=(2, 3)).flatten().tolist() == pytest.approx([1.0] * 2 * COUNT, rel=1e-3)


def test_a_cell_is_what_is_stained_in_the_middle(draw: DrawnShapes) -> None:
    density = torch.full((COUNT, 3, SIZE_PX, SIZE_PX), BACKGROUND_DENSITY)
    density[..., 54:74, 54:74] = 0.0
    density[..., :10, :10] = 0.0  # a neighbour
    cell = draw.cell_of(density)
    assert cell[:, 0, 60:68, 60:68].min() == 1.0
    assert cell[:, 0, :10, :10].max() == 0.0


def test_haemoglobin_is_what_lies_over_the_background() -> None:
    density = torch.tensor([BACKGROUND_DENSITY - 0.1, BACKGROUND_DENSITY, 0.0])
    assert haemoglobin(density).tolist() == pytest.approx([0.0, 0.0, -BACKGROUND_DENSITY])
