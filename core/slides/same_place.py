"""Whether pictures show one place of the slide: at several depths of focus, in several sizes, or twice.

What a file says of its pictures is not enough: ImageJ calls the pictures of any stack slices, and many
programs say nothing. So they are compared: reduced, freed of the light's unevenness, and block by block. What
all pictures of a camera share (a scale bar, dirt, the rim of a round field) fills some blocks, never most.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import UnreadableImageError
from core.slides.formats import decoding

COMPARED_PX = 2048
"""Of a larger picture of tiles only the middle is compared, of this side."""
_SIDE_PX = 128
_BLOCK_PX = 16
_UNEVENNESS_PX = 8.0
_DARK_SHARE = 0.3  # of the light of the bright places; what surrounds a round field has less
_DARK_PX = 12  # no cell is as wide at this size
_TEXTURED = 1.0  # grey levels of 255; below lies what noise and compression leave in a blank block
_FEWEST_BLOCKS = 8  # of 64; less shows too little to tell places by
_FEW_BLOCKS = 16  # less is a cell or two
_BLANK_BLOCKS = 1  # at most; a cell fills at least two
_VERY_ALIKE = 0.75
_ALIKE = 0.4
_MOSTLY_ALIKE = 0.3
_SOMEWHAT_ALIKE = 0.1
_QUARTER = 0.25
_STRIP = 32  # pictures compared with all before them at once

Glimpse = NDArray[np.float32]
"""(64, 256) what a picture shows, a row a block, without its mean; NaN by a gap or a round field's rim."""
_BLANK = np.zeros(((_SIDE_PX // _BLOCK_PX) ** 2, _BLOCK_PX**2), np.float32)


def glimpse(image: NDArray[np.uint8], is_there: NDArray[np.bool_] | None = None) -> Glimpse:
    """What is compared of an (H, W, 3) RGB picture; of one with gaps, only what `is_there`, (H, W)."""
    grey = _reduced(image)[..., 1].astype(np.float32)
    gaps = np.zeros_like(grey, np.uint8)
    if is_there is not None and not is_there.all():
        gaps = (_reduced(is_there.astype(np.uint8) * 255) < 255).astype(np.uint8)
        grey[gaps > 0] = grey[gaps == 0].mean() if not gaps.all() else 0
    detail = grey - cv2.GaussianBlur(grey, (0, 0), _UNEVENNESS_PX)
    dark = (grey < _DARK_SHARE * np.quantile(grey, 0.9)).astype(np.uint8)
    rim = cv2.morphologyEx(dark, cv2.MORPH_OPEN, np.ones((_DARK_PX,) * 2, np.uint8))
    around = np.maximum(gaps, rim)
    near = _blocks(cv2.dilate(around, np.ones((_BLOCK_PX + 1,) * 2, np.uint8)))
    blocks = _blocks(detail)
    blocks = blocks - blocks.mean(axis=1, keepdims=True)
    blocks[near.any(axis=1)] = np.nan
    return np.asarray(blocks, np.float32)


def glimpse_if_decoded(path: Path, read: Callable[[], Glimpse]) -> Glimpse | None:
    """What `read` gives of a file; None where it cannot be decoded, which its reading as a field tells."""
    try:
        with decoding(path):
            return read()
    except UnreadableImageError:
        return None


def is_copy_size(smaller: tuple[int, int], larger: tuple[int, int]) -> bool:
    """Whether one size, width and height, has the aspect of a larger one, as far as rounding lets it."""
    scale = smaller[0] / max(1, larger[0])
    rounding = 1 + larger[1] / max(1, larger[0])
    return scale < 1 and abs(larger[1] * scale - smaller[1]) <= rounding


def is_one_place(first: Glimpse, second: Glimpse) -> bool:
    """Whether three quarters of the blocks that show something show the same in both.

    Few blocks, as a cell or two fill them, must be more alike: another field may have a cell nearly there.
    """
    likeness = _likeness(first, second)
    least = _VERY_ALIKE if len(likeness) < _FEW_BLOCKS else _ALIKE
    return len(likeness) >= _FEWEST_BLOCKS and float(np.quantile(likeness, _QUARTER)) > least


def may_be_one_place(first: Glimpse, second: Glimpse) -> bool:
    """Whether they may be planes of one place, as they are said to be.

    Far out of focus a cell changes from dark to light, so that the opposite counts as well; of different
    places neither holds. Few blocks must be more alike, but may be as few as there are.
    """
    likeness = _likeness(first, second)
    if len(likeness) == 0:
        return False
    low, middle, high = np.quantile(likeness, (_QUARTER, 0.5, 1 - _QUARTER))
    is_sparse = len(likeness) < _FEW_BLOCKS
    least, half = (_VERY_ALIKE, _VERY_ALIKE) if is_sparse else (_SOMEWHAT_ALIKE, _MOSTLY_ALIKE)
    is_alike = low > least and middle > half
    is_opposite = high < -least and middle < -half
    return bool(is_alike or is_opposite)


def show_the_same(first: Glimpse, second: Glimpse) -> bool | None:
    """Whether what both show may be planes of one place; None where they show too little at the same spots.

    For pictures of which either may show nothing where the other is sharp.
    """
    both = (first.std(axis=1) > _TEXTURED) & (second.std(axis=1) > _TEXTURED)
    return may_be_one_place(first[both], second[both]) if both.sum() >= _FEWEST_BLOCKS else None


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
        In any number: thousands are compared in seconds. None is one that cannot be decoded.
    stacks
        Of each, the same value for those that the file calls planes of one stack in depth; None where it does
        not. A stack in which all planes that show anything show one place is one place.
    """
    place = np.arange(len(pictures))
    seen = np.array([_BLANK if one is None else one for one in pictures], np.float32)
    for first, second in _likely_pairs(seen):
        if place[first] == place[second]:
            continue
        declared = stacks[first] is not None and stacks[first] == stacks[second]
        if is_one_place(seen[first], seen[second]) or (
            declared and may_be_one_place(seen[first], seen[second])
        ):
            place[place == place[second]] = place[first]
    showing = (seen.std(axis=2) > _TEXTURED).sum(axis=1) > _BLANK_BLOCKS
    for stack in {stack for stack in stacks if stack is not None}:
        planes = np.array([one == stack for one in stacks])
        if len(np.unique(place[planes & showing])) <= 1:
            place[np.isin(place, place[planes])] = place[planes][0]
    groups: dict[int, list[int]] = {}
    for index, one in enumerate(place.tolist()):
        groups.setdefault(one, []).append(index)
    return tuple(map(tuple, groups.values()))


def _likely_pairs(seen: NDArray[np.float32]) -> Iterator[tuple[int, int]]:
    """Pairs that may pass `is_one_place` or `may_be_one_place`: all that do, and few that do not.

    Three quarters of the blocks must be alike a little, or opposite; all pairs are asked at once for that.
    """
    spread = seen.std(axis=2).T  # (blocks, pictures)
    is_textured, is_clear = spread > _TEXTURED, ~np.isnan(spread)
    scale = np.maximum(spread, _TEXTURED / 4)[..., np.newaxis] * _BLOCK_PX
    scaled = np.nan_to_num(seen.swapaxes(0, 1) / scale)
    for begin in range(0, len(seen), _STRIP):
        end = min(begin + _STRIP, len(seen))
        likeness = scaled[:, :end] @ scaled[:, begin:end].swapaxes(1, 2)
        chosen = is_textured[:, :end, np.newaxis] | is_textured[:, np.newaxis, begin:end]
        chosen &= is_clear[:, :end, np.newaxis] & is_clear[:, np.newaxis, begin:end]
        alike = ((likeness > _SOMEWHAT_ALIKE) & chosen).sum(axis=0, dtype=np.uint8)
        opposite = ((likeness < -_SOMEWHAT_ALIKE) & chosen).sum(axis=0, dtype=np.uint8)
        count = chosen.sum(axis=0, dtype=np.uint8)
        likely = (count > 0) & (np.maximum(alike, opposite) >= (1 - _QUARTER) * (count - 1))
        for second, first in np.argwhere(likely.T).tolist():
            if first < begin + second:
                yield first, begin + second


def _reduced(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(picture, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA), np.uint8)


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
