"""A small centre-point network that locates red cells, white cells and platelets on a field.

The form is that of "Objects as Points" (Zhou, Wang, Krähenbühl 2019): one heat map a kind whose peaks
are object centres, and at each peak the box's size and the centre's offset from the grid.
"""

from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from core.cells.detection import DETECTOR_CELL_DIAMETER_PX, STRIDE_PX, Cells, ObjectKind
from models.blocks import ConvolutionBlock, ResidualBlock

GRID_PX = 16
"""Coarsest stride inside the network: tiles must start on multiples of it to see the same grid."""
HALO_PX = 128
"""Reach of an output's receptive field, rounded up to the grid: pixels further away cannot change it."""
TILE_PX = 1024
SCORE_FLOOR = 0.25
MAX_OVERLAP = 0.5
"""Two boxes that share more than this (intersection over union) are one object."""
WHITE_LEVEL = 230.0


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
        self.head = nn.Sequential(ConvolutionBlock(24, 48), nn.Conv2d(48, len(ObjectKind) + 4, 1))
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


def white_balanced(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One gain a channel so that the brightest twentieth, the empty background, is near white.

    Takes the tint of lamp and camera away before the network sees the field.
    """
    bright = np.percentile(image[::4, ::4].reshape(-1, 3), 95, axis=0)
    table = np.clip(np.arange(256)[:, None] * (WHITE_LEVEL / np.maximum(bright, 32.0)), 0, 255)
    lookup = np.rint(table).astype(np.uint8)
    balanced = np.empty_like(image)
    for channel in range(3):
        balanced[..., channel] = lookup[:, channel][image[..., channel]]
    return balanced


def as_input(images: NDArray[np.uint8]) -> Tensor:
    """(N, H, W, 3) uint8 to (N, 3, H, W) float32 about zero, channels last in memory."""
    return (torch.from_numpy(images).permute(0, 3, 1, 2).float() - 128.0) / 64.0


def decode(heat: Tensor, size: Tensor, offset: Tensor) -> Cells:
    """Peaks of one image's maps (3, h, w), (2, h, w), (2, h, w), heat already in [0, 1], as objects."""
    peak = (functional.max_pool2d(heat[None], 3, 1, 1)[0] == heat) & (heat > SCORE_FLOOR)
    kind, row, column = torch.nonzero(peak, as_tuple=True)
    score = heat[kind, row, column]
    sides = size[:, row, column].clamp(-2.0, 2.0).exp() * DETECTOR_CELL_DIAMETER_PX
    centre_x = (column + offset[0, row, column]) * STRIDE_PX
    centre_y = (row + offset[1, row, column]) * STRIDE_PX
    corners = torch.stack(
        [centre_x - sides[0] / 2, centre_y - sides[1] / 2, centre_x + sides[0] / 2, centre_y + sides[1] / 2],
        dim=1,
    )
    # One object of whatever kind at one place: the better-scored kind wins.
    kept = torch.as_tensor(without_doubles(corners.numpy(), score.numpy()))
    kept = kept[torch.argsort(row[kept] * heat.shape[2] + column[kept], stable=True)]
    boxes = torch.cat([corners[kept, :2], corners[kept, 2:] - corners[kept, :2]], dim=1)
    return Cells(
        boxes=boxes.numpy().astype(np.float32),
        detection_score=score[kept].numpy().astype(np.float32),
        kind=kind[kept].numpy().astype(np.uint8),
    )


def without_doubles(corners: NDArray[np.float32], score: NDArray[np.float32]) -> NDArray[np.intp]:
    """Indices of the boxes (N, 4: left, top, right, bottom) left when better ones suppress their doubles.

    OpenCV's suppression gives what torchvision's does; importing torchvision would cost every worker 90 MB.
    """
    boxes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1).astype(np.float64)
    return np.asarray(cv2.dnn.NMSBoxes(boxes.tolist(), score.tolist(), 0.0, MAX_OVERLAP), np.intp).reshape(-1)


class Detector:
    """A trained `DetectorNetwork` as the `core.cells.located.CellDetector` that scoring takes."""

    cell_diameter_px = DETECTOR_CELL_DIAMETER_PX

    def __init__(self, network: DetectorNetwork, device: torch.device, tile_px: int = TILE_PX) -> None:
        self._network = network.eval().to(device).to(memory_format=torch.channels_last)
        self._device = device
        self._tile_px = tile_px

    @torch.inference_mode()
    def locate(self, image: NDArray[np.uint8]) -> Cells:
        """Objects of an (H, W, 3) RGB image whose red cells are `cell_diameter_px` wide.

        Images larger than a tile are cut into tiles that overlap by `HALO_PX` on each side and start on
        the network's grid. An output depends on nothing further than the halo, so the maps put together
        from the tiles' inner parts are those of the whole image.
        """
        height, width = image.shape[:2]
        padded_height, padded_width = -height % GRID_PX + height, -width % GRID_PX + width
        balanced = np.zeros((padded_height, padded_width, 3), np.uint8)
        balanced[:height, :width] = white_balanced(image)
        balanced[height:] = balanced[height - 1 : height]
        balanced[:, width:] = balanced[:, width - 1 : width]
        shape = (len(ObjectKind) + 4, padded_height // STRIDE_PX, padded_width // STRIDE_PX)
        maps = torch.empty(shape)
        step = self._tile_px
        for top in range(0, padded_height, step):
            for left in range(0, padded_width, step):
                outer_top, outer_left = max(0, top - HALO_PX), max(0, left - HALO_PX)
                bottom, right = min(padded_height, top + step), min(padded_width, left + step)
                tile = balanced[outer_top : bottom + HALO_PX, outer_left : right + HALO_PX]
                out = self._network(as_input(tile[None]).to(self._device))
                joined = torch.cat([out.heat, out.size, out.offset], dim=1)[0].cpu()
                inner_top, inner_left = (top - outer_top) // STRIDE_PX, (left - outer_left) // STRIDE_PX
                rows, columns = (bottom - top) // STRIDE_PX, (right - left) // STRIDE_PX
                place = np.s_[
                    :, top // STRIDE_PX : bottom // STRIDE_PX, left // STRIDE_PX : right // STRIDE_PX
                ]
                maps[place] = joined[:, inner_top : inner_top + rows, inner_left : inner_left + columns]
        heat, size, offset = maps.split([len(ObjectKind), 2, 2])
        return decode(heat.sigmoid(), size, offset)
