"""Regions that say less than the true ones, to guide by.

What a training gains with them is no merit of the true ones. Measures are always of the true regions.

- random: the region's own shape, anywhere in the image;
- shuffled: the region of another image of the class, which knows where such objects mostly are;
- centre: one rectangle in the middle, of the image's proportions, as large as the true regions on average.

What an image gets depends on the seed and on names (of cells: on their numbers), not on the order of files.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from core.errors import SmearscopeError
from datasets.boxed_images import BoxedImage


class ControlError(SmearscopeError):
    """Images that a control cannot be made of."""


def random_boxes(images: Sequence[BoxedImage], seed: int) -> list[BoxedImage]:
    """Each image with its boxes moved as one, so that they stay whole and in the image."""
    moved = []
    for image in images:
        first, last = image.boxes[:, :2].min(axis=0), image.boxes[:, 2:].max(axis=0)
        room = np.array([image.width_px, image.height_px]) - (last - first + 1)
        draw = np.random.default_rng(list(_digest(image, seed)))
        shift = draw.integers(0, room + 1) - first
        moved.append(replace(image, boxes=image.boxes + np.tile(shift, 2)))
    return moved


def shuffled_boxes(images: Sequence[BoxedImage], seed: int) -> list[BoxedImage]:
    """Each image with the boxes of another one of its class, which are brought to its size.

    Raises
    ------
    ControlError
        For a class with one image.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for index in sorted(range(len(images)), key=lambda index: _digest(images[index], seed)):
        members[images[index].wnid].append(index)
    partners = _next_in_ring(members)
    shuffled = []
    for image, partner in zip(images, partners, strict=True):
        other = images[partner]
        scale = np.array([image.width_px / other.width_px, image.height_px / other.height_px])
        first = np.floor(other.boxes[:, :2] * scale)
        # A box that is shrunk to nothing keeps the pixel it begins in.
        last = np.maximum(np.ceil((other.boxes[:, 2:] + 1) * scale) - 1, first)
        boxes = np.concatenate([first, last], axis=1).astype(np.int64)
        shuffled.append(replace(image, boxes=boxes))
    return shuffled


def centre_boxes(images: Sequence[BoxedImage], seed: int) -> list[BoxedImage]:
    """Each image with one box in its middle; nothing is drawn, whatever the seed."""
    del seed
    side = float(np.sqrt(np.mean([image.region().mean() for image in images])))
    return [
        replace(image, boxes=np.array([_middle(image.height_px, image.width_px, side)])) for image in images
    ]


def random_masks(masks: NDArray[np.bool_], classes: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """(N, S, S) of (N, S, S): each moved to where it fits whole; an empty one stays empty."""
    del classes
    moved = np.zeros_like(masks)
    for index, mask in enumerate(masks):
        rows, columns = np.nonzero(mask)
        if len(rows):
            draw = np.random.default_rng([seed, index])
            down = int(draw.integers(0, mask.shape[0] - np.ptp(rows))) - int(rows.min())
            right = int(draw.integers(0, mask.shape[1] - np.ptp(columns))) - int(columns.min())
            moved[index, rows + down, columns + right] = True
    return moved


def shuffled_masks(masks: NDArray[np.bool_], classes: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """(N, S, S) of (N, S, S) and (N,) classes: each that of another of its class; see `shuffled_boxes`."""
    members: dict[str, list[int]] = defaultdict(list)
    for index in np.random.default_rng(seed).permutation(len(masks)).tolist():
        members[str(classes[index])].append(index)
    return np.asarray(masks[_next_in_ring(members)], bool)


def centre_masks(masks: NDArray[np.bool_], classes: NDArray[np.int64], seed: int) -> NDArray[np.bool_]:
    """(N, S, S) of (N, S, S): the same square in all; see `centre_boxes`."""
    del classes, seed
    x0, y0, x1, y1 = _middle(masks.shape[1], masks.shape[2], float(np.sqrt(masks.mean())))
    squares = np.zeros_like(masks)
    squares[:, y0 : y1 + 1, x0 : x1 + 1] = True
    return squares


BOX_CONTROLS: Mapping[str, Callable[[Sequence[BoxedImage], int], list[BoxedImage]]] = MappingProxyType(
    {"random": random_boxes, "shuffled": shuffled_boxes, "centre": centre_boxes}
)
MASK_CONTROLS: Mapping[str, Callable[[NDArray[np.bool_], NDArray[np.int64], int], NDArray[np.bool_]]] = (
    MappingProxyType({"random": random_masks, "shuffled": shuffled_masks, "centre": centre_masks})
)


def _digest(image: BoxedImage, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}/{image.wnid}/{image.path.name}".encode()).digest()


def _next_in_ring(members: Mapping[str, Sequence[int]]) -> list[int]:
    """For each number the one behind it in its class, behind the last the first."""
    partner: dict[int, int] = {}
    for name, indices in members.items():
        if len(indices) < 2:
            raise ControlError(f"class {name}: only one image, so no other to take a region from; add some")
        partner.update(zip(indices, [*indices[1:], indices[0]], strict=True))
    return [partner[index] for index in range(len(partner))]


def _middle(height_px: int, width_px: int, side: float) -> tuple[int, int, int, int]:
    """First column and row, last column and row of a rectangle of this share of both sides."""
    width, height = max(1, round(side * width_px)), max(1, round(side * height_px))
    x0, y0 = (width_px - width) // 2, (height_px - height) // 2
    return x0, y0, x0 + width - 1, y0 + height - 1
