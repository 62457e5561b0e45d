"""What is taken for a parasite and is none, drawn into healthy cells.

Every stain and every lens has flaws of its own: places of a cell that bend the light, specks with a bright
rim, folds, burrs, the dark middle of a target cell. On a microscope that no set shows they are the first
that a network puts forward. What they have in common is known: they bend light, or they are of the cell's own
colour, while a parasite takes the stain. So they are drawn, at random far beyond what occurs.
"""

import torch
from torch import Tensor

from core.cells.crops import LEVELS_PER_DENSITY
from datasets.drawn_shapes import CELL_RADIUS_PX, DrawnShapes, haemoglobin

MOST_GLINTS, MOST_BURRS = 3, 8


def with_look_alikes(levels: Tensor, generator: torch.Generator) -> Tensor:
    """Draw one kind of flaw into the cell in the middle of each crop.

    Parameters
    ----------
    levels
        (N, 3, S, S) levels of `core.cells.crops.densities` less `GREY`, the cell
        `SURROUNDED_CELL_DIAMETER_PX` wide.
    generator
        Fixes every choice.
    """
    draw = DrawnShapes(levels.shape[0], levels.shape[-1], generator)
    density = -levels / LEVELS_PER_DENSITY
    own = haemoglobin(density)
    kinds = torch.stack(
        [
            torch.stack(torch.broadcast_tensors(*_glints(own, draw))).sum(dim=0),
            _fold(draw) * own,
            _burrs(draw) * own,
            _target(draw) * own,
        ]
    )
    chosen = torch.randint(len(kinds), (levels.shape[0],), generator=generator)
    flaw = kinds[chosen, torch.arange(levels.shape[0])] * draw.cell_of(density)
    return levels - LEVELS_PER_DENSITY * flaw


def _glints(own: Tensor, draw: DrawnShapes) -> list[Tensor]:
    """Places that bend the light: bright within a dark rim, or dark within a bright one."""
    parts = []
    for number in range(MOST_GLINTS):
        middle = draw.in_disk(0.7 * CELL_RADIUS_PX)
        radius_px, rim_px = draw.uniform(1.2, 6), draw.uniform(1, 3)
        wobble = draw.noise(1, 6) * draw.uniform(0, 1.5)
        core = draw.disk(middle, radius_px, edge_px=0.8, wobble_px=wobble)
        rim = draw.disk(middle, radius_px + rim_px, edge_px=0.8, wobble_px=wobble) - core
        bright = torch.where(draw.chance(0.5) > 0, core, rim)
        dark = core + rim - bright
        there = torch.ones_like(radius_px) if number == 0 else draw.chance(0.4)
        tint = draw.tint((0.3, 1), (0.3, 1), (0.3, 1)) * draw.uniform(0.2, 0.9)
        parts += [-bright * own * draw.uniform(0.4, 1.4) * there, dark * tint * there]
    return parts


def _fold(draw: DrawnShapes) -> Tensor:
    """A dark band, at times with a bright one across it."""
    middle = draw.in_disk(0.6 * CELL_RADIUS_PX)
    dark = draw.band(middle, draw.uniform(2, 6), draw.uniform(8, 50)) * draw.uniform(0.2, 1)
    return dark - draw.band(middle, draw.uniform(2, 6), draw.uniform(8, 50)) * draw.uniform(-0.5, 0.8).clamp(
        min=0
    )


def _burrs(draw: DrawnShapes) -> Tensor:
    spots = torch.zeros_like(draw.radius)
    for _ in range(MOST_BURRS):
        middle = draw.in_disk(0.9 * CELL_RADIUS_PX)
        spots = torch.maximum(spots, draw.chance(0.6) * draw.disk(middle, draw.uniform(1.5, 4), edge_px=1.2))
    return spots * draw.uniform(-0.7, 0.9)


def _target(draw: DrawnShapes) -> Tensor:
    middle = draw.in_disk(0.25 * CELL_RADIUS_PX)
    radius_px = draw.uniform(3, 10)
    wobble = draw.noise(1, 8) * draw.uniform(0, 2)
    dark = draw.disk(middle, radius_px, edge_px=1.5, wobble_px=wobble)
    pale = draw.disk(middle, radius_px + draw.uniform(3, 9), edge_px=2.0, wobble_px=wobble) - dark
    return dark * draw.uniform(0.1, 0.8) - pale * draw.uniform(0.1, 0.7)
