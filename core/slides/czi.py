"""Fields of a CZI file, of Zeiss's programs: each place is one; a picture of tiles is cut into regions."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.slides.czi_tiles import (
    CziPicture,
    CziTile,
    OtherKindError,
    czi_pictures,
    read_area,
    sampled_bits,
    tiles_within,
    um_per_pixel,
    where_tiles_lie,
)
from core.slides.field import Field, Rectangle
from core.slides.focal_planes import FieldSource, of_one_place, planes_with_all_tiles
from core.slides.formats import PIXEL_LIMIT, check_size, colours_kept_apart, decoding, not_decoded
from core.slides.pixels import to_rgb
from core.slides.regions import Cutting, Region
from core.slides.same_place import COMPARED_PX, Glimpse, glimpse, glimpse_if_decoded, places_among
from core.slides.scale import credible_um_per_pixel

_NAMES = {
    "S": "scene", "T": "time", "V": "view", "R": "rotation", "I": "illumination", "H": "phase", "B": "block",
    "C": "channel", "Z": "plane",
}  # fmt: skip


@dataclass(frozen=True)
class CziField:
    """A picture in a CZI file, or a region of one.

    Attributes
    ----------
    path
        The file.
    tiles
        Those that touch the area, in the order in which they are laid.
    area
        In the coordinates of the file.
    region
        Where it lies in its picture; None for all of it.
    bits
        Bits a sample in use, decided once for all regions of a picture; None where the picture decides.
    um_per_pixel
        As the file says, if credible.
    """

    path: Path
    tiles: tuple[CziTile, ...]
    area: Rectangle
    region: Region | None
    bits: int | None
    um_per_pixel: float | None

    def read(self, name: str) -> Field:
        """Decode the picture or region as field `name`; raises `UnreadableImageError`."""
        check_size(self.path, self.area.width, self.area.height)
        with _opened(self.path) as file:
            pixels = read_area(self.path, file, self.tiles, self.area, self.bits)
            image = to_rgb(pixels, bits=self.bits)
        if self.region is None:
            return Field(
                name, image, self.um_per_pixel, 0, 0, Rectangle(0, 0, self.area.width, self.area.height)
            )
        place = self.region.area
        return Field(name, image, self.um_per_pixel, place.left, place.top, self.region.owned)


def czi_fields(path: Path, cutting: Cutting) -> dict[str, FieldSource]:
    """Fields of a CZI file by the suffix of their names: ``#scene=2``, ``#scene=2,x=1024,y=0``, or none.

    Pictures of one size are compared, as those of a TIFF are: each place is a field, be it a scene or another
    time, and of its planes in depth the sharpest is taken. A number stands in the name where it differs
    between places. A picture of several tiles is cut into regions, and regions without a tile are left out.

    Raises
    ------
    UnreadableImageError
        No CZI file, damaged, with its colours kept apart, or with pixels of a kind that is not decoded here.
    """
    fields: dict[str, FieldSource] = {}
    with _opened(path) as file:
        pictures = czi_pictures(file)
        _refuse_colours_kept_apart(path, pictures)
        scale = credible_um_per_pixel(um_per_pixel(file))
        places = _places(path, file, pictures)
        for suffix, planes in zip(_suffixes(places), places, strict=True):
            for where, sources in _cut(path, file, planes, cutting, scale).items():
                joined = f"{suffix},{where}" if suffix and where else suffix or where
                fields[f"#{joined}" if joined else ""] = of_one_place(sources)
    return fields


def is_large_czi(path: Path) -> bool:
    """Whether a picture of the file has more than `PIXEL_LIMIT` pixels; raises `UnreadableImageError`."""
    with _opened(path) as file:
        return any(picture.area.width * picture.area.height > PIXEL_LIMIT for picture in czi_pictures(file))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with decoding(path), path.open("rb") as file:
        try:
            yield file
        except OtherKindError as error:
            remedy = "export its pictures as TIFF, in full resolution"
            raise not_decoded(path, str(error), remedy) from error


def _refuse_colours_kept_apart(path: Path, pictures: list[CziPicture]) -> None:
    if len({number for picture in pictures for letter, number in picture.place if letter == "C"}) > 1:
        raise colours_kept_apart(path)


def _places(path: Path, file: BinaryIO, pictures: list[CziPicture]) -> list[list[CziPicture]]:
    """Pictures that show one place together, in the order of the file."""
    by_size: dict[tuple[int, int], list[CziPicture]] = {}
    for picture in pictures:
        by_size.setdefault((picture.area.width, picture.area.height), []).append(picture)
    order = {picture: number for number, picture in enumerate(pictures)}
    places: list[list[CziPicture]] = []
    for alike in by_size.values():
        if len(alike) == 1:
            places.append(alike)
            continue
        depths = Counter(picture.place for picture in alike)
        stacks = [picture.place if depths[picture.place] > 1 else None for picture in alike]
        compared = _middle(alike)
        seen = [
            _glimpse(path, file, picture, compared.moved(picture.area.left, picture.area.top))
            for picture in alike
        ]
        found = [[alike[index] for index in place] for place in places_among(seen, stacks)]
        _refuse_torn_stacks(path, found)
        places += found
    return sorted(places, key=lambda planes: order[planes[0]])


def _refuse_torn_stacks(path: Path, places: list[list[CziPicture]]) -> None:
    """Refuse planes in depth with different tiles that are not seen to be of one place.

    As places of their own, cells that both show would count twice.
    """
    numbers: defaultdict[tuple[tuple[str, int], ...], set[int]] = defaultdict(set)
    laid: defaultdict[tuple[tuple[str, int], ...], set[frozenset[Rectangle]]] = defaultdict(set)
    for number, planes in enumerate(places):
        for plane in planes:
            numbers[plane.place].add(number)
            laid[plane.place].add(_laid(plane, plane.tiles))
    if any(len(numbers[stack]) > 1 and len(laid[stack]) > 1 for stack in numbers):
        raise not_decoded(
            path,
            "focal planes with different tiles, that are not seen to be of one place",
            "export it in one focal plane",
        )


def _laid(picture: CziPicture, tiles: tuple[CziTile, ...]) -> frozenset[Rectangle]:
    """Where tiles of a picture lie in it."""
    return frozenset(tile.area.moved(-picture.area.left, -picture.area.top) for tile in tiles)


def _middle(alike: list[CziPicture]) -> Rectangle:
    """What is compared of pictures of one size: all, or their middle where one is of several tiles."""
    sides = alike[0].area.width, alike[0].area.height
    is_tiled = any(len(picture.tiles) > 1 for picture in alike)
    width, height = (min(side, COMPARED_PX) if is_tiled else side for side in sides)
    return Rectangle(0, 0, width, height).moved((sides[0] - width) // 2, (sides[1] - height) // 2)


def _glimpse(path: Path, file: BinaryIO, picture: CziPicture, area: Rectangle) -> Glimpse | None:
    def read() -> Glimpse:
        check_size(path, area.width, area.height)
        pixels = to_rgb(read_area(path, file, picture.tiles, area, None))
        return glimpse(pixels, where_tiles_lie(picture.tiles, area))

    return glimpse_if_decoded(path, read)


def _suffixes(places: list[list[CziPicture]]) -> list[str]:
    """Of each place what tells it from the others; numbers from 1, as Zeiss's programs show them."""
    numbers = [dict([*planes[0].place, ("Z", planes[0].depth)]) for planes in places]
    letters = [letter for letter in _NAMES if len({number.get(letter) for number in numbers}) > 1]
    beside_depth = [letter for letter in letters if letter != "Z"]
    if len({tuple(map(number.get, beside_depth)) for number in numbers}) == len(places):
        letters = beside_depth
    return [
        ",".join(f"{_NAMES[letter]}={number[letter] + 1}" for letter in letters if letter in number)
        for number in numbers
    ]


