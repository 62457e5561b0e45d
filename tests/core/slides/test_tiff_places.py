"""A place in a TIFF counts once: planes of a stack, levels of a pyramid, labels and thumbnails."""

import math
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from core.errors import UnreadableImageError
from core.slides import open_slide
from tests.core.slides.images import Image, picture

FIELDS = np.array([picture(seed=seed) for seed in range(3)])
STACK = np.array([cv2.GaussianBlur(picture(), (0, 0), spread) for spread in (5, 3, 0.01, 4)])
SECOND_STACK = np.array([cv2.GaussianBlur(FIELDS[1], (0, 0), spread) for spread in (5, 3, 0.01, 4)])
TWO_STACKS = np.array([STACK, SECOND_STACK])


def places(path: Path) -> list[tuple[str, int]]:
    """Suffix of each field, and how many planes show it."""
    slide = open_slide(path)
    return [(name.removeprefix(path.name), slide.planes_of(name)) for name in slide.field_names()]


def sharpest(path: Path) -> list[Image]:
    slide = open_slide(path)
    return [slide.read_field(name).image for name in slide.field_names()]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.tif", {"imagej": True, "metadata": {"axes": "ZYXS"}}),
        ("a.tif", {"imagej": True, "metadata": {"axes": "ZYXS"}, "truncate": True}),
        ("a.ome.tif", {"metadata": {"axes": "ZYXS"}}),
        ("a.ome.tif", {"metadata": {"axes": "ZYXS"}, "compression": "zlib"}),
        ("a.tif", {"metadata": {"axes": "ZYXS"}, "volumetric": True}),
        ("a.tif", {}),
        ("a.tif", {"metadata": None}),
    ],
    ids=["ImageJ", "ImageJ without headers", "OME", "OME deflated", "volume", "undeclared", "bare"],
)
def test_planes_of_one_place_are_one_field_the_sharpest(
    tmp_path: Path, name: str, options: dict[str, object]
) -> None:
    path = tmp_path / name
    tifffile.imwrite(path, STACK, **{"photometric": "rgb"} | options)  # type: ignore[arg-type]
    assert places(path) == [("", 4)]
    (image,) = sharpest(path)
    assert np.array_equal(image, STACK[2])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.tif", {"imagej": True, "metadata": {"axes": "TYXS"}}),
        ("a.tif", {"imagej": True, "metadata": {"axes": "TYXS"}, "truncate": True}),
        # ImageJ calls the pictures of any stack slices, so that this alone means nothing.
        ("a.tif", {"imagej": True, "metadata": {"axes": "ZYXS"}}),
        ("a.ome.tif", {"metadata": {"axes": "TYXS"}}),
        ("a.tif", {}),
        ("a.tif", {"truncate": True}),
        ("a.tif", {"metadata": None}),
    ],
    ids=["T", "T without headers", "slices", "OME T", "undeclared", "undeclared without headers", "bare"],
)
def test_a_stack_of_different_fields_stays_as_many_fields(
    tmp_path: Path, name: str, options: dict[str, object]
) -> None:
    path = tmp_path / name
    tifffile.imwrite(path, FIELDS, **{"photometric": "rgb"} | options)  # type: ignore[arg-type]
    assert places(path) == [("#page=1", 1), ("#page=2", 1), ("#page=3", 1)]
    assert np.array_equal(sharpest(path), FIELDS)


def test_a_stack_that_imagej_made_of_sparse_fields_stays_as_many_fields(tmp_path: Path) -> None:
    fields = np.full((4, 480, 640, 3), 225, np.uint8)
    for image, centre in zip(fields, ((90, 90), (300, 120), (150, 380), (420, 350)), strict=True):
        cv2.circle(image, centre, 26, (200, 130, 150), -1)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, fields, imagej=True, metadata={"axes": "ZYXS"})
    assert np.array_equal(sharpest(path), fields)


def test_of_a_stack_of_two_unnamed_axes_without_headers_all_pictures_are_fields(tmp_path: Path) -> None:
    fields = np.array([picture(seed=seed) for seed in range(6)])
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, fields.reshape(2, 3, 96, 128, 3), photometric="rgb", truncate=True)
    assert np.array_equal(sharpest(path), fields)


