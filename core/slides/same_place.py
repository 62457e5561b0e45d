"""Whether pictures show one place of the slide: at several depths of focus, in several sizes, or twice.

What a file says of its pictures is not enough: ImageJ calls the pictures of any stack slices, and many
programs say nothing. So they are compared: reduced, freed of the light's unevenness, and block by block. What
all pictures of a camera share (a scale bar, dirt, the rim of a round field) fills some blocks, never most.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

_SIDE_PX = 128
_BLOCK_PX = 16
_UNEVENNESS_PX = 8.0
_DARK_SHARE = 0.3  # of the light of the bright places; what surrounds a round field has less
_DARK_PX = 12  # no cell is as wide at this size
_TEXTURED = 1.0  # grey levels of 255; below lies what noise and compression leave in a blank block
_FEWEST_BLOCKS = 8  # of 64; less shows too little to tell places by
_ALIKE = 0.4
_MOSTLY_ALIKE = 0.3
_SOMEWHAT_ALIKE = 0.1
_QUARTER = 0.25

Glimpse = NDArray[np.float32]
"""(64, 256) what a picture shows, a row a block, without its mean; NaN by the rim of a round field."""


def glimpse(image: NDArray[np.uint8]) -> Glimpse:
    """What is compared of an (H, W, 3) RGB picture."""
    grey = cv2.resize(image, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)[..., 1].astype(np.float32)
    detail = grey - cv2.GaussianBlur(grey, (0, 0), _UNEVENNESS_PX)
    dark = (grey < _DARK_SHARE * np.quantile(grey, 0.9)).astype(np.uint8)
    around = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((_DARK_PX,) * 2, np.uint8))
    near = _blocks(cv2.dilate(around, np.ones((_BLOCK_PX + 1,) * 2, np.uint8)))
    blocks = _blocks(detail)
    blocks = blocks - blocks.mean(axis=1, keepdims=True)
    blocks[near.any(axis=1)] = np.nan
    return np.asarray(blocks, np.float32)


def is_one_place(first: Glimpse, second: Glimpse) -> bool:
    """Whether three quarters of the blocks that show something show the same in both."""
    likeness = _likeness(first, second)
    return len(likeness) >= _FEWEST_BLOCKS and float(np.quantile(likeness, _QUARTER)) > _ALIKE


def may_be_one_place(first: Glimpse, second: Glimpse) -> bool:
    """Whether they may be planes of one place, as they are said to be.

    Far out of focus a cell changes from dark to light, so that the opposite counts as well; of different
    places neither holds.
    """
    likeness = _likeness(first, second)
    if len(likeness) < _FEWEST_BLOCKS:
        return False
    low, middle, high = np.quantile(likeness, (_QUARTER, 0.5, 1 - _QUARTER))
    is_alike = low > _SOMEWHAT_ALIKE and middle > _MOSTLY_ALIKE
    is_opposite = high < -_SOMEWHAT_ALIKE and middle < -_MOSTLY_ALIKE
    return bool(is_alike or is_opposite)


def shows_something(picture: Glimpse) -> bool:
    """Whether there is enough in a picture to tell its place by."""
    return int((picture.std(axis=1) > _TEXTURED).sum()) >= _FEWEST_BLOCKS


def places_among(
    pictures: Sequence[Glimpse | None], stacks: Sequence[Hashable | None]
) -> tuple[tuple[int, ...], ...]:
    """Positions of pictures of one size in groups: those of one place together, in order.

    Parameters
    ----------
    pictures
        In any number: each pair is compared as a whole first, which rules nearly all of them out. None is one
        that cannot be decoded.
    stacks
        Of each, the same value for those that the file calls planes of one stack in depth; None where it does
        not. A stack in which all planes that show something show one place is one place.
    """
    pairs = list(_pairs(pictures, stacks))
    group_of = {
        index: number for number, group in enumerate(_joined(len(pictures), pairs)) for index in group
    }
    for stack in {stack for stack in stacks if stack is not None}:
        planes = [index for index, one in enumerate(stacks) if one == stack]
        showing = {group_of[index] for index in planes if _shows(pictures[index])}
        if len(showing) <= 1:
            pairs += [(planes[0], index) for index in planes[1:]]
    return _joined(len(pictures), pairs)


def _shows(picture: Glimpse | None) -> bool:
    return picture is not None and shows_something(picture)


def _pairs(
    pictures: Sequence[Glimpse | None], stacks: Sequence[Hashable | None]
) -> Iterator[tuple[int, int]]:
    blank = np.zeros(_SIDE_PX**2, np.float32)
    whole = np.array([blank if one is None else np.nan_to_num(one).ravel() for one in pictures])
    whole /= np.maximum(np.linalg.norm(whole, axis=1, keepdims=True), 1e-6)
    for second, of_second in enumerate(pictures):
        overall = np.abs(whole[:second] @ whole[second])
        for first in np.flatnonzero(overall > _SOMEWHAT_ALIKE).tolist():
            of_first = pictures[first]
            if of_first is None or of_second is None:
                continue
            declared = stacks[first] is not None and stacks[first] == stacks[second]
            if is_one_place(of_first, of_second) or (declared and may_be_one_place(of_first, of_second)):
                yield first, second


def _joined(count: int, pairs: Iterable[tuple[int, int]]) -> tuple[tuple[int, ...], ...]:
    """0 to count - 1 in groups: those that a pair joins, directly or by way of others, in order."""
    first, second = np.array([*pairs, (0, 0)]).T
    graph = coo_array((np.ones(len(first)), (first, second)), (count, count))
    label = connected_components(graph, directed=False)[1].tolist()
    groups: dict[int, list[int]] = {}
    for index, one in enumerate(label):
        groups.setdefault(one, []).append(index)
    return tuple(map(tuple, groups.values()))


def _blocks(picture: NDArray[Any]) -> NDArray[Any]:
    count = _SIDE_PX // _BLOCK_PX
    return picture.reshape(count, _BLOCK_PX, count, _BLOCK_PX).swapaxes(1, 2).reshape(count * count, -1)


def _likeness(first: Glimpse, second: Glimpse) -> NDArray[np.float32]:
    """Correlation of each block that shows something in either; none with a block that shows nothing is 0."""
    spread_first, spread_second = first.std(axis=1), second.std(axis=1)
    chosen = np.maximum(spread_first, spread_second) > _TEXTURED
    product = np.einsum("ij,ij->i", first[chosen], second[chosen]) / first.shape[1]
    spread = np.maximum(spread_first[chosen], _TEXTURED / 4) * np.maximum(
        spread_second[chosen], _TEXTURED / 4
    )
    return np.asarray(product / spread, np.float32)
