"""TIFF fields: pages, and regions of tiled pages that equal the same crop of the whole."""

import zlib
from pathlib import Path

import numpy as np
import openslide
import pytest
import tifffile
from numpy.typing import NDArray

from core.errors import UnreadableImageError
from core.slides import Field, open_slide
from tests.core.slides.images import picture, write_pyramid

REGIONS = {"region_px": 100, "overlap_px": 30}


def fields(path: Path, **regions: int) -> list[Field]:
    slide = open_slide(path, **regions)  # type: ignore[arg-type]  # both options are integers
    return [slide.read_field(name) for name in slide.field_names()]


def stitched(parts: list[Field], height_px: int, width_px: int) -> NDArray[np.uint8]:
    """What each field owns, put where it belongs."""
    whole = np.zeros((height_px, width_px, 3), np.uint8)
    for part in parts:
        owned = part.owned
        whole[
            part.top_px + owned.top : part.top_px + owned.bottom,
            part.left_px + owned.left : part.left_px + owned.right,
        ] = part.image[owned.top : owned.bottom, owned.left : owned.right]
    return whole


@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("size", [(150, 260), (97, 101), (128, 192)])
def test_regions_of_a_tiled_page_equal_the_crops_of_the_picture(
    tmp_path: Path, compression: str | None, planar: str, size: tuple[int, int]
) -> None:
    image = picture(*size)
    path = tmp_path / "a.tif"
    data = image if planar == "contig" else np.moveaxis(image, -1, 0)
    tifffile.imwrite(
        path, data, tile=(32, 48), photometric="rgb", planarconfig=planar, compression=compression
    )
    parts = fields(path, **REGIONS)
    assert len(parts) > 1
    for part in parts:
        rows, columns = part.image.shape[:2]
        crop = image[part.top_px : part.top_px + rows, part.left_px : part.left_px + columns]
        assert np.array_equal(part.image, crop)
        assert part.name == f"a.tif#x={part.left_px},y={part.top_px}"
    assert np.array_equal(stitched(parts, *size), image)


def test_regions_of_a_jpeg_compressed_tiled_page_equal_openslides(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, picture(200, 300), tile=(64, 64), photometric="ycbcr", compression="jpeg")
    scan = openslide.OpenSlide(path)
    for part in fields(path, **REGIONS):
        region = scan.read_region((part.left_px, part.top_px), 0, (part.image.shape[1], part.image.shape[0]))
        assert np.array_equal(part.image, np.asarray(region)[..., :3])


def test_of_a_pyramid_only_the_full_resolution_is_read(tmp_path: Path) -> None:
    image = picture(200, 300)
    path = write_pyramid(tmp_path / "a.tif", image)
    assert openslide.OpenSlide(path).level_count == 3
    parts = fields(path, **REGIONS)
    assert np.array_equal(stitched(parts, 200, 300), image)
    assert {part.um_per_pixel for part in parts} == {0.25}


def test_a_tiled_page_no_larger_than_a_region_is_one_field(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", picture(), tile=(32, 32), photometric="rgb")
    (field,) = fields(tmp_path / "a.tif")
    assert field.name == "a.tif"
    assert np.array_equal(field.image, picture())


def test_tiles_that_were_never_written_are_white(tmp_path: Path) -> None:
    tiles = [np.full((64, 64, 3), 90, np.uint8), None, None, np.full((64, 64, 3), 30, np.uint8)]
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path,
        iter(tiles),
        shape=(128, 128, 3),
        dtype=np.uint8,
        tile=(64, 64),
        photometric="rgb",
        compression="zlib",
    )
    whole = stitched(fields(path, **REGIONS), 128, 128)
    assert whole[0, 0].tolist() == [90, 90, 90]
    assert whole[0, 127].tolist() == [255, 255, 255]
    assert whole[127, 127].tolist() == [30, 30, 30]


def test_regions_of_a_12_bit_slide_are_scaled_alike_the_empty_ones_too(tmp_path: Path) -> None:
    pixels = np.full((96, 256, 3), 4000, np.uint16)
    pixels[:, 128:] = 500  # on its own this half would be taken for 10 bits
    tifffile.imwrite(tmp_path / "a.tif", pixels, tile=(32, 32), photometric="rgb")
    whole = stitched(fields(tmp_path / "a.tif", **REGIONS), 96, 256)
    assert whole[0, 0, 0] == 249  # 4000 / 4095 of 255 is 249.08
    assert whole[0, 255, 0] == 31  # 500 / 4095 of 255 is 31.14


