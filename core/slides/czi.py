"""Fields of a CZI file, of Zeiss's programs: each place is one; a picture of tiles is cut into regions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.errors import UnreadableImageError
from core.slides.czi_tiles import (
    CziPicture,
    CziTile,
    OtherKindError,
    czi_pictures,
    read_area,
    sampled_bits,
    tiles_within,
    um_per_pixel,
)
from core.slides.field import Field, Rectangle
from core.slides.focal_planes import FieldSource, of_one_place
from core.slides.formats import PIXEL_LIMIT, check_size, colours_kept_apart, decoding, not_decoded
from core.slides.pixels import to_rgb
from core.slides.regions import Cutting, Region
from core.slides.same_place import Glimpse, glimpse, places_among
from core.slides.scale import credible_um_per_pixel

_COMPARED_PX = 2048  # of a larger picture only the middle is compared
_NAMES = {
    "S": "scene", "T": "time", "V": "view", "R": "rotation", "I": "illumination", "H": "phase", "B": "block",
    "Z": "plane",
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
        width_px, height_px = self.area.right - self.area.left, self.area.bottom - self.area.top
        check_size(self.path, width_px, height_px)
        with _opened(self.path) as file:
            pixels = read_area(self.path, file, self.tiles, self.area, self.bits)
            image = to_rgb(pixels, bits=self.bits)
        if self.region is None:
            return Field(name, image, self.um_per_pixel, 0, 0, Rectangle(0, 0, width_px, height_px))
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
        return any(_width(picture) * _height(picture) > PIXEL_LIMIT for picture in czi_pictures(file))


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
        by_size.setdefault((_width(picture), _height(picture)), []).append(picture)
    order = {picture: number for number, picture in enumerate(pictures)}
    places: list[list[CziPicture]] = []
    for alike in by_size.values():
        if len(alike) == 1:
            places.append(alike)
            continue
        depths: dict[tuple[tuple[str, int], ...], int] = {}
        for picture in alike:
            depths[picture.place] = depths.get(picture.place, 0) + 1
        stacks = [picture.place if depths[picture.place] > 1 else None for picture in alike]
        seen = [_glimpse(path, file, picture) for picture in alike]
        places += [[alike[index] for index in place] for place in places_among(seen, stacks)]
    return sorted(places, key=lambda planes: order[planes[0]])


def _glimpse(path: Path, file: BinaryIO, picture: CziPicture) -> Glimpse | None:
    """What its middle shows; None where it cannot be decoded, which is told when it is read."""
    whole, sides = picture.area, (_width(picture), _height(picture))
    width, height = (min(side, _COMPARED_PX) if len(picture.tiles) > 1 else side for side in sides)
    left, top = whole.left + (sides[0] - width) // 2, whole.top + (sides[1] - height) // 2
    area = Rectangle(left, top, left + width, top + height)
    try:
        check_size(path, width, height)
        with decoding(path):
            return glimpse(to_rgb(read_area(path, file, picture.tiles, area, None)))
    except UnreadableImageError:
        return None


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
    width, height = _width(planes[0]), _height(planes[0])
    is_tiled = any(len(plane.tiles) > 1 for plane in planes) or width * height > PIXEL_LIMIT
    regions = cutting.regions(width, height, scale) if is_tiled else []
    if len(regions) <= 1:
        return {"": [CziField(path, plane.tiles, plane.area, None, None, scale) for plane in planes]}
    bits = max(sampled_bits(path, file, plane.tiles) for plane in planes)
    found: dict[str, list[FieldSource]] = {}
    for plane in planes:
        areas = [_moved(region.area, plane.area) for region in regions]
        for region, area, tiles in zip(regions, areas, tiles_within(plane.tiles, areas), strict=True):
            if tiles:
                where = f"x={region.area.left},y={region.area.top}"
                source = CziField(path, tiles, area, region, bits, scale)
                found.setdefault(where, []).append(source)
    return found


def _moved(region: Rectangle, by: Rectangle) -> Rectangle:
    return Rectangle(
        by.left + region.left, by.top + region.top, by.left + region.right, by.top + region.bottom
    )


def _width(picture: CziPicture) -> int:
    return picture.area.right - picture.area.left


def _height(picture: CziPicture) -> int:
    return picture.area.bottom - picture.area.top
