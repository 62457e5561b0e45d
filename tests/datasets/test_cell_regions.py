"""The parasite by its stain: in infected cells only, on what is dark, inside the cell."""

from pathlib import Path

import numpy as np
import pytest

from core.cells.crops import disk_masks
from datasets.cell_regions import REACH_PX, guiding_parasite_regions
from datasets.cells import STORED_SIZE_PX, CellSet, westlake_cells
from tests.drawn_cells import boxes_around

PALE = 200
DOT = (slice(26, 32), slice(30, 36))


def cells(*dots: int, infected: bool = True) -> CellSet:
    """Pale cells, each with a dot of 6 x 6 pixels darker by so many levels."""
    count = len(dots)
    crops = np.full((count, STORED_SIZE_PX, STORED_SIZE_PX, 3), PALE, np.uint8)
    for crop, darker_by in zip(crops, dots, strict=True):
        crop[DOT] -= np.uint8(darker_by)
    masks = disk_masks(boxes_around([(0, 0)] * count, 42), STORED_SIZE_PX)
    return CellSet(
        crops=crops,
        masks=masks,
        colour=np.full((count, 3), PALE, np.float32),
        infected=np.full(count, infected),
        source=np.full(count, "drawn"),
        group=np.full(count, "slide"),
    )


def test_the_region_is_the_dark_dot_and_a_little_around_it() -> None:
    (region,) = guiding_parasite_regions(cells(120))
    assert region[DOT].all()
    reach = REACH_PX + 1  # and a pixel of the mean over 3 x 3
    around = np.zeros_like(region)
    around[26 - reach : 32 + reach, 30 - reach : 36 + reach] = True
    assert not (region & ~around).any()


def test_a_healthy_cell_has_no_region_however_dark_it_is_somewhere() -> None:
    assert not guiding_parasite_regions(cells(120, infected=False)).any()


def test_an_infected_cell_in_which_nothing_stands_out_has_no_region() -> None:
    assert guiding_parasite_regions(cells(0, 4, 120)).any(axis=(1, 2)).tolist() == [False, False, True]


def test_a_region_stays_in_its_cell() -> None:
    drawn = cells(0)
    drawn.crops[0, 12:16, 22:38] = 20  # across the upper rim of the cell
    (region,) = guiding_parasite_regions(drawn)
    assert region.any()
    assert not (region & ~drawn.masks[0]).any()


@pytest.mark.slow
@pytest.mark.shared_data
def test_most_infected_cells_of_a_real_slide_have_a_small_region(shared_data: Path) -> None:
    real = westlake_cells(shared_data / "westlake_cells")
    infected = real.take(np.flatnonzero(real.infected)[:300])
    regions = guiding_parasite_regions(infected)
    shown = regions.any(axis=(1, 2))
    share = regions.sum(axis=(1, 2))[shown] / infected.masks.sum(axis=(1, 2))[shown]
    assert shown.mean() > 0.85
    assert 0.03 < np.median(share) < 0.12
