"""Images with a class and a region for training and for measuring maps, one by one and in batches.

A sample depends on its index, the seed and the epoch alone, so that any number of processes draw the same
ones and a training that is taken up again goes on with them:

```python
samples = BoxedSamples(images, wnids, boxed_training(224), normalisation.inputs, seed=0)
for epoch in range(epochs):
    loader = DataLoader(samples.of_epoch(epoch), batch_size=32, shuffle=True, collate_fn=batched)
```

A sample may have no region: a crop lost the object, a healthy cell has no parasite. Its region is then empty
and its measures are NaN (`core.saliency.localisation`): it is left out of the guiding term and of the means.
Its class counts as ever.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from datasets.augmentation import BoxedTransform, RegionTransform
from datasets.boxed_images import BoxedImage, region_of
from datasets.cells import CellSet

Inputs = Callable[[Tensor], Tensor]
"""Network input (N, 3, H, W) of images (N, H, W, 3) uint8: the normalisation of the weights."""


class RegionSample(NamedTuple):
    """One image for the network.

    Attributes
    ----------
    image
        (3, H, W) float32, normalised.
    class_index
        Logit of its class.
    region
        (H, W) bool; empty where it has none.
    boxes
        (M, 4) int64 of which the region is made: first column, first row, last column, last row, both ends
        included. M is 0 where the region is not made of boxes, and where it is empty.
    name
        Of the image, for lists.
    """

    image: Tensor
    class_index: int
    region: Tensor
    boxes: Tensor
    name: str


class RegionBatch(NamedTuple):
    """Samples put together: (N, 3, H, W), (N,) int64, (N, H, W) bool, and N boxes and names."""

    images: Tensor
    classes: Tensor
    regions: Tensor
    boxes: tuple[Tensor, ...]
    names: tuple[str, ...]


def batched(samples: Sequence[RegionSample]) -> RegionBatch:
    """Put samples of one size together; the `collate_fn` of a loader."""
    return RegionBatch(
        images=torch.stack([sample.image for sample in samples]),
        classes=torch.tensor([sample.class_index for sample in samples]),
        regions=torch.stack([sample.region for sample in samples]),
        boxes=tuple(sample.boxes for sample in samples),
        names=tuple(sample.name for sample in samples),
    )


@dataclass(frozen=True, eq=False)
class BoxedSamples(Dataset[RegionSample]):
    """Images with boxes as samples.

    Attributes
    ----------
    images
        All of classes in `wnids`.
    wnids
        The class of each logit, in order.
    transform
        `datasets.augmentation.boxed_training` or `boxed_evaluation`.
    inputs
        Normalisation of the network's weights.
    seed, epoch
        Fix what the transform draws, with the index.
    """

    images: Sequence[BoxedImage]
    wnids: Sequence[str]
    transform: BoxedTransform
    inputs: Inputs
    seed: int
    epoch: int = 0

    def of_epoch(self, epoch: int) -> "BoxedSamples":
        """The same images, drawn anew."""
        return replace(self, epoch=epoch)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> RegionSample:
        """Decode and transform; raises `BoxedImageError` naming a file that cannot be decoded."""
        boxed = self.images[index]
        moved = self.transform(boxed.image(), boxed.boxes, _drawn(self.seed, self.epoch, index))
        height_px, width_px = moved.image.shape[:2]
        return RegionSample(
            image=_input(moved.image, self.inputs),
            class_index=self.wnids.index(boxed.wnid),
            region=torch.from_numpy(region_of(moved.boxes, height_px, width_px)),
            boxes=torch.from_numpy(moved.boxes),
            name=boxed.path.as_posix(),
        )


@dataclass(frozen=True, eq=False)
class CellSamples(Dataset[RegionSample]):
    """Red cells in their own colours and surroundings as samples: class 0 healthy, 1 infected.

    Attributes
    ----------
    cells
        The cells.
    regions
        (N, S, S) bool on the grid of the crops: `cells.masks` for each cell itself against its surroundings,
        or `datasets.cell_regions.guiding_parasite_regions`, which guides and never measures.
    transform
        `datasets.augmentation.region_training` or `region_evaluation`.
    inputs, seed, epoch
        As of `BoxedSamples`.
    """

    cells: CellSet
    regions: NDArray[np.bool_]
    transform: RegionTransform
    inputs: Inputs
    seed: int
    epoch: int = 0

    def __post_init__(self) -> None:
        """Refuse regions of other crops."""
        if self.regions.shape != self.cells.masks.shape:
            raise ValueError(f"regions {self.regions.shape} for crops {self.cells.masks.shape}")

    def of_epoch(self, epoch: int) -> "CellSamples":
        """The same cells, drawn anew."""
        return replace(self, epoch=epoch)

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, index: int) -> RegionSample:
        """Transform one cell."""
        draw = _drawn(self.seed, self.epoch, index)
        image, region = self.transform(self.cells.crops[index], self.regions[index], draw)
        return RegionSample(
            image=_input(image, self.inputs),
            class_index=int(self.cells.infected[index]),
            region=torch.from_numpy(region),
            boxes=torch.zeros((0, 4), dtype=torch.int64),
            name=f"{self.cells.source[index]}/{self.cells.group[index]}/{index}",
        )


def _drawn(seed: int, epoch: int, index: int) -> int:
    return int(np.random.SeedSequence([seed, epoch, index]).generate_state(1)[0])


def _input(image: NDArray[np.uint8], inputs: Inputs) -> Tensor:
    # A copy: images that are kept are read-only, and flipped ones have their rows the other way round.
    return inputs(torch.from_numpy(image.copy())[None])[0]
