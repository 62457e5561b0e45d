"""A second, stronger look at the few objects of a slide that the first look puts forward."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.cells.classification import FeatureStatistics
from core.cells.crops import SURROUNDED_SIZE_PX
from core.cells.second_look import SecondSight
from models.fusion import fuse
from models.graphs.second_look_graph import CHANNELS, STEM_CHANNELS, inverted_residuals
from models.slide_network import SlideNetwork
from models.slide_norm import SlideNorm

FEATURE_LAYER = "features"
"""Layer whose output the class activation map is made of."""


def _convolution(channels: int, out: int, kernel: int, stride: int, groups: int = 1) -> nn.Sequential:
    padding = kernel // 2
    return nn.Sequential(
        nn.Conv2d(channels, out, kernel, stride, padding, groups=groups, bias=False),
        SlideNorm(out),
        nn.ReLU6(inplace=True),
    )


class InvertedResidual(nn.Module):
    """A block of MobileNetV2; its parts are named as in torchvision, whose weights it takes."""

    def __init__(self, channels: int, out: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = channels * expansion
        expand = [_convolution(channels, inner, 1, 1)] if expansion > 1 else []
        self.conv = nn.Sequential(
            *expand,
            _convolution(inner, inner, 3, stride, groups=inner),
            nn.Conv2d(inner, out, 1, bias=False),
            SlideNorm(out),
        )
        self.shortcut = stride == 1 and channels == out

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) to (N, `out`, H / stride, W / stride)."""
        result: Tensor = self.conv(features)
        return features + result if self.shortcut else result


class SecondLookNetwork(nn.Module):
    """MobileNetV2 down to a sixteenth of the resolution, mean pooling, one linear layer.

    Every layer is normalised by the slide's own cells (`models.slide_norm`). The class activation map is
    exact: the logit is the mean of the map plus the bias.
    """

    def __init__(self) -> None:
        super().__init__()
        blocks: list[nn.Module] = [_convolution(3, STEM_CHANNELS, 3, 2)]
        for channels, out, stride, expansion in inverted_residuals():
            blocks.append(InvertedResidual(channels, out, stride, expansion))
        self.features = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(CHANNELS, 1)
        nn.init.zeros_(self.head.bias)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, S, S) from `as_input` to (N,) logits of "infected"."""
        return self.judged(self.pooled(images))

    def pooled(self, images: Tensor) -> Tensor:
        """(N, 3, S, S) from `as_input` to (N, D) features, the means of their maps."""
        features: Tensor = self.features(images)
        return features.mean(dim=(2, 3))

    def judged(self, pooled: Tensor) -> Tensor:
        """(N, D) features from `pooled` to (N,) logits of "infected"."""
        logits: Tensor = self.head(self.dropout(pooled))[:, 0]
        return logits


class SecondLook(SlideNetwork[SecondLookNetwork]):
    """A trained `SecondLookNetwork` as the `core.cells.second_look.SecondLook` that scoring takes."""

    crop_size_px = SURROUNDED_SIZE_PX

    @torch.inference_mode()
    def look(self, crops: NDArray[np.uint8], statistics: FeatureStatistics) -> SecondSight:
        """Look at (N, S, S, 3) crops of one slide; the logits are those that `logits` gives."""
        network = self.network_of(statistics)
        pooled = [network.pooled(batch) for batch in self._batches(crops)]
        if not pooled:
            return SecondSight(np.empty(0, np.float32), np.empty((0, network.head.in_features), np.float16))
        # Batch by batch, as `logits`: a sum of other shape may differ in its last bit.
        logits = torch.cat([network.judged(batch) for batch in pooled])
        return SecondSight(logits.float().cpu().numpy(), torch.cat(pooled).half().cpu().numpy())

    def _adapted(self, statistics: FeatureStatistics) -> SecondLookNetwork:
        network = super()._adapted(statistics)
        with torch.inference_mode(mode=False):
            fuse(network)
        return network
