"""A small centre-point network that locates red cells, white cells and platelets on a field.

The form is that of "Objects as Points" (Zhou, Wang, Krähenbühl 2019): one heat map a kind whose peaks
are object centres, and at each peak the box's size and the centre's offset from the grid.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core.cells.detection import ObjectKind
from models.blocks import ConvolutionBlock, ResidualBlock
from models.detector import INPUT_LEVELS, INPUT_MIDDLE, PLANES, Answer


class Maps(NamedTuple):
    """Raw outputs on the grid of stride 4.

    Attributes
    ----------
    heat
        (N, 3, h, w) logits of a centre, one channel a `ObjectKind`.
    size
        (N, 2, h, w) natural logarithm of box width and height over `DETECTOR_CELL_DIAMETER_PX`.
    offset
        (N, 2, h, w) the centre's x, y from the grid cell's corner, in grid cells.
    """

    heat: Tensor
    size: Tensor
    offset: Tensor


class DetectorNetwork(nn.Module):
    """Four stages down to stride 16, two merges back up to stride 4, one head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvolutionBlock(3, 16, 2)
        self.stage4 = nn.Sequential(ConvolutionBlock(16, 24, 2), ResidualBlock(24))
        self.stage8 = nn.Sequential(ConvolutionBlock(24, 48, 2), ResidualBlock(48))
        self.stage16 = nn.Sequential(ConvolutionBlock(48, 96, 2), ResidualBlock(96), ResidualBlock(96))
        self.lateral16 = nn.Conv2d(96, 48, 1)
        self.merge8 = ConvolutionBlock(48, 48)
        self.lateral8 = nn.Conv2d(48, 24, 1)
        self.merge4 = ConvolutionBlock(24, 24)
        self.head = nn.Sequential(ConvolutionBlock(24, 48), nn.Conv2d(48, PLANES, 1))
        # Centres are rare: starting every heat value near 0.02 keeps the first steps from being spent on it.
        nn.init.constant_(self.head.get_parameter("1.bias")[: len(ObjectKind)], -4.0)

    def forward(self, images: Tensor) -> Maps:
        """(N, 3, H, W) from `as_input`, H and W multiples of `GRID_PX`."""
        at4 = self.stage4(self.stem(images))
        at8 = self.stage8(at4)
        at16 = self.stage16(at8)
        at8 = self.merge8(at8 + functional.interpolate(self.lateral16(at16), scale_factor=2.0))
        at4 = self.merge4(at4 + functional.interpolate(self.lateral8(at8), scale_factor=2.0))
        out = self.head(at4)
        heat, size, offset = out.split([len(ObjectKind), 2, 2], dim=1)
        return Maps(heat, size, offset)


def as_input(images: NDArray[np.uint8]) -> Tensor:
    """(N, H, W, 3) uint8 to (N, 3, H, W) float32 about zero, channels last in memory."""
    return (torch.from_numpy(images).permute(0, 3, 1, 2).float() - INPUT_MIDDLE) / INPUT_LEVELS


def answer_of(network: DetectorNetwork, device: torch.device) -> Answer:
    """What a trained network answers, run by torch on any device."""
    network.eval().to(device).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def answer(tile: NDArray[np.uint8]) -> NDArray[np.float32]:
        heat, size, offset = network(as_input(tile[None]).to(device))
        return np.asarray(torch.cat([heat.sigmoid(), size, offset], dim=1)[0].cpu(), np.float32)

    return answer
