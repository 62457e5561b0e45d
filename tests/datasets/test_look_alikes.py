"""Flaws drawn into cells: inside the cell, of many kinds, of the light's or the cell's own colour."""

import pytest
import torch
from torch import Tensor

from core.cells.crops import LEVELS_PER_DENSITY
from datasets.drawn_shapes import BACKGROUND_DENSITY, CELL_RADIUS_PX
from datasets.look_alikes import with_look_alikes
from tests.datasets.cell_levels import SIZE_PX, cells


def drawn(levels: Tensor, seed: int = 0) -> Tensor:
    return with_look_alikes(levels, torch.Generator().manual_seed(seed))


def test_what_is_drawn_lies_in_the_cell() -> None:
    changed = (drawn(cells(64)) - cells(64)).abs().amax(dim=1)
    along = torch.arange(SIZE_PX) - (SIZE_PX - 1) / 2
    outside = torch.hypot(along[:, None], along[None]) > CELL_RADIUS_PX + 6
    assert changed[:, outside].max() < 1.0
    assert (changed[:, ~outside].amax(dim=1) > 1).float().mean() > 0.9


def test_some_are_darker_than_their_cell_and_some_are_brighter() -> None:
    change = (drawn(cells(64)) - cells(64)).mean(dim=1).flatten(1)
    assert (change.min(dim=1).values < -10).float().mean() > 0.3
    assert (change.max(dim=1).values > 5).float().mean() > 0.3


def test_what_is_of_the_cell_s_colour_changes_no_hue() -> None:
    """Of four kinds of flaws three are haemoglobin, more of it or less: all channels change alike."""
    change = drawn(cells(200)) - cells(200)
    alike = (change.amax(dim=1) - change.amin(dim=1)).flatten(1).amax(dim=1) < 0.01
    assert 0.65 < alike.float().mean() < 0.85


def test_a_cell_on_nothing_stays_nothing() -> None:
    background = torch.full((4, 3, SIZE_PX, SIZE_PX), -LEVELS_PER_DENSITY * BACKGROUND_DENSITY)
    torch.testing.assert_close(drawn(background), background)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_draws_the_same(seed: int) -> None:
    torch.testing.assert_close(drawn(cells(8), seed), drawn(cells(8), seed))
    assert (drawn(cells(8), seed) != drawn(cells(8), seed + 1)).any()
