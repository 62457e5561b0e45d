"""Pages of a TIFF with and without headers of their own."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from core.errors import UnreadableImageError
from core.slides import open_slide
from core.slides.field import Rectangle
from core.slides.tiff_pages import follows_without_header, full_page, page_image
from tests.core.slides.images import picture

FIELDS = np.array([picture(seed=seed) for seed in range(3)])


def test_every_page_of_a_stack_has_a_full_header_when_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, FIELDS, photometric="rgb", metadata={"axes": "TYXS"}, compression="zlib")
    with tifffile.TiffFile(path) as tiff:
        assert len(tiff.series) == 1  # after which further pages have none
        assert [full_page(tiff, index).shape for index in range(3)] == [(96, 128, 3)] * 3
        assert np.array_equal(page_image(path, tiff, 2, 0, None, None), FIELDS[2])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_planes_behind_the_first_are_read_without_headers(tmp_path: Path, order: str, kind: type) -> None:
    path = tmp_path / "a.tif"
    data: NDArray[np.generic] = FIELDS[..., 1].astype(kind) * (1 if kind is np.uint8 else 257)
    tifffile.imwrite(path, data, byteorder=order, photometric="minisblack", truncate=True)  # type: ignore[arg-type]
    with tifffile.TiffFile(path) as tiff:
        assert follows_without_header(tiff, full_page(tiff, 0))
        for plane in range(3):
            image = page_image(path, tiff, 0, plane, None, None)
            assert np.array_equal(image[..., 0], FIELDS[plane][..., 1])


def test_an_area_of_a_tiled_page_is_that_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, FIELDS[0], photometric="rgb", tile=(32, 32))
    with tifffile.TiffFile(path) as tiff:
        image = page_image(path, tiff, 0, 0, Rectangle(20, 10, 100, 90), None)
    assert np.array_equal(image, FIELDS[0][10:90, 20:100])


def test_a_compression_without_decoder_is_said_to_be_not_decoded_here(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, FIELDS[0], photometric="rgb", compression="zlib")
    with tifffile.TiffFile(path, mode="r+") as tiff:
        tiff.pages.first.tags["Compression"].overwrite(34676)  # SGI Log Luv
    with (
        tifffile.TiffFile(path) as tiff,
        pytest.raises(UnreadableImageError, match=r"not decoded here \(compressed as .*LOG.*\): save it as"),
    ):
        page_image(path, tiff, 0, 0, None, None)


@pytest.mark.parametrize(
    ("tag", "value", "there"),
    [("ImageLength", 112, "6 of 7"), ("StripByteCounts", (1, 0, 1, 1, 1, 1), "5 of 6")],
)
def test_a_picture_that_lacks_a_strip_is_damaged(
    tmp_path: Path, tag: str, value: int | tuple[int, ...], there: str
) -> None:
    path = with_tag(tmp_path / "a.tif", tag, value)
    with (
        tifffile.TiffFile(path) as tiff,
        pytest.raises(UnreadableImageError, match=rf"is damaged \({there} strips are there\): copy it again"),
    ):
        page_image(path, tiff, 0, 0, None, None)


def test_a_picture_that_the_decoder_gives_without_pixels_is_damaged(tmp_path: Path) -> None:
    path = with_tag(tmp_path / "a.tif", "BitsPerSample", (0, 0, 0))
    with tifffile.TiffFile(path) as tiff, pytest.raises(ValueError, match=r"^0 of \d+ samples$"):
        page_image(path, tiff, 0, 0, None, None)


def with_tag(path: Path, tag: str, value: int | tuple[int, ...]) -> Path:
    """A picture in six strips, and a tag that says otherwise."""
    tifffile.imwrite(path, FIELDS[0], photometric="rgb", rowsperstrip=16, compression="packbits")
    with tifffile.TiffFile(path, mode="r+") as tiff:
        tiff.pages.first.tags[tag].overwrite(value)
    return path


def planes_with_gaps(path: Path, *gaps: int) -> Path:
    """Focal planes of 96 x 128 px in tiles of 32, the first blurred; of each a tile is left out, or none."""
    sharp = picture()
    planes = [np.asarray(cv2.GaussianBlur(sharp, (0, 0), 2), np.uint8), sharp]
    tifffile.imwrite(path, planes, photometric="rgb", tile=(32, 32), metadata={"axes": "ZYXS"}, ome=True)
    for index, gap in enumerate(gaps):
        leave_out(path, index, gap)
    return path


def leave_out(path: Path, index: int, gap: int) -> None:
    """Let a tile of a page not be there."""
    with tifffile.TiffFile(path, mode="r+") as tiff:
        for name in ("TileByteCounts", "TileOffsets"):
            tag = full_page(tiff, index).tags[name]
            tag.overwrite([0 if at == gap else value for at, value in enumerate(tag.value)])


def test_a_plane_that_lacks_a_tile_is_left_out_in_the_regions_where_another_has_it(tmp_path: Path) -> None:
    slide = open_slide(planes_with_gaps(tmp_path / "a.ome.tif", -1, 5), region_px=64, overlap_px=0)
    planes = {name.partition("#")[2]: slide.planes_of(name) for name in slide.field_names()}
    assert planes == {"x=0,y=0": 1, "x=64,y=0": 2, "x=0,y=32": 1, "x=64,y=32": 2}
    whole = open_slide(tmp_path / "a.ome.tif")
    assert whole.planes_of(whole.field_names()[0]) == 1


def test_planes_that_each_lack_another_tile_are_named(tmp_path: Path) -> None:
    path = planes_with_gaps(tmp_path / "a.ome.tif", 5, 0)
    with pytest.raises(UnreadableImageError, match=r"each lack other tiles.*: export it in one focal plane"):
        open_slide(path)


def test_a_page_that_lacks_a_tile_is_named_where_its_place_is_there_in_other_tiles(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        for tile in ((32, 32), None):
            writer.write(FIELDS[0], photometric="rgb", tile=tile, metadata=None)
    leave_out(path, 0, 5)
    with pytest.raises(
        UnreadableImageError, match=r"of which the first lacks some\): export it in one focal"
    ):
        open_slide(path)
