"""Networks small enough to work out by hand, or to differentiate by finite differences."""

import torch
from torch import Tensor, nn


class HandSet(nn.Module):
    """Two features of a grey image, x where it is positive and -x where it is negative, averaged and weighed.

    The logits are `W mean(A)`, W = [[1, 2], [-1, 1]].
    """

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, 2, 1)
        self.features = nn.Sequential(self.convolution, nn.ReLU(inplace=True))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            self.convolution.weight.copy_(torch.tensor([1.0, -1.0]).view(2, 1, 1, 1))
            self.get_parameter("convolution.bias").zero_()
            self.head.weight.copy_(torch.tensor([[1.0, 2.0], [-1.0, 1.0]]))

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.pool(self.features(images)).flatten(1))
        return logits


IMAGE = torch.tensor([[[[1.0, -2.0], [3.0, 0.0]]]])
"""For `HandSet`: A_0 is [[1, 0], [3, 0]] and A_1 is [[0, 2], [0, 0]]; the logits are 2 and -0.5."""


class Pooled(nn.Module):
    """Convolutions, normalisation, an in-place ReLU, pooling, dropout and one linear layer."""

    def __init__(self, classes: int = 3, channels: int = 5) -> None:
        super().__init__()
        self.stem = nn.Conv2d(2, 4, 3, padding=1)
        self.features = nn.Sequential(
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(4, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        )
        self.dropout = nn.Dropout(0.4)
        self.head = nn.Linear(channels, classes)

    def forward(self, images: Tensor) -> Tensor:
        pooled = self.features(self.stem(images)).mean(dim=(2, 3))
        logits: Tensor = self.head(self.dropout(pooled))
        return logits


class OneLogit(Pooled):
    """The same with a single logit an image, (N,)."""

    def __init__(self) -> None:
        super().__init__(classes=1)

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images)[:, 0]


class TwoLayerHead(nn.Module):
    """A classifier of two layers on a flattened feature map, as VGG has it."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(4, 5, 3, padding=1),
            nn.ReLU(inplace=True),
        )
        self.classifier = nn.Sequential(
            nn.Linear(45, 6), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(6, 3)
        )

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.classifier(torch.flatten(self.features(images), 1))
        return logits


class Shortcut(nn.Module):
    """A residual block, so that behind `inner` the network also needs what came before it."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(2, 4, 3, stride=2, padding=1)
        self.inner = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4))
        self.pool = nn.AdaptiveAvgPool2d((1, 1))
        self.head = nn.Linear(4, 3)

    def forward(self, images: Tensor) -> Tensor:
        features = self.stem(images).relu()
        features = torch.relu(features + self.inner(features))
        logits: Tensor = self.head(torch.flatten(self.pool(features), 1))
        return logits


class Branching(nn.Module):
    """Its flow depends on the values of the image, so that it cannot be traced."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(2, 5, 3, stride=2, padding=1), nn.ReLU())
        self.head = nn.Linear(5, 3)

    def forward(self, images: Tensor) -> Tensor:
        features: Tensor = self.features(images)
        if features.sum() < 0:
            raise ValueError("no rectified feature is negative")
        logits: Tensor = self.head(features.mean(dim=(2, 3)))
        return logits


def seeded(network: type[nn.Module], seed: int = 0) -> nn.Module:
    """A network in float64 and eval mode, with weights and batch statistics drawn from a seed."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        drawn = network().double().eval()
        for module in drawn.modules():
            if isinstance(module, nn.BatchNorm2d) and isinstance(module.running_mean, Tensor):
                assert module.running_var is not None
                module.running_mean.normal_(std=0.1)
                module.running_var.uniform_(0.5, 1.5)
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias)
    return drawn


def drawn_images(count: int = 2, seed: int = 0) -> Tensor:
    """(N, 2, 6, 6) float64 images for the networks above."""
    return torch.randn(count, 2, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