def _cut(
    path: Path, file: BinaryIO, planes: list[CziPicture], cutting: Cutting, scale: float | None
) -> dict[str, list[FieldSource]]:
    """Where each field of a place lies, if it is a region, and its planes."""
    width, height = planes[0].area.width, planes[0].area.height
    is_tiled = any(len(plane.tiles) > 1 for plane in planes) or width * height > PIXEL_LIMIT
    regions = cutting.regions(width, height, scale) if is_tiled else []
    if len(regions) <= 1:
        laid = [_laid(plane, plane.tiles) for plane in planes]
        kept = [planes[at] for at in planes_with_all_tiles(path, laid, Rectangle(0, 0, width, height))]
        return {"": [CziField(path, plane.tiles, plane.area, None, None, scale) for plane in kept]}
    bits = max(sampled_bits(path, file, plane.tiles) for plane in planes)
    found: dict[str, list[FieldSource]] = {}
    areas = [[region.area.moved(plane.area.left, plane.area.top) for region in regions] for plane in planes]
    touching = [tiles_within(plane.tiles, of_it) for plane, of_it in zip(planes, areas, strict=True)]
    for number, region in enumerate(regions):
        tiles = [of_plane[number] for of_plane in touching]
        if any(tiles):
            laid = [_laid(plane, held) for plane, held in zip(planes, tiles, strict=True)]
            found[f"x={region.area.left},y={region.area.top}"] = [
                CziField(path, tiles[at], areas[at][number], region, bits, scale)
                for at in planes_with_all_tiles(path, laid, region.area)
            ]
    return found