def test_a_header_that_states_more_pictures_than_memory_holds_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, FIELDS, imagej=True, metadata={"axes": "TYXS"}, truncate=True)
    path.write_bytes(path.read_bytes().replace(b"images=3\nframes=3\n", b"images=999999999\n\n"))
    with pytest.raises(UnreadableImageError, match=r"damaged or cut short \(999999999 pictures in"):
        open_slide(path)


@pytest.mark.parametrize("axes", ["TZYXS", "ZTYXS"])
@pytest.mark.parametrize("name", ["a.tif", "a.ome.tif"])
def test_of_several_places_each_with_its_planes_every_place_is_a_field(
    tmp_path: Path, name: str, axes: str
) -> None:
    path = tmp_path / name
    data = TWO_STACKS if axes[0] == "T" or not name.endswith(".ome.tif") else TWO_STACKS.swapaxes(0, 1)
    axes = axes if name.endswith(".ome.tif") else "TZYXS"  # ImageJ knows one order
    tifffile.imwrite(path, data, imagej=name == "a.tif", photometric="rgb", metadata={"axes": axes})
    assert places(path) == [("#page=1", 4), ("#page=2", 4)]
    assert np.array_equal(sharpest(path), TWO_STACKS[:, 2])


def test_planes_of_which_colours_are_kept_apart_are_refused_and_not_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, STACK.transpose(0, 3, 1, 2), photometric="minisblack", metadata={"axes": "ZCYX"})
    with pytest.raises(UnreadableImageError, match="colour channels as separate pages: save it as RGB"):
        open_slide(path)


