"""The two building blocks that the detector and the classifier share."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional

Normalisation = Callable[[int], nn.Module]
"""Makes the normalisation for a number of channels."""


class ConvolutionBlock(nn.Sequential):
    """3x3 convolution, normalisation, ReLU."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        stride: int = 1,
        normalisation: Normalisation = nn.BatchNorm2d,
    ) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, 3, stride, 1, bias=False),
            normalisation(channels_out),
            nn.ReLU(inplace=True),
        )


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    def __init__(self, channels: int, normalisation: Normalisation = nn.BatchNorm2d) -> None:
        super().__init__()
        self.first = ConvolutionBlock(channels, channels, normalisation=normalisation)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False), normalisation(channels)
        )

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return functional.relu(features + self.second(self.first(features)))
