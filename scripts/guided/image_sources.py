"""The images of a guided training: a set with boxes or one of red cells, in one form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, get_worker_info

from core.errors import SmearscopeError
from core.training.passes import Samples
from datasets.augmentation import boxed_evaluation, boxed_training, region_evaluation, region_training
from datasets.boxed_images import BoxedImage, boxed_images, classes_in_14, of_classes
from datasets.cell_regions import guiding_parasite_regions
from datasets.cell_sets import CELL_SETS
from datasets.cells import CellSet, marked_cells
from datasets.control_regions import BOX_CONTROLS, MASK_CONTROLS
from datasets.region_samples import BoxedSamples, CellSamples, Inputs, RegionSample
from datasets.splits import Split, folds, image_groups, split
from scripts.settings.guided_settings import ImageSettings
from scripts.settings.sources import OwnSource, malaria_fields_of

CELL_CLASSES = ("healthy", "infected")


LARGEST_KEPT_BYTES = 2**30
"""Decoded images of a set that are kept in memory at most, and transformed ones of each of its parts."""


class ImageSourceError(SmearscopeError):
    """A setting that the set of images does not have."""


class Decoded:
    """Images of a set once they are decoded, up to `LARGEST_KEPT_BYTES`; others are decoded anew each time.

    A process that reads beside the training adds nothing: it ends with the epoch, and what it keeps with it.
    """

    def __init__(self) -> None:
        self._images: dict[Path, NDArray[np.uint8]] = {}
        self._bytes = 0

    def image(self, path: Path, decode: Callable[[], NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """(H, W, 3) of a file; for reading only."""
        if path in self._images:
            return self._images[path]
        image = decode()
        if get_worker_info() is None and self._bytes + image.nbytes <= LARGEST_KEPT_BYTES:
            self._images[path] = image
            self._bytes += image.nbytes
        return image


@dataclass(frozen=True, eq=False)
class KeptImage(BoxedImage):
    """An image that is decoded once for all epochs and all runs of a study.

    Attributes
    ----------
    decoded
        Where it is kept, with the others of its set.
    """

    decoded: Decoded

    def image(self) -> NDArray[np.uint8]:
        """As `BoxedImage.image`; for reading only."""
        return self.decoded.image(self.path, super().image)


@dataclass(frozen=True, eq=False)
class KeptSamples(Dataset[RegionSample]):
    """Samples that are the same in every epoch, kept in memory until they are `LARGEST_KEPT_BYTES`.

    Attributes
    ----------
    samples
        Without random changes.
    """

    samples: BoxedSamples | CellSamples
    _kept: dict[int, RegionSample] = field(default_factory=dict, init=False)

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> RegionSample:
        """One sample; for reading only."""
        if index in self._kept:
            return self._kept[index]
        sample = self.samples[index]
        # All are of one size.
        most = LARGEST_KEPT_BYTES // (sample.image.nbytes + sample.region.nbytes)
        if get_worker_info() is None and len(self._kept) < most:
            self._kept[index] = sample
        return sample


@dataclass(frozen=True, eq=False)
class Part:
    """Images to measure, without random changes and with their own regions.

    Attributes
    ----------
    samples
        The images.
    paths
        N names for tables.
    unseen
        (N,) bool: of ILSVRC's validation set, which no published weights were trained on.
    """

    samples: KeptSamples
    paths: tuple[str, ...]
    unseen: Tensor


class ImageSource(Protocol):
    """A set that is read."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """K names, in the order of the logits."""
        ...

    def groups(self) -> tuple[Sequence[str], Sequence[str]]:
        """Of each image the group that no split cuts through, and the class."""
        ...

    def part(self, indices: NDArray[np.intp], inputs: Inputs) -> Part:
        """Some of the images, to measure."""
        ...

    def drawn(
        self, indices: NDArray[np.intp], inputs: Inputs, seed: int, regions: str
    ) -> Callable[[int], Samples]:
        """Some of the images with the random changes of an epoch, and with regions to guide by."""
        ...


@dataclass(frozen=True, eq=False)
class BoxedSource:
    """A set of images with boxes.

    Attributes
    ----------
    root
        Its folder.
    images
        Of the classes asked for.
    wnids
        Those classes, in the order of the logits.
    size_px
        Side that the network is given.
    """

    root: Path
    images: Sequence[BoxedImage]
    wnids: tuple[str, ...]
    size_px: int

    @property
    def class_names(self) -> tuple[str, ...]:
        """As the set calls them."""
        names = {image.wnid: image.name for image in self.images}
        return tuple(names[wnid] for wnid in self.wnids)

    def groups(self) -> tuple[Sequence[str], Sequence[str]]:
        """Each image a group of its own."""
        return image_groups(self.images)

    def part(self, indices: NDArray[np.intp], inputs: Inputs) -> Part:
        """The whole images, squashed to a square."""
        chosen = [self.images[index] for index in indices]
        return Part(
            samples=KeptSamples(
                BoxedSamples(chosen, self.wnids, boxed_evaluation(self.size_px), inputs, seed=0)
            ),
            paths=tuple(image.path.relative_to(self.root).as_posix() for image in chosen),
            unseen=torch.tensor([image.unseen_by_imagenet_weights for image in chosen]),
        )

    def drawn(
        self, indices: NDArray[np.intp], inputs: Inputs, seed: int, regions: str
    ) -> Callable[[int], Samples]:
        """Crops of the images; raises `ImageSourceError` for regions that images with boxes do not have."""
        chosen = [self.images[index] for index in indices]
        if regions == "stain":
            raise ImageSourceError(
                f"{self.root}: images with boxes have no stain; give other guiding_regions"
            )
        if regions != "own":
            chosen = BOX_CONTROLS[regions](chosen, seed)
        return BoxedSamples(chosen, self.wnids, boxed_training(self.size_px), inputs, seed).of_epoch


@dataclass(frozen=True, eq=False)
class CellSource:
    """A set of single red cells; the region of each is its disk.

    Attributes
    ----------
    cells
        All of them.
    size_px
        Side that the network is given.
    """

    cells: CellSet
    size_px: int

    @property
    def class_names(self) -> tuple[str, ...]:
        """Healthy and infected."""
        return CELL_CLASSES

    def groups(self) -> tuple[Sequence[str], Sequence[str]]:
        """Patients or fields."""
        return self.cells.group.tolist(), [
            CELL_CLASSES[infected] for infected in self.cells.infected.astype(int)
        ]

    def part(self, indices: NDArray[np.intp], inputs: Inputs) -> Part:
        """The cells in their surroundings."""
        cells = self.cells.take(indices)
        return Part(
            samples=KeptSamples(
                CellSamples(cells, cells.masks, region_evaluation(self.size_px), inputs, seed=0)
            ),
            paths=tuple(
                f"{group}/{index}" for group, index in zip(cells.group, indices.tolist(), strict=True)
            ),
            unseen=torch.zeros(len(indices), dtype=torch.bool),
        )

    def drawn(
        self, indices: NDArray[np.intp], inputs: Inputs, seed: int, regions: str
    ) -> Callable[[int], Samples]:
        """The cells in other poses."""
        cells = self.cells.take(indices)
        guiding = cells.masks
        if regions == "stain":
            guiding = guiding_parasite_regions(cells)
        elif regions != "own":
            guiding = MASK_CONTROLS[regions](cells.masks, cells.infected.astype(np.int64), seed)
        return CellSamples(cells, guiding, region_training(self.size_px), inputs, seed).of_epoch


def read_source(data: Path, settings: ImageSettings) -> ImageSource:
    """Read the list of images with boxes, or all cells, of the set that the settings name.

    Raises
    ------
    core.errors.SmearscopeError
        Naming what is missing in its folder, or classes that it does not have.
    """
    if isinstance(settings.dataset, OwnSource):
        _all_classes(settings.dataset.path, settings)
        return CellSource(marked_cells(malaria_fields_of(settings.dataset, data)), settings.size_px)
    root = data / settings.dataset
    if root.name in CELL_SETS:
        _all_classes(root, settings)
        return CellSource(CELL_SETS[root.name](root), settings.size_px)
    decoded = Decoded()
    images = [KeptImage(**vars(image), decoded=decoded) for image in boxed_images(root)]
    of = partial(BoxedSource, root, size_px=settings.size_px)
    if settings.classes == "all":
        return of(images=images, wnids=tuple(sorted({image.wnid for image in images})))
    wnids = classes_in_14(root) if settings.classes == "in_14" else settings.classes
    return of(images=of_classes(images, wnids), wnids=tuple(wnids))


def _all_classes(root: Path, settings: ImageSettings) -> None:
    if settings.classes != "all":
        raise ImageSourceError(f"{root}: red cells have the classes healthy and infected; give classes: all")


def split_of(source: ImageSource, settings: ImageSettings) -> Split:
    """The parts of a set that the settings ask for; raises `datasets.splits.SplitError`."""
    groups, classes = source.groups()
    if settings.fold is None:
        return split(groups, classes, settings.split_seed)
    return folds(groups, classes, settings.fold.of, settings.split_seed)[settings.fold.number - 1]