def test_each_page_is_a_field_and_pages_may_differ_in_size(tmp_path: Path) -> None:
    images = [picture(64, 80 + step, seed=step) for step in range(3)]
    for image in images:
        tifffile.imwrite(tmp_path / "a.tif", image, append=True, photometric="rgb")
    parts = fields(tmp_path / "a.tif")
    assert [part.name for part in parts] == ["a.tif#page=1", "a.tif#page=2", "a.tif#page=3"]
    for part, image in zip(parts, images, strict=True):
        assert np.array_equal(part.image, image)


def test_each_of_several_tiled_pages_is_cut_into_regions(tmp_path: Path) -> None:
    images = [picture(64, 120, seed=seed) for seed in range(2)]
    for image in images:
        tifffile.imwrite(tmp_path / "a.tif", image, append=True, photometric="rgb", tile=(32, 32))
    parts = fields(tmp_path / "a.tif", **REGIONS)
    assert [part.name for part in parts] == [
        f"a.tif#page={page},x={left},y=0" for page in (1, 2) for left in (0, 20)
    ]
    assert np.array_equal(stitched(parts[2:], 64, 120), images[1])


def test_a_thumbnail_page_is_no_field(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(picture(), photometric="rgb")
        writer.write(picture()[::2, ::2], photometric="rgb", subfiletype=1)
    (field,) = fields(tmp_path / "a.tif")
    assert np.array_equal(field.image, picture())


@pytest.mark.parametrize("tile", [None, (32, 32)])
def test_grey_palette_inverted_bilevel_and_cmyk_pages_show_their_colours(
    tmp_path: Path, tile: tuple[int, int] | None
) -> None:
    grey = picture()[..., 0]
    thrice = np.repeat(grey[..., np.newaxis], 3, axis=2)
    colours = np.random.default_rng(1).integers(0, 65536, (3, 256), np.uint16)
    ink = np.concatenate([255 - picture(), np.zeros((96, 128, 1), np.uint8)], axis=2)
    cases: dict[str, tuple[NDArray[np.uint8] | NDArray[np.bool_], dict[str, object], NDArray[np.uint8]]] = {
        "grey": (grey, {"photometric": "minisblack"}, thrice),
        "inverted": (grey, {"photometric": "miniswhite"}, 255 - thrice),
        "bilevel": (grey > 100, {"photometric": "minisblack"}, (thrice > 100) * np.uint8(255)),
        "palette": (
            grey,
            {"photometric": "palette", "colormap": colours},
            np.rint(colours.T[grey] / 257).astype(np.uint8),
        ),
        "cmyk": (ink, {"photometric": "separated"}, picture()),
    }
    for name, (data, options, expected) in cases.items():
        path = tmp_path / f"{name}.tif"
        tifffile.imwrite(path, data, tile=tile, **options)  # type: ignore[arg-type]  # options vary
        assert np.array_equal(stitched(fields(path, **REGIONS), 96, 128), expected), name


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_packed_samples_are_scaled_by_their_stated_bits(tmp_path: Path, bits: int) -> None:
    pixels = np.zeros((64, 64), np.uint16)
    pixels[0, 0] = 2 ** (bits - 1)  # the maximum alone would be taken for fewer bits or as many
    pixels[1, 1] = 200
    tifffile.imwrite(tmp_path / "a.tif", pixels, bitspersample=bits, photometric="minisblack")
    (field,) = fields(tmp_path / "a.tif")
    assert field.image[0, 0, 0] == 128
    assert field.image[1, 1, 0] == round(200 * 255 / (2**bits - 1))


@pytest.mark.parametrize(
    ("options", "um_per_pixel"),
    [
        ({"resolution": (100_000, 100_000), "resolutionunit": "CENTIMETER"}, 0.1),
        ({"resolution": (254_000, 254_000), "resolutionunit": "INCH"}, 0.1),
        ({"resolution": (72, 72), "resolutionunit": "INCH"}, None),
        ({"resolution": (10, 10), "resolutionunit": "NONE"}, None),
        ({"imagej": True, "resolution": (10, 10), "metadata": {"unit": "um"}}, 0.1),
        ({"ome": True, "metadata": {"axes": "YXS", "PhysicalSizeX": 100, "PhysicalSizeXUnit": "nm"}}, 0.1),
        ({"ome": True, "metadata": {"axes": "YXS", "PhysicalSizeX": 0.1}}, 0.1),
        ({"ome": True, "metadata": {"axes": "YXS", "PhysicalSizeX": 5.0}}, None),
        ({}, None),
    ],
)
def test_the_scale_is_read_where_it_is_credible(
    tmp_path: Path, options: dict[str, object], um_per_pixel: float | None
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", picture(), photometric="rgb", **options)  # type: ignore[arg-type]
    (field,) = fields(tmp_path / "a.tif")
    assert field.um_per_pixel == (None if um_per_pixel is None else pytest.approx(um_per_pixel))


def test_colour_channels_in_separate_pages_are_refused_not_counted_thrice(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, np.moveaxis(picture(), -1, 0), photometric="minisblack", metadata={"axes": "CYX"})
    with pytest.raises(UnreadableImageError, match="colour channels as separate pages: save it as RGB"):
        open_slide(path)


def test_floating_point_samples_of_a_large_tiled_page_are_not_decoded_here(tmp_path: Path) -> None:
    data = picture(150, 260).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="rgb", tile=(32, 32))
    with pytest.raises(UnreadableImageError, match=r"not decoded here .*float32"):
        fields(tmp_path / "a.tif", **REGIONS)


def test_a_page_in_strips_over_the_pixel_limit_is_refused_and_a_tiled_one_is_read(tmp_path: Path) -> None:
    strips, tiles = tmp_path / "strips.tif", tmp_path / "tiles.tif"
    tifffile.imwrite(strips, picture(), photometric="rgb")
    with tifffile.TiffFile(strips, mode="r+") as tiff:
        tags = tiff.pages.first.tags
        tags["ImageWidth"].overwrite(10_000)
        tags["ImageLength"].overwrite(10_001)
    tifffile.imwrite(
        tiles,
        iter([np.zeros((512, 512, 3), np.uint8), *[None] * 399]),
        shape=(10_001, 10_000, 3),
        dtype=np.uint8,
        tile=(512, 512),
        photometric="rgb",
        compression="zlib",
    )
    with pytest.raises(UnreadableImageError, match="10000 x 10001 pixels, more than the 100 million"):
        fields(strips)
    slide = open_slide(tiles)
    assert slide.read_field(slide.field_names()[-1]).image.shape == (1280, 1280, 3)


@pytest.mark.parametrize("compression", [None, "jpeg", "zlib"])
def test_a_tiled_file_cut_short_is_refused(tmp_path: Path, compression: str | None) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, picture(300, 300), tile=(64, 64), photometric="rgb", compression=compression)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(UnreadableImageError, match="cut short"):
        fields(path, **REGIONS)


