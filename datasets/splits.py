"""Splits of a set into parts that hold the classes alike and share no group.

What goes where depends on the seed and on the groups' names and classes alone: not on the order of the files,
the folder they lie in or the machine.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import SmearscopeError
from datasets.boxed_images import BoxedImage

PARTS = ("training", "validation", "test")
SHARES = (0.70, 0.15, 0.15)
"""Of training, validation and test."""


class SplitError(SmearscopeError):
    """A set that cannot be split as asked."""


@dataclass(frozen=True)
class Split:
    """Indices into a set, ascending: what to train with, what to choose by, and what to report."""

    training: NDArray[np.intp]
    validation: NDArray[np.intp]
    test: NDArray[np.intp]


def split(groups: Sequence[str], classes: Sequence[str], seed: int) -> Split:
    """70 % for training, 15 % for validation, 15 % for test, of every class.

    Parameters
    ----------
    groups
        Of each sample what no split may cut through: its patient or field, or a name of its own.
    classes
        Of each sample.
    seed
        Another one gives another split.

    Raises
    ------
    SplitError
        If a part would have no sample of a class.
    """
    part = _parts(groups, classes, SHARES, PARTS, seed)
    training, validation, test = (np.flatnonzero(part == number) for number in range(3))
    return Split(training, validation, test)


def folds(groups: Sequence[str], classes: Sequence[str], count: int, seed: int) -> tuple[Split, ...]:
    """Cross-validation: each sample is in one split's test part, in another's validation, else in training.

    Parameters are as of `split`, and `count`, 3 or more, is how many splits. Raises `SplitError` if a fold
    would have no sample of a class.
    """
    if count < len(PARTS):
        raise SplitError(f"{count} folds; give {len(PARTS)} or more, as one is for validation, one for test")
    names = [f"fold {number + 1}" for number in range(count)]
    fold = _parts(groups, classes, [1 / count] * count, names, seed)
    splits = []
    for tested in range(count):
        chosen_by = (tested + 1) % count
        splits.append(
            Split(
                training=np.flatnonzero((fold != tested) & (fold != chosen_by)),
                validation=np.flatnonzero(fold == chosen_by),
                test=np.flatnonzero(fold == tested),
            )
        )
    return tuple(splits)


def image_groups(images: Sequence[BoxedImage]) -> tuple[list[str], list[str]]:
    """Groups and classes of images with boxes: no two belong together.

    Raises
    ------
    SplitError
        For two images of one class and file name: they would be one group.
    """
    names = [f"{image.wnid}/{image.path.name}" for image in images]
    seen: set[str] = set()
    for name, image in zip(names, images, strict=True):
        if name in seen:
            raise SplitError(f"{image.path}: a second {name}; give the images of a class names that differ")
        seen.add(name)
    return names, [image.wnid for image in images]


def _parts(
    groups: Sequence[str], classes: Sequence[str], shares: Sequence[float], names: Sequence[str], seed: int
) -> NDArray[np.intp]:
    """(N,) part of each sample: large groups first, each to the part that is then emptiest for its size."""
    class_names, class_of = np.unique(np.asarray(classes, str), return_inverse=True)
    group_names, group_of = np.unique(np.asarray(groups, str), return_inverse=True)
    held = np.zeros((len(group_names), len(class_names)), np.int64)
    np.add.at(held, (group_of, class_of), 1)
    total = held.sum(axis=0)
    filled = np.zeros((len(shares), len(class_names)), np.int64)
    part_of = np.empty(len(group_names), np.intp)
    drawn = [hashlib.sha256(f"{seed}/{name}".encode()).digest() for name in group_names.tolist()]
    # By size to a factor of two, by the draw among these: the seed tells where large groups go too.
    sizes = [int(size).bit_length() for size in held.sum(axis=1)]
    for group in sorted(range(len(group_names)), key=lambda group: (-sizes[group], drawn[group])):
        # What it adds to the sum of squares of the parts' shares of each class, over their due: least where
        # the part is emptiest for its size (for single samples, Webster's method).
        added = held[group] * (2 * filled + held[group]) / total**2
        part_of[group] = np.argmin(np.round(added.sum(axis=1) / shares, 12))
        filled[part_of[group]] += held[group]
    part = part_of[group_of]
    present = np.zeros((len(names), len(class_names)), bool)
    present[part, class_of] = True
    for number, class_number in np.argwhere(~present):
        name = class_names[class_number]
        raise SplitError(
            f"class {name}: {total[class_number]} samples in "
            f"{np.count_nonzero(held[:, class_number])} groups, none left for {names[number]}; "
            "add some or leave the class out"
        )
    return part