def test_a_stack_without_headers_that_is_cut_short_is_named_plane_by_plane(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, FIELDS, imagej=True, metadata={"axes": "TYXS"}, truncate=True)
    path.write_bytes(path.read_bytes()[: -FIELDS[0].size // 2])
    slide = open_slide(path)
    assert np.array_equal(slide.read_field("a.tif#page=2").image, FIELDS[1])
    with pytest.raises(UnreadableImageError, match="cut short"):
        slide.read_field("a.tif#page=3")


def reduced(image: Image, step: int, rounded: Callable[[float], int] = math.floor) -> Image:
    size = rounded(image.shape[1] / step), rounded(image.shape[0] / step)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def write_pages(path: Path, *pages: Image, tiled: int = 0, compression: str | None = None) -> Path:
    """Pages without any mark of what they are, the first of them tiled."""
    with tifffile.TiffWriter(path) as writer:
        for number, page in enumerate(pages):
            tile = (64, 64) if number < tiled else None
            writer.write(page, photometric="rgb", tile=tile, compression=compression, metadata=None)
    return path


LARGE = picture(211, 301)


@pytest.mark.parametrize("tiled", [0, 3])
@pytest.mark.parametrize("rounded", [math.floor, math.ceil], ids=["rounded down", "rounded up"])
@pytest.mark.parametrize("compression", [None, "jpeg"])
def test_levels_of_a_pyramid_that_are_not_marked_as_such_are_no_fields(
    tmp_path: Path, tiled: int, rounded: Callable[[float], int], compression: str | None
) -> None:
    levels = [reduced(LARGE, step, rounded) for step in (1, 2, 3)]
    path = write_pages(tmp_path / "a.tif", *levels, tiled=tiled, compression=compression)
    assert places(path) == [("", 1)]
    assert sharpest(path)[0].shape == LARGE.shape


def test_a_thumbnail_before_its_picture_is_no_field(tmp_path: Path) -> None:
    path = write_pages(tmp_path / "a.tif", reduced(LARGE, 4), LARGE)
    assert np.array_equal(sharpest(path), [LARGE])


def test_levels_within_a_page_are_no_fields(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(LARGE, photometric="rgb", tile=(64, 64), subifds=1)
        writer.write(reduced(LARGE, 2), photometric="rgb", tile=(64, 64), subfiletype=1)
    assert places(path) == [("", 1)]


def test_a_label_and_a_macro_picture_beside_a_pyramid_are_no_fields(tmp_path: Path) -> None:
    label, macro = picture(60, 50, seed=4), picture(90, 200, seed=5)
    path = write_pages(tmp_path / "a.tif", LARGE, reduced(LARGE, 2), label, macro, tiled=2)
    assert places(path) == [("", 1)]


def test_a_picture_binned_to_another_size_is_a_field_where_it_shows_another_place(tmp_path: Path) -> None:
    path = write_pages(tmp_path / "a.tif", LARGE, reduced(picture(211, 301, seed=8), 2))
    assert places(path) == [("#page=1", 1), ("#page=2", 1)]


@pytest.mark.parametrize("largest_first", [True, False])
def test_fields_of_several_cameras_are_all_fields_whatever_their_sizes_and_aspects(
    tmp_path: Path, largest_first: bool
) -> None:
    pages = [
        picture(408, 490, seed=1),
        picture(192, 256, seed=2),
        picture(192, 256, seed=3),
        picture(96, 128),
    ]
    pages = pages if largest_first else pages[::-1]
    slide = open_slide(write_pages(tmp_path / "a.tif", *pages))
    assert [slide.read_field(name).image.shape for name in slide.field_names()] == [
        page.shape for page in pages
    ]


def test_planes_each_with_its_levels_are_one_field(tmp_path: Path) -> None:
    planes: list[NDArray[np.uint8]] = [
        reduced(np.asarray(cv2.GaussianBlur(LARGE, (0, 0), spread), np.uint8), step)
        for spread in (4, 0.01)
        for step in (1, 2)
    ]
    path = write_pages(tmp_path / "a.tif", *planes)
    assert places(path) == [("", 2)]
    assert np.array_equal(sharpest(path), [LARGE])


def test_regions_of_a_large_stack_are_each_taken_from_the_plane_that_is_sharp_there(tmp_path: Path) -> None:
    left_sharp, right_sharp = LARGE.copy(), LARGE.copy()
    blurred = np.asarray(cv2.GaussianBlur(LARGE, (0, 0), 4), np.uint8)
    left_sharp[:, 150:], right_sharp[:, :150] = blurred[:, 150:], blurred[:, :150]
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(
        path,
        np.array([left_sharp, right_sharp]),
        tile=(64, 64),
        photometric="rgb",
        metadata={"axes": "ZYXS"},
    )
    slide = open_slide(path, region_px=160, overlap_px=20)
    assert {slide.planes_of(name) for name in slide.field_names()} == {2}
    for name in slide.field_names():
        field = slide.read_field(name)
        rows, columns = field.image.shape[:2]
        own = LARGE[field.top_px : field.top_px + rows, field.left_px : field.left_px + columns]
        if field.left_px == 0:
            assert np.array_equal(field.image[:, :140], own[:, :140])
        elif field.left_px + columns == 301:
            assert np.array_equal(field.image[:, 20:], own[:, 20:])


@pytest.mark.parametrize("name", ["a.tif", "a.dng"])
@pytest.mark.parametrize("tag", ["colours of a sensor", "DNG version"])
def test_a_raw_file_is_refused_by_its_tags_whatever_its_name_and_no_preview_is_a_field(
    tmp_path: Path, name: str, tag: str
) -> None:
    path = tmp_path / name
    with tifffile.TiffWriter(path) as writer:
        version = [(50706, 1, 4, b"\1\4\0\0", True)] if tag == "DNG version" else []
        writer.write(picture(), photometric="rgb", extratags=version, metadata=None)
        if tag != "DNG version":
            writer.write(
                np.zeros((64, 64), np.uint16),
                photometric=32803,
                extratags=[(33421, 3, 2, (2, 2), True), (33422, 1, 4, b"\0\1\1\2", True)],
                metadata=None,
            )
    with pytest.raises(UnreadableImageError, match="RAW file, which is not decoded here: export it as JPEG"):
        open_slide(path)


@pytest.mark.parametrize("tile", [None, (32, 32)])
@pytest.mark.parametrize("region_px", [128, 1280])
def test_of_a_place_that_is_there_in_tiles_and_otherwise_the_first_tiling_is_read(
    tmp_path: Path, tile: tuple[int, int] | None, region_px: int
) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(LARGE, photometric="rgb", tile=(64, 64), metadata=None)
        writer.write(LARGE, photometric="rgb", tile=tile, metadata=None)
    slide = open_slide(path, region_px=region_px, overlap_px=32)
    for name in slide.field_names():
        assert slide.planes_of(name) == 1
        field = slide.read_field(name)
        rows, columns = field.image.shape[:2]
        shown = LARGE[field.top_px : field.top_px + rows, field.left_px : field.left_px + columns]
        assert np.array_equal(field.image, shown)
