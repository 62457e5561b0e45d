"""What a CZI file says of its tiles, and their pixels, beside what two other readers find."""

import os
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from core.slides import czi_tiles
from core.slides.czi_tiles import (
    CziTile,
    OtherKindError,
    czi_pictures,
    read_area,
    sampled_bits,
    tiles_within,
    um_per_pixel,
)
from core.slides.field import Rectangle
from tests.core.slides.czi_files import Laid, Pixels, read_by_maker, write_czi, write_jpeg_xr
from tests.core.slides.images import picture

czifile = pytest.importorskip("czifile", reason="czifile is not installed: '.[dev]'")
DEEP = picture().astype(np.uint16) * 16


def test_each_picture_has_its_place_its_depth_and_its_tiles(tmp_path: Path) -> None:
    image = picture(40, 50)
    laid = [
        Laid(image, scene=scene, plane={"Z": depth}, left=left)
        for scene, depth, left in ((1, 0, 900), (0, 0, 0), (0, 0, 50), (0, 1, 0))
    ]
    with write_czi(tmp_path / "a.czi", laid).open("rb") as file:
        pictures = czi_pictures(file)
    found = [(dict(one.place)["S"], one.depth, one.area, len(one.tiles)) for one in pictures]
    assert found == [
        (0, 0, Rectangle(0, 0, 100, 40), 2),
        (0, 1, Rectangle(0, 0, 100, 40), 1),
        (1, 0, Rectangle(900, 0, 950, 40), 1),
    ]


def test_the_scale_is_in_micrometres(tmp_path: Path) -> None:
    with write_czi(tmp_path / "a.czi", [Laid(picture())], um_per_pixel=0.25).open("rb") as file:
        assert um_per_pixel(file) == pytest.approx(0.25)


HALVES_APART = "zstd1:ExplicitLevel=1;PreProcess=HiLoByteUnpack"


@pytest.mark.parametrize("image", [picture(), picture()[..., 0], DEEP, DEEP[..., 0]])
@pytest.mark.parametrize("kind", ["uncompressed", "zstd0:ExplicitLevel=1", HALVES_APART, "JPEG XR"])
def test_pixels_are_those_that_were_written_and_that_other_readers_find(
    tmp_path: Path, kind: str, image: Pixels
) -> None:
    image = np.ascontiguousarray(image)
    if kind == "JPEG XR":
        path = write_jpeg_xr(tmp_path / "a.czi", image)
    else:
        path = write_czi(
            tmp_path / "a.czi", [Laid(image)], compression=None if kind == "uncompressed" else kind
        )
    with path.open("rb") as file:
        (one,) = czi_pictures(file)
        pixels = read_area(path, file, one.tiles, one.area, None)
    assert np.array_equal(pixels.squeeze(), image)
    if kind != HALVES_APART or image is not DEEP:  # which the maker's library writes well and reads wrongly
        assert np.array_equal(pixels, read_by_maker(path))
    if not kind.startswith("zstd"):  # which is younger than this reader
        with czifile.CziFile(path) as other:
            assert np.array_equal(pixels, other.asarray().reshape(pixels.shape))


def test_a_tile_is_decoded_once_for_all_areas_that_touch_it_and_again_when_the_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []

    def counted(path: Path, file: BinaryIO, tile: CziTile) -> Pixels:
        decoded.append(tile.area.left)
        return decode(path, file, tile)

    decode = czi_tiles._decode
    monkeypatch.setattr(czi_tiles, "_decode", counted)
    path = write_czi(tmp_path / "a.czi", [Laid(picture(40, 50)), Laid(picture(40, 50, seed=1), left=50)])
    areas = [Rectangle(left, 0, left + 40, 40) for left in (0, 5, 30, 60)]
    for _ in range(2):
        with path.open("rb") as file:
            (one,) = czi_pictures(file)
            for area in areas:
                read_area(path, file, one.tiles, area, None)
    assert decoded == [0, 50]
    os.utime(path, ns=(0, 0))
    with path.open("rb") as file:
        read_area(path, file, one.tiles, areas[0], None)
    assert decoded == [0, 50, 0]
    monkeypatch.setattr(czi_tiles, "_MOST_KEPT_BYTES", 40 * 50 * 3)  # one of them
    for _ in range(2):
        with path.open("rb") as file:
            read_area(path, file, one.tiles, areas[0], None)
            read_area(path, file, one.tiles, areas[3], None)
    assert decoded == [0, 50, 0, 50, 0, 50]


def test_bits_in_use_are_those_of_the_brightest_tile(tmp_path: Path) -> None:
    dark, bright = np.full((40, 50, 3), 200, np.uint16), np.full((40, 50, 3), 4000, np.uint16)
    path = write_czi(tmp_path / "a.czi", [Laid(dark), Laid(bright, left=50)])
    with path.open("rb") as file:
        (one,) = czi_pictures(file)
        assert sampled_bits(path, file, one.tiles) == 12


def test_an_area_has_the_tiles_that_touch_it_in_their_order() -> None:
    tiles = tuple(CziTile(at, Rectangle(at, 0, at + 10, 10), 3, 0) for at in (20, 0, 10))
    areas = [Rectangle(0, 0, 10, 10), Rectangle(5, 5, 25, 6), Rectangle(0, 10, 30, 20)]
    assert tiles_within(tiles, areas) == [(tiles[1],), tiles, ()]


def test_a_compression_that_is_not_decoded_here_is_named(tmp_path: Path) -> None:
    path = write_czi(tmp_path / "a.czi", [Laid(picture())])
    with path.open("rb") as file:
        (one,) = czi_pictures(file)
        tile = CziTile(one.tiles[0].offset, one.area, 3, 1)
        with pytest.raises(OtherKindError, match="compressed as JPEG"):
            read_area(path, file, [tile], one.area, None)
