"""Which pages of a TIFF show one place: planes of a stack and copies in other sizes count once.

What the file says is the beginning, and its pictures decide: see `core.slides.same_place`.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tifffile import TiffFile, TiffFrame, TiffPage, TiffPageSeries

from core.slides.field import Rectangle
from core.slides.formats import PIXEL_LIMIT, colours_kept_apart
from core.slides.same_place import (
    COMPARED_PX,
    Glimpse,
    glimpse,
    glimpse_if_decoded,
    is_copy_size,
    is_one_place,
    places_among,
    shows_something,
)
from core.slides.tiff_pages import follows_without_header, full_page, page_image

_THUMBNAIL_SHARE = 1 / 16  # of the largest page's pixels
_MOST_TIMES_LARGER = 1000  # a volume may be compressed, and a file cut short
_LABEL_SHARE = 1 / 4  # of the largest page's pixels, where a page has another aspect


@dataclass(frozen=True)
class Plane:
    """A picture in a TIFF: a page, or one of several planes that share its header."""

    page: int
    plane: int


def tiff_places(path: Path, tiff: TiffFile) -> list[tuple[Plane, ...]]:
    """Places in a TIFF, each with the planes that show it in full size, in the order of the file.

    - Pages that are marked as reduced copies or masks are passed over. So are labels, macro pictures and
      thumbnails beside a tiled picture: pages with less than a sixteenth of its pixels, or a quarter where
      they have another aspect, and pages without tiles where it has reduced copies.
    - Pictures of one size are one place where they show the same. Where the file calls them planes of one
      stack in depth, they need only not show different things.
    - Of pictures of one aspect in several sizes that show the same, the largest counts.

    Raises
    ------
    UnreadableImageError
        Colour channels kept as separate pages.
    """
    pages = {index: full_page(tiff, index) for index in range(len(tiff.pages))}
    stacks, in_first = _stacks(path, tiff, pages[0])
    by_size: dict[tuple[int, int], list[Plane]] = {}
    for index in _pictures(pages):
        page = pages[index]
        count = page.imagedepth if page.imagedepth > 1 else in_first if index == 0 else 1
        _check_count(tiff, page, count)
        planes = by_size.setdefault((page.imagewidth, page.imagelength), [])
        planes += [Plane(index, plane) for plane in range(count)]
    if sum(map(len, by_size.values())) == 1:
        return [tuple(planes) for planes in by_size.values()]
    looks = _Looks(path, tiff, pages)
    places: list[tuple[Plane, ...]] = []
    for size in sorted(by_size, key=lambda size: size[0] * size[1], reverse=True):
        larger = [place[0] for place in places]
        places += [
            group
            for group in _groups(by_size[size], stacks, looks, _compared_share(pages[by_size[size][0].page]))
            if not any(_is_reduced(group[0], one, pages, looks) for one in larger)
        ]
    return sorted(places, key=lambda planes: (planes[0].page, planes[0].plane))


class _Looks:
    """Glimpses of the pictures of an open file, each decoded once; None for one that cannot be decoded."""

    def __init__(self, path: Path, tiff: TiffFile, pages: dict[int, TiffPage]) -> None:
        self._path, self._tiff, self._pages = path, tiff, pages
        self._seen: dict[tuple[Plane, float], Glimpse | None] = {}

    def at(self, picture: Plane, share: float) -> Glimpse | None:
        """What the middle of a picture shows, a share of its sides."""
        key = picture, share
        if key not in self._seen:
            self._seen[key] = glimpse_if_decoded(self._path, lambda: glimpse(self._middle(picture, share)))
        return self._seen[key]

    def _middle(self, picture: Plane, share: float) -> NDArray[np.uint8]:
        page = self._pages[picture.page]
        width, height = (max(1, round(side * share)) for side in (page.imagewidth, page.imagelength))
        left, top = (page.imagewidth - width) // 2, (page.imagelength - height) // 2
        area = Rectangle(left, top, left + width, top + height)
        if page.is_tiled and share < 1:
            return page_image(self._path, self._tiff, picture.page, picture.plane, area, None)
        whole = page_image(self._path, self._tiff, picture.page, picture.plane, None, None)
        return whole[area.top : area.bottom, area.left : area.right]


def _pictures(pages: dict[int, TiffPage]) -> list[int]:
    """Pages that are pictures of the slide, by their tags and sizes alone."""
    kept = [index for index, page in pages.items() if not page.is_reduced and not page.is_mask] or [0]
    largest = max((pages[index] for index in kept), key=_pixels)
    if not largest.is_tiled:  # fields, maybe of several cameras: whether one is a copy, its picture tells
        return kept
    copies = [page for page in pages.values() if page.is_tiled and _is_copy_size(page, largest)]
    is_scan = bool(largest.subifds) or len(kept) < len(pages) or bool(copies)
    return [
        index
        for index in kept
        if _pixels(pages[index]) >= _smallest_share(pages[index], largest) * _pixels(largest)
        and (pages[index].is_tiled or not is_scan)
    ]


def _smallest_share(page: TiffPage, largest: TiffPage) -> float:
    return _THUMBNAIL_SHARE if _is_copy_size(page, largest) else _LABEL_SHARE


def _pixels(page: TiffPage) -> int:
    return int(page.imagewidth * page.imagelength)


def _is_copy_size(page: TiffPage, larger: TiffPage) -> bool:
    return is_copy_size((page.imagewidth, page.imagelength), (larger.imagewidth, larger.imagelength))


def _is_reduced(picture: Plane, larger: Plane, pages: dict[int, TiffPage], looks: _Looks) -> bool:
    page, page_of_larger = pages[picture.page], pages[larger.page]
    if not _is_copy_size(page, page_of_larger):
        return False
    share = _compared_share(page_of_larger)
    seen, seen_of_larger = looks.at(picture, share), looks.at(larger, share)
    if seen is None or seen_of_larger is None:
        return False
    # Blank in the middle, both: then their sizes decide.
    return is_one_place(seen, seen_of_larger) or not (
        shows_something(seen) or shows_something(seen_of_larger)
    )


def _compared_share(page: TiffPage) -> float:
    return min(1.0, COMPARED_PX / max(page.imagewidth, page.imagelength)) if page.is_tiled else 1.0


def _stacks(path: Path, tiff: TiffFile, first: TiffPage) -> tuple[dict[Plane, tuple[int, ...]], int]:
    """What OME, ImageJ and other programs say: a mark of the stack in depth that each plane belongs to.

    Also how many pictures the first page stands for: where it is the only one, the others may follow without
    a header, as ImageJ writes them beyond 4 GB.
    """
    if len(tiff.pages) == 1 and first.imagedepth == 1 and not follows_without_header(tiff, first):
        return {}, 1
    if not (tiff.is_ome or tiff.is_imagej or tiff.is_shaped or tiff.is_lsm or tiff.is_stk or tiff.is_mmstack):
        return {}, 1
    stacks: dict[Plane, tuple[int, ...]] = {}
    in_first = 1
    if tiff.is_imagej and follows_without_header(tiff, first):
        in_first = int((tiff.imagej_metadata or {}).get("images", 1))  # also where the file is cut short
    for number, series in enumerate(tiff.series):
        axes, shape = series.get_axes(squeeze=False), series.get_shape(squeeze=False)
        outer = [(axis, int(size)) for axis, size in zip(axes, shape, strict=True) if axis not in "YXS"]
        if first.samplesperpixel == 1 and any(axis == "C" and size > 1 for axis, size in outer):
            raise colours_kept_apart(path)
        count = math.prod(size for _, size in outer)
        if count > 1 and follows_without_header(tiff, first) and _goes_on(tiff, first, series, count):
            in_first = count
        if not any(axis == "Z" and size > 1 for axis, size in outer):
            continue
        within_first = in_first > 1 or first.imagedepth > 1
        _check_count(tiff, first, count)
        for position in range(count if within_first else min(count, len(series.pages))):
            steps = np.unravel_index(position, [size for _, size in outer])
            beside_depth = [int(step) for step, (axis, _) in zip(steps, outer, strict=True) if axis != "Z"]
            page = None if within_first else series.pages[position]
            if within_first:
                stacks[Plane(0, position)] = (number, *beside_depth)
            elif isinstance(page, TiffPage | TiffFrame):
                stacks[Plane(page.index, 0)] = (number, *beside_depth)
    return stacks, in_first


def _check_count(tiff: TiffFile, page: TiffPage, count: int) -> None:
    """Refuse what a damaged header states: the list of its pictures alone would fill all memory."""
    if count > 1 and count * _pixels(page) > max(_MOST_TIMES_LARGER * tiff.filehandle.size, PIXEL_LIMIT):
        raise ValueError(f"{count} pictures in {tiff.filehandle.size} bytes")


def _goes_on(tiff: TiffFile, first: TiffPage, series: TiffPageSeries, count: int) -> bool:
    held = first.dataoffsets[0] + count * first.nbytes <= tiff.filehandle.size
    return bool(series.is_truncated) or held


def _groups(
    pictures: list[Plane], stacks: dict[Plane, tuple[int, ...]], looks: _Looks, share: float
) -> list[tuple[Plane, ...]]:
    """Pictures of one size, those of one place together."""
    if len(pictures) == 1:
        return [tuple(pictures)]
    seen = [looks.at(picture, share) for picture in pictures]
    marks = [stacks.get(picture) for picture in pictures]
    return [tuple(pictures[index] for index in place) for place in places_among(seen, marks)]
