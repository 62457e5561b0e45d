"""One pass of a guided network: what training lowers, and what is measured of an image."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from core.cam import (
    Method,
    Placing,
    activation_maps,
    maps_of,
    placed,
    placing_of,
    recorded,
)
from core.saliency.localisation import energy, magtr, mangtr
from core.saliency.objectives import Guidance, Objective, guidance
from core.saliency.regions import area_pooled, placed_shares


class Sample(Protocol):
    """One image, what it shows and where it is."""

    @property
    def image(self) -> Tensor:
        """(C, H, W) floating point, as the network takes it."""
        ...

    @property
    def class_index(self) -> int:
        """Logit of its class."""
        ...

    @property
    def region(self) -> Tensor:
        """(H, W) bool; all False where there is no region."""
        ...


class Samples(Protocol):
    """Images that are read one by one."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample: ...


@dataclass(frozen=True, eq=False)
class GuidedBatch:
    """Samples put together.

    Attributes
    ----------
    images
        (N, C, H, W).
    classes
        (N,) int64.
    regions
        (N, H, W) bool.
    """

    images: Tensor
    classes: Tensor
    regions: Tensor

    @staticmethod
    def of(samples: Sequence[Sample]) -> "GuidedBatch":
        """Put samples of one size together."""
        return GuidedBatch(
            torch.stack([sample.image for sample in samples]),
            torch.tensor([sample.class_index for sample in samples]),
            torch.stack([sample.region for sample in samples]),
        )

    def to(self, device: torch.device) -> "GuidedBatch":
        """The same on a device."""
        return GuidedBatch(self.images.to(device), self.classes.to(device), self.regions.to(device))


@dataclass(frozen=True, eq=False)
class GuidedNetwork:
    """A network, what it is trained for, and the maps that this takes.

    Maps and regions are brought together where the layer's cells look (`core.cam.placing_of`, whose
    `CamError` says where that cannot be worked out). For methods whose maps are at the size of the image
    anyway, the cells are taken for equal parts of it.

    Attributes
    ----------
    network
        Images (N, C, H, W) to logits (N, K).
    head
        Name of its last linear layer.
    objective
        With its learned weights, where it has some.
    method, layer
        Of the activation maps, which are those of the true class.
    """

    network: nn.Module
    head: str
    objective: Objective
    method: Method
    layer: str

    def begin_training(self, *, freeze_batch_norm: bool) -> None:
        """Set train mode; frozen batch normalisation goes on with the statistics it has and leaves them."""
        self.network.train()
        if freeze_batch_norm:
            for module in self.network.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()

    def losses(
        self, batch: GuidedBatch, *, guided: bool, precision: AbstractContextManager[object] | None = None
    ) -> Tensor:
        """(N,) objectives of a training pass in the mode the network is in, with their graph.

        Parameters
        ----------
        batch
            On the network's device.
        guided
            False: the cross-entropy alone.
        precision
            Context of the network's pass and its maps; the objective itself is always taken in 32 bits.
        """
        precision = precision or nullcontext()
        if not (guided and self.objective.takes_maps):
            with precision:
                logits = self.network(batch.images)
            return functional.cross_entropy(logits.float(), batch.classes, reduction="none")
        with recorded(self.network, self.layer) as recording, precision:
            logits = self.network(batch.images)
            made = maps_of(recording, logits, batch.images, self.method, batch.classes)
        return self._objectives(made.logits, made.sums, batch)[1]

    def figures(self, batch: GuidedBatch) -> Tensor:
        """(N, 9) float64 of each image, a column for each name in `FIGURES`; the network is left as it was.

        The report's terms are at the resolution of the image: the map is brought to it by `at_image_size`,
        the region is taken as it is. They are of every image, also of one that cannot guide; NaN where
        nothing is averaged.
        """
        made = activation_maps(self.network, batch.images, self.method, batch.classes, self.layer)
        with torch.no_grad():
            entropies, losses, told = self._objectives(made.logits, made.sums, batch)
            maps = self.at_image_size(made.maps, batch.images)
            terms = [term(maps, batch.regions) for term in (magtr, mangtr, energy)]
        reasons = (told.without_region, told.region_too_large, told.empty_map)
        columns = (made.logits.argmax(dim=1), entropies, losses, *terms, *reasons)
        return torch.stack([column.double() for column in columns], dim=1)

    def at_image_size(self, maps: Tensor, images: Tensor) -> Tensor:
        """(N, H, W) of (N, h, w) maps of these images, each cell's value where the cell looked."""
        where = self._placing(images)
        return upsampled(maps, images) if where is None else placed(maps, where, *images.shape[2:])

    def _objectives(
        self, logits: Tensor, sums: Tensor, batch: GuidedBatch
    ) -> tuple[Tensor, Tensor, Guidance]:
        """(N,) cross-entropies and objectives of maps before they are rectified, and which images guide."""
        entropies = functional.cross_entropy(logits.float(), batch.classes, reduction="none")
        sums = sums.float()
        where = self._placing(batch.images)
        if where is None:
            shares = area_pooled(batch.regions, *sums.shape[1:])
        else:
            shares = placed_shares(batch.regions, where, *sums.shape[1:])
        return entropies, self.objective(entropies, sums, shares), guidance(sums, shares)

    def _placing(self, images: Tensor) -> Placing | None:
        """Where the layer's cells look; None for methods whose maps are at the size of the image."""
        return None if self.method.at_input_size else placing_of(self.network, images, self.layer)


FIGURES = (
    "prediction",
    "cross_entropy",
    "loss",
    "magtr",
    "mangtr",
    "epg",
    "without_region",
    "region_too_large",
    "empty_map",
)
"""Columns of `GuidedNetwork.figures`: predicted class, cross-entropy, objective, the report's terms, energy,
and 1 for each reason not to guide that holds."""


def upsampled(maps: Tensor, images: Tensor) -> Tensor:
    """(N, H, W) of (N, h, w) maps, bilinear, their cells taken for equal parts of the image, as published."""
    size = images.shape[2:]
    return functional.interpolate(maps[:, None], size, mode="bilinear", align_corners=False)[:, 0]