def test_a_tiled_page_of_endless_width_and_no_height_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "damaged.tif"
    tifffile.imwrite(path, picture(), tile=(32, 32), photometric="rgb")
    content = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tiff:
        width, height = (tiff.pages.first.tags[name] for name in ("ImageWidth", "ImageLength"))
    content[width.valueoffset + 3] = 127
    content[height.offset] = 127  # the tag is then another one, and the height is missing
    path.write_bytes(content)
    with pytest.raises(UnreadableImageError, match=r"a size of \d+ x 0 pixels"):
        open_slide(path)


def test_regions_of_which_no_tile_was_written_are_no_fields(tmp_path: Path) -> None:
    image = picture(192, 256)
    tiles = [
        zlib.compress(np.ascontiguousarray(image[row : row + 64, column : column + 64]).tobytes())
        for row in range(0, 192, 64)
        for column in range(0, 256, 64)
    ]
    tiles[:4] = [b""] * 4  # the first row
    path = tmp_path / "a.tif"
    tifffile.imwrite(
        path,
        iter(tiles),
        shape=image.shape,
        dtype=np.uint8,
        tile=(64, 64),
        photometric="rgb",
        compression="zlib",
    )
    parts = fields(path, region_px=64, overlap_px=0)
    assert [part.name for part in parts] == [
        f"a.tif#x={x},y={y}" for y in (64, 128) for x in (0, 64, 128, 192)
    ]
    assert np.array_equal(stitched(parts, 192, 256)[64:], image[64:])
