"""Networks for whole images that end in mean pooling and one linear layer, so that their CAM is exact."""

from collections import OrderedDict

from torch import Tensor, nn

from models.blocks import ConvolutionBlock, ResidualBlock


class PooledLinear(nn.Module):
    """Features, their mean over the image, one linear layer: a logit is the mean of its map plus a bias."""

    def __init__(self, features: nn.Sequential, channels: int, classes: int) -> None:
        super().__init__()
        self.features = features
        self.fc = nn.Linear(channels, classes)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) to (N, K) logits."""
        logits: Tensor = self.fc(self.features(images).mean(dim=(2, 3)))
        return logits


def resnet50v2(classes: int) -> PooledLinear:
    """ResNet50 with pre-activation as Keras defines it: 16 bottlenecks, ending in batch-norm and ReLU."""
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 7, 2, 3), nn.ZeroPad2d(1), nn.MaxPool2d(3, 2)]
    channels_in = 64
    for channels, blocks, last_stride in ((64, 3, 2), (128, 4, 2), (256, 6, 2), (512, 3, 1)):
        for block in range(1, blocks + 1):
            stride = last_stride if block == blocks else 1
            layers.append(PreactivationBlock(channels_in, channels, stride))
            channels_in = 4 * channels
    layers += [_normalisation(channels_in), nn.ReLU(inplace=True)]
    return PooledLinear(nn.Sequential(*layers), channels_in, classes)


def small(classes: int) -> PooledLinear:
    """Three residual stages down to an eighth of the resolution, for images of 64 px."""
    stages: OrderedDict[str, nn.Module] = OrderedDict(
        first=nn.Sequential(ConvolutionBlock(3, 32, 2), ResidualBlock(32)),
        second=nn.Sequential(ConvolutionBlock(32, 64, 2), ResidualBlock(64)),
        third=nn.Sequential(ConvolutionBlock(64, 128, 2), ResidualBlock(128)),
    )
    return PooledLinear(nn.Sequential(stages), 128, classes)


class PreactivationBlock(nn.Module):
    """Bottleneck with batch-norm and ReLU before each convolution (He 2016, "Identity mappings").

    As in Keras, a stage's stride is in its last block, whose shortcut only drops pixels.
    """

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.activation = nn.Sequential(_normalisation(channels_in), nn.ReLU(inplace=True))
        self.residual = nn.Sequential(
            nn.Conv2d(channels_in, channels, 1, bias=False),
            _normalisation(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, stride, 1, bias=False),
            _normalisation(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, 4 * channels, 1),
        )
        self.projection = nn.Conv2d(channels_in, 4 * channels, 1) if channels_in != 4 * channels else None
        self.stride = stride

    def forward(self, features: Tensor) -> Tensor:
        """(N, C, H, W) to (N, 4 channels, H / stride, W / stride)."""
        active = self.activation(features)
        if self.projection is not None:
            shortcut = self.projection(active)
        else:
            shortcut = features[:, :, :: self.stride, :: self.stride]
        summed: Tensor = shortcut + self.residual(active)
        return summed


def _normalisation(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1.001e-5)  # Keras's value: its weights are for this one
