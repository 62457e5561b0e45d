"""Late stages of parasites, drawn into healthy cells.

A ring can be taken out of one cell and put into another (`datasets.transplant`); a parasite that fills its
cell cannot, because nothing of the cell is left to tell it from. No published set shows the late stages of
all species, and a network that has never seen one takes a gametocyte for an odd cell and a schizont for a
clump of platelets. What is known of them is drawn instead, at random far beyond what occurs: haemoglobin used
up, cytoplasm of another tint, chromatin in one mass or in many, granules and heaps of pigment.
"""

import torch
from torch import Tensor

from core.cells.crops import LEVELS_PER_DENSITY
from datasets.drawn_shapes import CELL_RADIUS_PX, DrawnShapes, haemoglobin

SHARE_OF_SCHIZONTS = 0.45
MOST_NUCLEI = 16
CHROMATIN = (0.38, 0.65, 0.12)
"""Densities in red, green and blue of chromatin, which Giemsa stains purple."""
PIGMENT = (0.55, 0.65, 0.7)
"""Of haemozoin, which is brown to black."""


def with_late_stages(levels: Tensor, generator: torch.Generator) -> Tensor:
    """Draw a late stage into the cell in the middle of each crop.

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
    cell = draw.cell_of(density)
    body_px = draw.uniform(12, 30)
    middle = draw.offset(torch.clamp(CELL_RADIUS_PX - body_px, min=0))
    body = draw.disk(middle, body_px, edge_px=1.5, wobble_px=draw.uniform(0, 4) * draw.noise(1, 10)) * cell
    parts = (
        _used_up(density, draw) * body,
        _cytoplasm(draw) * body,
        _one_nucleus(draw, middle, body_px) * body,
        _many_nuclei(draw, middle, body_px) * cell,
        _pigment(draw) * body,
        _heap_of_pigment(draw, middle, body_px) * cell,
    )
    return levels - LEVELS_PER_DENSITY * torch.stack(torch.broadcast_tensors(*parts)).sum(dim=0)


def _used_up(density: Tensor, draw: DrawnShapes) -> Tensor:
    """Haemoglobin that the parasite has digested: less density."""
    return -haemoglobin(density) * draw.uniform(0, 0.6)


def _cytoplasm(draw: DrawnShapes) -> Tensor:
    tint = draw.tint((0, 0.35), (0, 0.30), (-0.12, 0.12))
    uneven = 1 + 0.5 * draw.noise(1, 6).clamp(-2, 2) * draw.uniform(0, 1)
    granules = _colour(1, 1, 0.9) * draw.noise(1, 2.5) + 0.2 * draw.noise(3, 2.5)
    return tint * uneven + granules * draw.uniform(0, 0.16)


def _one_nucleus(draw: DrawnShapes, middle: Tensor, body_px: Tensor) -> Tensor:
    place = middle + draw.offset(0.6 * body_px)
    nucleus = draw.disk(place, draw.uniform(2.5, 7), edge_px=1.0, wobble_px=draw.noise(1, 5))
    return _colour(*CHROMATIN) * nucleus * draw.uniform(0, 1.2)


def _many_nuclei(draw: DrawnShapes, middle: Tensor, body_px: Tensor) -> Tensor:
    """Of a schizont: up to `MOST_NUCLEI`, in some of the cells."""
    nuclei = torch.zeros_like(draw.radius)
    for _ in range(MOST_NUCLEI):
        place = middle + draw.in_disk(0.85 * body_px)
        there = draw.chance(0.65)
        nuclei = torch.maximum(nuclei, there * draw.disk(place, draw.uniform(2, 4.2), edge_px=0.8))
    return _colour(*CHROMATIN) * nuclei * draw.uniform(0.3, 1.4) * draw.chance(SHARE_OF_SCHIZONTS)


def _pigment(draw: DrawnShapes) -> Tensor:
    grains = (draw.noise(1, 2.2) - draw.uniform(1.3, 2.6)).clamp(min=0)
    return _colour(*PIGMENT) * grains * draw.uniform(0, 0.7)


def _heap_of_pigment(draw: DrawnShapes, middle: Tensor, body_px: Tensor) -> Tensor:
    place = middle + draw.offset(0.4 * body_px)
    heap = draw.disk(place, draw.uniform(1.5, 5), edge_px=0.8, wobble_px=1.2 * draw.noise(1, 4))
    return _colour(*PIGMENT) * heap * draw.uniform(0.3, 1.5) * draw.chance(0.5)


def _colour(red: float, green: float, blue: float) -> Tensor:
    return torch.tensor([red, green, blue])[None, :, None, None]
