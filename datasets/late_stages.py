"""Late stages of parasites, drawn into healthy cells.

A ring can be taken out of one cell and put into another (`datasets.transplant`); a parasite that fills its
cell cannot, because nothing of the cell is left to tell it from. No published set shows the late stages of
all species, and a network that has never seen one takes a gametocyte for an odd cell and a schizont for a
clump of platelets. What is known of them is drawn instead, at random far beyond what occurs: haemoglobin used
up, cytoplasm of another tint, chromatin in one mass or in many, granules and heaps of pigment.
"""

import torch
from torch import Tensor
from torch.nn import functional

from core.cells.crops import LEVELS_PER_DENSITY, SURROUNDED_CELL_DIAMETER_PX

CELL_RADIUS_PX = SURROUNDED_CELL_DIAMETER_PX / 2
EMPTY_DENSITY = -0.18
"""Density against the typical cell below which a pixel is background."""
BACKGROUND_DENSITY = -0.35
"""About that of the background itself: how much haemoglobin there is to use up is told from it."""
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
    draw = _Draw(levels.shape[0], levels.shape[-1], generator)
    density = -levels / LEVELS_PER_DENSITY
    stained = (density.mean(dim=1, keepdim=True) > EMPTY_DENSITY) & (draw.radius < CELL_RADIUS_PX + 3)
    cell = functional.avg_pool2d(stained.float(), 5, 1, 2)
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


def _used_up(density: Tensor, draw: "_Draw") -> Tensor:
    """Haemoglobin that the parasite has digested: less density."""
    return -(density - BACKGROUND_DENSITY).clamp(min=0) * draw.uniform(0, 0.6)


def _cytoplasm(draw: "_Draw") -> Tensor:
    tint = draw.tint((0, 0.35), (0, 0.30), (-0.12, 0.12))
    uneven = 1 + 0.5 * draw.noise(1, 6).clamp(-2, 2) * draw.uniform(0, 1)
    granules = _colour(1, 1, 0.9) * draw.noise(1, 2.5) + 0.2 * draw.noise(3, 2.5)
    return tint * uneven + granules * draw.uniform(0, 0.16)


def _one_nucleus(draw: "_Draw", middle: Tensor, body_px: Tensor) -> Tensor:
    place = middle + draw.offset(0.6 * body_px)
    nucleus = draw.disk(place, draw.uniform(2.5, 7), edge_px=1.0, wobble_px=draw.noise(1, 5))
    return _colour(*CHROMATIN) * nucleus * draw.uniform(0, 1.2)


def _many_nuclei(draw: "_Draw", middle: Tensor, body_px: Tensor) -> Tensor:
    """Of a schizont: up to `MOST_NUCLEI`, in some of the cells."""
    nuclei = torch.zeros_like(draw.radius)
    for _ in range(MOST_NUCLEI):
        place = middle + draw.in_disk(0.85 * body_px)
        there = draw.chance(0.65)
        nuclei = torch.maximum(nuclei, there * draw.disk(place, draw.uniform(2, 4.2), edge_px=0.8))
    return _colour(*CHROMATIN) * nuclei * draw.uniform(0.3, 1.4) * draw.chance(SHARE_OF_SCHIZONTS)


def _pigment(draw: "_Draw") -> Tensor:
    grains = (draw.noise(1, 2.2) - draw.uniform(1.3, 2.6)).clamp(min=0)
    return _colour(*PIGMENT) * grains * draw.uniform(0, 0.7)


def _heap_of_pigment(draw: "_Draw", middle: Tensor, body_px: Tensor) -> Tensor:
    place = middle + draw.offset(0.4 * body_px)
    heap = draw.disk(place, draw.uniform(1.5, 5), edge_px=0.8, wobble_px=1.2 * draw.noise(1, 4))
    return _colour(*PIGMENT) * heap * draw.uniform(0.3, 1.5) * draw.chance(0.5)


def _colour(red: float, green: float, blue: float) -> Tensor:
    return torch.tensor([red, green, blue])[None, :, None, None]


class _Draw:
    """Random shapes on the grid of N crops of S pixels, each crop's of its own."""

    def __init__(self, count: int, size_px: int, generator: torch.Generator) -> None:
        self._count, self._size_px, self._generator = count, size_px, generator
        along = torch.arange(size_px) - (size_px - 1) / 2
        self._across, self._down = along[None, None, None, :], along[None, None, :, None]
        self.radius = torch.hypot(self._across, self._down).expand(count, 1, size_px, size_px)

    def uniform(self, low: float, high: float) -> Tensor:
        """(N, 1, 1, 1) drawn evenly."""
        return low + (high - low) * torch.rand(self._count, 1, 1, 1, generator=self._generator)

    def chance(self, probability: float) -> Tensor:
        """(N, 1, 1, 1) of 0 and 1."""
        return (torch.rand(self._count, 1, 1, 1, generator=self._generator) < probability).float()

    def tint(self, *ranges: tuple[float, float]) -> Tensor:
        """(N, 3, 1, 1): one value a channel."""
        return torch.cat([self.uniform(low, high) for low, high in ranges], dim=1)

    def offset(self, reach_px: Tensor) -> Tensor:
        """(N, 2, 1, 1) x and y, each up to `reach_px` (N, 1, 1, 1) either way."""
        return (2 * torch.rand(self._count, 2, 1, 1, generator=self._generator) - 1) * reach_px

    def in_disk(self, radius_px: Tensor) -> Tensor:
        """(N, 2, 1, 1) x and y of a point drawn evenly in a disk."""
        away = radius_px * self.uniform(0, 1).sqrt()
        turned = self.uniform(0, 2 * torch.pi)
        return torch.cat([away * turned.cos(), away * turned.sin()], dim=1)

    def disk(
        self, middle: Tensor, radius_px: Tensor, edge_px: float, wobble_px: Tensor | float = 0.0
    ) -> Tensor:
        """(N, 1, S, S) in [0, 1], soft at the edge."""
        away = torch.hypot(self._across - middle[:, :1], self._down - middle[:, 1:])
        return torch.sigmoid((radius_px - away + wobble_px) / edge_px)

    def noise(self, channels: int, smooth_px: float) -> Tensor:
        """(N, C, S, S) smooth noise of mean about 0 and standard deviation 1."""
        step = 4
        side = self._size_px // step
        fine = torch.randn(self._count * channels, 1, side, side, generator=self._generator)
        width = smooth_px / step
        reach = max(1, round(4 * width) // 2)
        kernel = torch.exp(-(torch.arange(-reach, reach + 1.0) ** 2) / (2 * width**2))
        kernel = kernel / kernel.sum()
        fine = functional.conv2d(fine, kernel.view(1, 1, 1, -1), padding=(0, reach))
        fine = functional.conv2d(fine, kernel.view(1, 1, -1, 1), padding=(reach, 0))
        grown = functional.interpolate(fine, size=(self._size_px, self._size_px), mode="bilinear")
        grown = grown.reshape(self._count, channels, self._size_px, self._size_px)
        return grown / grown.std(dim=(2, 3), keepdim=True)
