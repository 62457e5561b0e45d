"""A task small enough to train in a second: which colour has the square, and where is it."""

from dataclasses import dataclass

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from core.cam import METHODS
from core.saliency.objectives import Objective
from core.training.guided import ImageSets, MeasuredImages
from core.training.passes import GuidedBatch, GuidedNetwork
from core.training.plan import Phase, ReferencePhase, TrainingPlan

NAMES = ("red", "green", "blue")


class Pooled(nn.Module):
    """Two convolutions, pooling and one linear layer: no batch normalisation, no dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, stride=2, padding=1), nn.ReLU()
        )
        self.head = nn.Linear(8, 3)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.features(images).mean(dim=(2, 3)))
        return logits


class TwoLayerHead(nn.Module):
    """The same with a second linear layer, so that Grad-CAM takes a gradient of a gradient."""

    def __init__(self) -> None:
        super().__init__()
        self.features = Pooled().features
        self.hidden = nn.Linear(8 * 36, 8)
        self.head = nn.Linear(8, 3)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.head(self.hidden(self.features(images).flatten(1)).relu())
        return logits


@dataclass(frozen=True)
class Square:
    """One image, (3, 12, 12), its colour and the square of 5 x 5 px."""

    image: Tensor
    class_index: int
    region: Tensor


@dataclass(frozen=True)
class Squares:
    """Squares drawn from a seed; every fifth is without region."""

    count: int
    seed: int

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Square:
        generator = torch.Generator().manual_seed(1000 * self.seed + index)
        image = 0.3 * torch.rand((3, 12, 12), generator=generator)
        row, column = torch.randint(0, 8, (2,), generator=generator).tolist()
        region = torch.zeros((12, 12), dtype=torch.bool)
        region[row : row + 5, column : column + 5] = True
        image[index % 3][region] += 0.7
        return Square(image, index % 3, region if index % 5 else torch.zeros_like(region))

    @property
    def measured(self) -> MeasuredImages:
        return MeasuredImages(self, tuple(f"{self.seed}/{index}.png" for index in range(self.count)))


def image_sets() -> ImageSets:
    return ImageSets(
        drawn=lambda epoch: Squares(22, epoch),
        training=Squares(22, 0).measured,
        validation=Squares(9, 99).measured,
        class_names=NAMES,
    )


def guided_network(
    objective: str = "energy-dice", network: type[nn.Module] = Pooled, method: str = "grad-cam"
) -> GuidedNetwork:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return GuidedNetwork(network(), "head", Objective(objective), METHODS[method], "features")


def training_plan(
    reference_epochs: int = 2,
    guided_epochs: int = 3,
    images_a_pass: int = 8,
    patience_epochs: int | None = None,
    seed: int = 5,
) -> TrainingPlan:
    phase = {"learning_rate": 0.01, "weight_decay": 0.01, "warm_up": 0.2}
    return TrainingPlan(
        reference=ReferencePhase(epochs=reference_epochs, trains="head", **phase),
        guided=Phase(epochs=guided_epochs, **phase),
        batch_size=8,
        images_a_pass=images_a_pass,
        freeze_batch_norm=True,
        patience_epochs=patience_epochs,
        reading_processes=0,
        seed=seed,
    )


def one_process() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


def batch(count: int = 12, seed: int = 7) -> GuidedBatch:
    squares = Squares(count, seed)
    return GuidedBatch.of([squares[index] for index in range(count)])
