"""Which images to look at: those that guiding changed, and those it should have."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ChangeKind:
    """What became of an image.

    Attributes
    ----------
    name, title
        Of the sheet's file, and on it.
    was_right, is_right
        Before, and after.
    """

    name: str
    title: str
    was_right: bool
    is_right: bool


KINDS = (
    ChangeKind("right_in_both", "Right in both, lowest MAGTR at epoch 0", was_right=True, is_right=True),
    ChangeKind("right_to_wrong", "Right at epoch 0, wrong after guiding", was_right=True, is_right=False),
    ChangeKind("wrong_to_right", "Wrong at epoch 0, right after guiding", was_right=False, is_right=True),
)


@dataclass(frozen=True)
class Answer:
    """What a network says of one image, before or after.

    Attributes
    ----------
    right
        Whether the class is.
    magtr
        Of its map; NaN without a region.
    """

    right: bool
    magtr: float


@dataclass(frozen=True)
class Chosen:
    """Numbers of the images of one sheet.

    Attributes
    ----------
    kind
        Theirs.
    images
        At most as many as asked for.
    of
        How many there are.
    """

    kind: ChangeKind
    images: tuple[int, ...]
    of: int


def chosen_images(before: Sequence[Answer], after: Sequence[Answer], at_most: int) -> tuple[Chosen, ...]:
    """Images right before and after, from the lowest MAGTR before up; right then wrong; wrong then right.

    Those that change are in the same order. Images without a region come last.
    """
    pairs = list(zip(before, after, strict=True))
    # NaN orders as nothing: it is put behind all.
    order = sorted(range(len(pairs)), key=lambda n: (math.isnan(before[n].magtr), before[n].magtr, n))
    sheets = []
    for kind in KINDS:
        wanted = (kind.was_right, kind.is_right)
        found = [n for n in order if (pairs[n][0].right, pairs[n][1].right) == wanted]
        sheets.append(Chosen(kind, tuple(found[:at_most]), len(found)))
    return tuple(sheets)
