"""Late stages drawn into cells: inside the cell, of many kinds, the same for the same seed."""

import pytest
import torch
from torch import Tensor

from core.cells.crops import LEVELS_PER_DENSITY
from datasets.drawn_shapes import BACKGROUND_DENSITY, CELL_RADIUS_PX
from datasets.late_stages import with_late_stages
from tests.datasets.cell_levels import SIZE_PX, cells


def drawn(levels: Tensor, seed: int = 0) -> Tensor:
    return with_late_stages(levels, torch.Generator().manual_seed(seed))


def test_what_is_drawn_lies_in_the_cell() -> None:
    changed = (drawn(cells()) - cells()).abs().amax(dim=1)
    along = torch.arange(SIZE_PX) - (SIZE_PX - 1) / 2
    outside = torch.hypot(along[:, None], along[None]) > CELL_RADIUS_PX + 6
    assert changed[:, outside].max() < 1.0
    assert (changed[:, ~outside].amax(dim=1) > 10).all()


def test_some_are_paler_than_their_cell_and_some_have_dark_nuclei() -> None:
    levels = drawn(cells(64))
    middle = levels[:, :, 50:78, 50:78].mean(dim=1).flatten(1)
    # A level of 56 is one unit of density: a late stage reaches from pale to nearly black.
    assert (middle.median(dim=1).values > 4).any()
    assert (middle.min(dim=1).values < -30).any()


def test_a_cell_on_nothing_stays_nothing() -> None:
    background = torch.full((4, 3, SIZE_PX, SIZE_PX), -LEVELS_PER_DENSITY * BACKGROUND_DENSITY)
    torch.testing.assert_close(drawn(background), background)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_draws_the_same(seed: int) -> None:
    torch.testing.assert_close(drawn(cells(4), seed), drawn(cells(4), seed))
    assert (drawn(cells(4), seed) != drawn(cells(4), seed + 1)).any()
