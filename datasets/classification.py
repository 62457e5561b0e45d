"""Training batches for the classifier: balanced over sources and classes, normalised, varied."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.crops import CROP_SIZE_PX, GREY, normalise
from datasets.augmentation import cell_augmentation
from datasets.cells import STORED_SIZE_PX, CellSet

COLOUR_JITTER = 0.06
"""Standard deviation of the log of the colour reference's error: a slide's reference is an estimate."""


@dataclass(frozen=True)
class Batch:
    """(B, S, S, 3) uint8 crops, (B,) float32 truth, (B,) indices into the cell set."""

    crops: NDArray[np.uint8]
    infected: NDArray[np.float32]
    index: NDArray[np.intp]


def strata(cells: CellSet) -> list[tuple[NDArray[np.intp], float]]:
    """Indices and share in a batch of each source's infected and healthy cells.

    Half the batch is infected, evenly from the sources that have such cells; half is healthy, evenly
    from all sources. The number of cells a set happens to hold says nothing about its importance.
    """
    found = []
    for flag in (True, False):
        sources = [str(name) for name in np.unique(cells.source[cells.infected == flag])]
        for name in sources:
            members = np.flatnonzero((cells.infected == flag) & (cells.source == name))
            found.append((members, 0.5 / len(sources)))
    return found


def centre(planes: NDArray[np.uint8] | NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The middle `CROP_SIZE_PX` of stored crops or masks: what scoring would have cut."""
    margin = (STORED_SIZE_PX - CROP_SIZE_PX) // 2
    return np.asarray(planes[:, margin : margin + CROP_SIZE_PX, margin : margin + CROP_SIZE_PX])


def plain(cells: CellSet) -> NDArray[np.uint8]:
    """(N, S, S, 3) normalised crops as scoring sees them, for evaluation."""
    return normalise(centre(cells.crops), centre(cells.masks).astype(bool), cells.colour)


def batches(cells: CellSet, batch_size: int, steps: int, seed: int) -> Iterator[Batch]:
    """Yield `steps` batches of augmented cells."""
    rng = np.random.default_rng(seed)
    augment = cell_augmentation(CROP_SIZE_PX, seed)
    groups = strata(cells)
    shares = np.array([share for _, share in groups])
    whole = np.ones((1, STORED_SIZE_PX, STORED_SIZE_PX), bool)
    for _ in range(steps):
        counts = rng.multinomial(batch_size, shares / shares.sum())
        index = np.concatenate(
            [rng.choice(members, count) for (members, _), count in zip(groups, counts, strict=True)]
        )
        crops = np.empty((batch_size, CROP_SIZE_PX, CROP_SIZE_PX, 3), np.uint8)
        for row, cell in enumerate(index):
            colour = cells.colour[cell] * np.exp(rng.normal(0, COLOUR_JITTER, 3))
            image = normalise(cells.crops[cell : cell + 1], whole, colour.astype(np.float32))[0]
            varied = augment(image=image, mask=cells.masks[cell].astype(np.uint8))
            mask = varied["mask"]
            # The disk of a located cell is never exactly the cell's: let it be wider or tighter.
            change = int(rng.integers(-2, 3))
            if change:
                shape = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(change) + 1,) * 2)
                mask = cv2.erode(mask, shape) if change < 0 else cv2.dilate(mask, shape)
            crops[row] = np.where(mask[..., None] > 0, varied["image"], np.uint8(GREY))
        yield Batch(crops, cells.infected[index].astype(np.float32), index)
