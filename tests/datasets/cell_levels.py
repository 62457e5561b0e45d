"""Levels of plain cells, for tests of what is drawn into them."""

import torch
from torch import Tensor

from core.cells.crops import LEVELS_PER_DENSITY
from datasets.drawn_shapes import BACKGROUND_DENSITY, CELL_RADIUS_PX

SIZE_PX = 128


def cells(count: int = 32) -> Tensor:
    """Discs of the typical cell's colour, level 0, on a bright background."""
    along = torch.arange(SIZE_PX) - (SIZE_PX - 1) / 2
    inside = torch.hypot(along[:, None], along[None]) < CELL_RADIUS_PX - 4
    level = torch.where(inside, 0.0, -LEVELS_PER_DENSITY * BACKGROUND_DENSITY)
    return level.expand(count, 3, SIZE_PX, SIZE_PX).clone()
