"""Random shapes with soft edges, of which parasites and what is taken for them are drawn."""

import torch
from torch import Tensor
from torch.nn import functional

from core.cells.crops import SURROUNDED_CELL_DIAMETER_PX

CELL_RADIUS_PX = SURROUNDED_CELL_DIAMETER_PX / 2
EMPTY_DENSITY = -0.18
"""Density against the typical cell below which a pixel is background."""
BACKGROUND_DENSITY = -0.35
"""About that of the background itself: how much haemoglobin there is in a place is told from it."""


class DrawnShapes:
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

    def in_disk(self, radius_px: Tensor | float) -> Tensor:
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

    def band(self, middle: Tensor, width_px: Tensor, length_px: Tensor) -> Tensor:
        """(N, 1, S, S) in [0, 1]: a straight band through a point, each turned at random."""
        turned = self.uniform(0, torch.pi)
        across, down = self._across - middle[:, :1], self._down - middle[:, 1:]
        along = across * turned.cos() + down * turned.sin()
        beside = down * turned.cos() - across * turned.sin()
        ends = torch.sigmoid((length_px - 2 * along.abs()) / 3)
        return torch.sigmoid((width_px - 2 * beside.abs()) / 1.5) * ends

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

    def cell_of(self, density: Tensor) -> Tensor:
        """(N, 1, S, S) in [0, 1]: where the cell in the middle of each crop is stained."""
        stained = (density.mean(dim=1, keepdim=True) > EMPTY_DENSITY) & (self.radius < CELL_RADIUS_PX + 3)
        return functional.avg_pool2d(stained.float(), 5, 1, 2)


def haemoglobin(density: Tensor) -> Tensor:
    """(N, 3, S, S) density of a cell over its background, from its density against the typical cell."""
    return (density - BACKGROUND_DENSITY).clamp(min=0)
