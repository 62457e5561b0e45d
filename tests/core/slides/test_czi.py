"""CZI files: each place in one is a field, and a picture of many tiles is cut into regions."""

import random
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.errors import UnreadableImageError
from core.slides import find_slides, open_slide
from tests.core.slides.czi_files import (
    Laid,
    Pixels,
    read_by_maker,
    state_no_channel,
    state_reduced,
    write_czi,
    write_jpeg_xr,
)
from tests.core.slides.images import Image, jpeg, picture

FIELDS = [picture(seed=seed) for seed in range(3)]


def out_of_focus(image: Image, spread_px: float) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), spread_px), np.uint8)


def places(path: Path) -> list[tuple[str, int]]:
    """Suffix of each field, and how many planes show it."""
    slide = open_slide(path)
    return [(name.removeprefix(path.name), slide.planes_of(name)) for name in slide.field_names()]


def images(path: Path) -> list[Image]:
    slide = open_slide(path)
    return [slide.read_field(name).image for name in slide.field_names()]


def refusal(path: Path) -> str:
    with pytest.raises(UnreadableImageError) as refused:
        images(path)
    return str(refused.value)


def refusal_or_nothing(path: Path) -> str:
    try:
        images(path)
    except UnreadableImageError as error:
        return str(error)
    return ""


def test_a_single_picture_is_the_field_with_its_scale(tmp_path: Path) -> None:
    path = write_czi(tmp_path / "a.czi", [Laid(FIELDS[0])], um_per_pixel=0.0645)
    slide = open_slide(path)
    assert slide.field_names() == ("a.czi",)
    field = slide.read_field("a.czi")
    assert np.array_equal(field.image, FIELDS[0])
    assert field.um_per_pixel == pytest.approx(0.0645)


def test_a_scale_that_no_microscope_has_is_not_believed(tmp_path: Path) -> None:
    path = write_czi(tmp_path / "a.czi", [Laid(FIELDS[0])], um_per_pixel=0)
    assert open_slide(path).read_field("a.czi").um_per_pixel is None


@pytest.mark.parametrize("name", ["a.czi", "a.CZI", "scan", "a.svs", "a.ndpi", "a.tif"])
def test_it_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    path = write_czi(tmp_path / "a.czi", [Laid(FIELDS[0])]).rename(tmp_path / name)
    (image,) = images(path)
    assert np.array_equal(image, FIELDS[0])


def test_each_scene_is_a_field_under_the_number_that_the_microscope_shows(tmp_path: Path) -> None:
    laid = [Laid(image, scene=scene, left=1000 * scene) for scene, image in enumerate(FIELDS)]
    path = write_czi(tmp_path / "a.czi", laid)
    assert places(path) == [("#scene=1", 1), ("#scene=2", 1), ("#scene=3", 1)]
    assert np.array_equal(images(path), FIELDS)


def test_of_the_planes_of_each_scene_the_sharpest_is_its_field(tmp_path: Path) -> None:
    path = write_czi(
        tmp_path / "a.czi",
        [
            Laid(out_of_focus(FIELDS[scene], spread), scene=scene, plane={"Z": depth}, left=1000 * scene)
            for scene in (0, 1)
            for depth, spread in enumerate((4, 0.01, 3))
        ],
    )
    assert places(path) == [("#scene=1", 3), ("#scene=2", 3)]
    assert np.array_equal(images(path), FIELDS[:2])


def test_times_at_one_place_are_one_field_and_at_different_places_are_as_many(tmp_path: Path) -> None:
    times = [FIELDS[0], out_of_focus(FIELDS[0], 3), FIELDS[1]]
    path = write_czi(tmp_path / "a.czi", [Laid(image, plane={"T": time}) for time, image in enumerate(times)])
    assert places(path) == [("#time=1", 2), ("#time=3", 1)]
    assert np.array_equal(images(path), FIELDS[:2])


def test_planes_that_show_different_places_are_as_many_fields(tmp_path: Path) -> None:
    laid = [Laid(image, plane={"Z": depth}) for depth, image in enumerate(FIELDS)]
    path = write_czi(tmp_path / "a.czi", laid)
    assert places(path) == [("#plane=1", 1), ("#plane=2", 1), ("#plane=3", 1)]


@pytest.mark.parametrize("compression", [None, "zstd0:ExplicitLevel=1", "zstd1:ExplicitLevel=1"])
def test_twelve_bits_in_sixteen_are_read_as_bright_as_they_are(
    tmp_path: Path, compression: str | None
) -> None:
    deep = np.minimum(FIELDS[0].astype(np.uint16) * 16 + 15, 4095)
    path = write_czi(tmp_path / "a.czi", [Laid(deep)], compression=compression)
    (image,) = images(path)
    assert np.abs(image.astype(int) - FIELDS[0]).max() <= 1


def test_a_picture_in_grey_is_read(tmp_path: Path) -> None:
    (image,) = images(write_czi(tmp_path / "a.czi", [Laid(np.ascontiguousarray(FIELDS[0][..., 1]))]))
    assert np.array_equal(image, np.repeat(FIELDS[0][..., 1:2], 3, axis=2))


def tiles_of(whole: Image, side_px: int, scene: int = 0, left: int = 0, depth: int = 0) -> list[Laid]:
    return [
        Laid(whole[top : top + side_px, x : x + side_px], scene, {"Z": depth}, left + x, top)
        for top in range(0, whole.shape[0], side_px)
        for x in range(0, whole.shape[1], side_px)
    ]


def laid_together(path: Path, region_px: int, shape: tuple[int, ...], suffix: str) -> Image:
    """The regions of a scene, each where it says that it lies; what none of them owns is black."""
    slide = open_slide(path, region_px=region_px, overlap_px=32)
    whole = np.zeros(shape, np.uint8)
    for name in slide.field_names():
        if suffix in name:
            field = slide.read_field(name)
            own = field.owned
            owned = field.image[own.top : own.bottom, own.left : own.right]
            top, left = field.top_px + own.top, field.left_px + own.left
            assert not whole[top : top + owned.shape[0], left : left + owned.shape[1]].any()
            whole[top : top + owned.shape[0], left : left + owned.shape[1]] = owned
    return whole


@pytest.mark.parametrize("compression", [None, "zstd1:ExplicitLevel=1"])
def test_a_scene_of_tiles_is_cut_into_regions_that_show_all_of_it(
    tmp_path: Path, compression: str | None
) -> None:
    first, second = picture(300, 400, seed=5), picture(260, 300, seed=6)
    laid = [*tiles_of(first, 100), *tiles_of(second, 100, scene=1, left=5000)]
    path = write_czi(tmp_path / "a.czi", laid, compression=compression)
    assert np.array_equal(laid_together(path, 128, first.shape, "#scene=1,"), first)
    assert np.array_equal(laid_together(path, 128, second.shape, "#scene=2,"), second)


def test_a_region_is_the_sharpest_of_its_planes(tmp_path: Path) -> None:
    whole = picture(200, 300, seed=5)
    laid = [*tiles_of(out_of_focus(whole, 3), 100), *tiles_of(whole, 100, depth=1)]
    path = write_czi(tmp_path / "a.czi", laid)
    assert np.array_equal(laid_together(path, 128, whole.shape, "#"), whole)
    assert {planes for _, planes in places(path)} == {2}


WHOLE = picture(200, 300, seed=5)
SOFT_TILES = tiles_of(out_of_focus(WHOLE, 3), 100)  # 0, 1, 2 above 3, 4, 5
SHARP_TILES = tiles_of(WHOLE, 100, depth=1)


@pytest.mark.parametrize("lost", range(6))
def test_the_sharper_plane_is_left_out_in_the_regions_where_it_lacks_a_tile(
    tmp_path: Path, lost: int
) -> None:
    path = write_czi(tmp_path / "a.czi", [*SOFT_TILES, *SHARP_TILES[:lost], *SHARP_TILES[lost + 1 :]])
    slide = open_slide(path, region_px=100, overlap_px=0)
    planes = [slide.planes_of(name) for name in slide.field_names()]
    assert planes == [1 if number == lost else 2 for number in range(6)]
    assert open_slide(path).planes_of("a.czi") == 1
    (image,) = images(path)
    assert np.array_equal(image, out_of_focus(WHOLE, 3))


@pytest.mark.parametrize("kept", [[0], [1], [5], [0, 3], [0, 1, 2], [1, 4], [2, 5]])
def test_a_plane_that_has_a_part_of_the_tiles_is_no_place_of_its_own(tmp_path: Path, kept: list[int]) -> None:
    path = write_czi(tmp_path / "a.czi", SOFT_TILES + [SHARP_TILES[number] for number in kept])
    assert places(path) == [("", 1)]


def test_times_of_which_one_lacks_a_tile_are_one_place(tmp_path: Path) -> None:
    again = [Laid(one.pixels, plane={"T": 1}, left=one.left, top=one.top) for one in SOFT_TILES]
    first = [Laid(one.pixels, plane={"T": 0}, left=one.left, top=one.top) for one in SOFT_TILES]
    assert places(write_czi(tmp_path / "a.czi", first + again[:1] + again[2:])) == [("", 1)]


def test_planes_that_each_lack_another_tile_are_named(tmp_path: Path) -> None:
    path = write_czi(tmp_path / "a.czi", SOFT_TILES[1:] + SHARP_TILES[:-1])
    assert "each lack other tiles, at column 0 and row 0): export it in one focal plane" in refusal(path)


def test_planes_with_other_tiles_that_show_other_places_are_named(tmp_path: Path) -> None:
    elsewhere = tiles_of(picture(200, 300, seed=6), 100, depth=1)
    path = write_czi(tmp_path / "a.czi", SOFT_TILES + elsewhere[1:])
    assert "different tiles, that are not seen to be of one place): export it in one" in refusal(path)


def test_places_of_which_one_alone_states_its_channel_are_both_fields(tmp_path: Path) -> None:
    path = write_czi(tmp_path / "a.czi", [Laid(image) for image in FIELDS[:2]])
    state_no_channel(path, 1)
    assert places(path) == [("#channel=1", 1), ("", 1)]
    assert np.array_equal(images(path), FIELDS[:2])


def test_where_tiles_overlap_and_where_there_is_none_the_picture_is_that_of_the_makers_library(
    tmp_path: Path,
) -> None:
    tiles = [(0, 0), (90, 20), (60, 70), (200, 150)]
    laid = [Laid(picture(96, 128, seed=seed), left=left, top=top) for seed, (left, top) in enumerate(tiles)]
    path = write_czi(tmp_path / "a.czi", laid)
    (image,) = images(path)
    assert np.array_equal(image, read_by_maker(path))
    assert image[-1, 0].tolist() == [255, 255, 255]


def test_where_a_deep_picture_has_no_tile_it_is_white_and_no_darker_for_it(tmp_path: Path) -> None:
    deep = np.minimum(FIELDS[0].astype(np.uint16) * 16 + 15, 4095)
    path = write_czi(tmp_path / "a.czi", [Laid(deep), Laid(deep, left=128, top=96)])
    (image,) = images(path)
    assert np.abs(image[:96, :128].astype(int) - FIELDS[0]).max() <= 1
    assert (image[:96, 128:] == 255).all()


def test_a_scan_is_a_slide_of_its_own_and_regions_that_were_not_scanned_are_no_fields(tmp_path: Path) -> None:
    corners = [
        Laid(picture(200, 200, seed=1)),
        Laid(picture(200, 200, seed=2), left=11_000, top=10_000),
    ]
    scan = write_czi(tmp_path / "scan.czi", corners)
    (tmp_path / "field.jpg").write_bytes(jpeg(FIELDS[0]))
    assert {found.path for found in find_slides([tmp_path]).slides} == {tmp_path, scan}
    names = open_slide(scan).field_names()
    assert len(names) == 2
    (corner,) = (open_slide(scan).read_field(name) for name in names if "x=0,y=0" in name)
    assert np.array_equal(corner.image[:200, :200], picture(200, 200, seed=1))


def test_planes_of_a_scan_with_nothing_in_its_middle_are_one_place_all_the_same(tmp_path: Path) -> None:
    corners = [
        Laid(out_of_focus(picture(200, 200, seed=seed), spread), plane={"Z": depth}, left=left, top=left)
        for depth, spread in enumerate((3, 0.01))
        for seed, left in enumerate((0, 6000))
    ]
    path = write_czi(tmp_path / "a.czi", corners)
    assert [planes for _, planes in places(path)] == [2, 2]


def test_beside_other_pictures_it_is_one_file_of_their_slide(tmp_path: Path) -> None:
    write_czi(tmp_path / "b.czi", [Laid(FIELDS[1]), Laid(FIELDS[2], scene=1, left=1000)])
    (tmp_path / "a.jpg").write_bytes(jpeg(FIELDS[0]))
    assert open_slide(tmp_path).field_names() == ("a.jpg", "b.czi#scene=1", "b.czi#scene=2")


def test_reduced_copies_are_no_fields(tmp_path: Path) -> None:
    path = write_czi(tmp_path / "a.czi", [Laid(FIELDS[0]), Laid(FIELDS[0][::2, ::2])])
    state_reduced(path, 1, 2)
    assert places(path) == [("", 1)]
    assert np.array_equal(images(path), FIELDS[:1])


@pytest.mark.parametrize("image", [FIELDS[0], FIELDS[0].astype(np.uint16)])
def test_jpeg_xr_is_read_in_the_right_order_of_colours(tmp_path: Path, image: Pixels) -> None:
    path = write_jpeg_xr(tmp_path / "a.czi", image)
    assert np.array_equal(read_by_maker(path), image)
    assert np.array_equal(images(path), FIELDS[:1])


def test_colours_that_are_kept_apart_are_refused(tmp_path: Path) -> None:
    laid = [Laid(np.ascontiguousarray(FIELDS[0][..., colour]), plane={"C": colour}) for colour in range(3)]
    path = write_czi(tmp_path / "a.czi", laid)
    assert refusal(path) == f"{path} keeps its colour channels as separate pages: save it as RGB"


def test_samples_that_are_not_decoded_here_are_named_with_what_to_do(tmp_path: Path) -> None:
    path = write_czi(tmp_path / "a.czi", [Laid(FIELDS[0].astype(np.float32))])
    assert refusal(path) == (
        f"{path} is not decoded here (samples of kind 8): export its pictures as TIFF, in full resolution"
    )


def test_a_file_without_a_picture_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = write_czi(tmp_path / "a.czi", [Laid(FIELDS[0])])
    state_reduced(path, 0, 2)
    assert "its directory lists no picture" in refusal(path)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.6, 0.99])
def test_a_file_cut_short_is_refused(tmp_path: Path, share: float) -> None:
    path = write_czi(tmp_path / "a.czi", tiles_of(picture(200, 300), 100))
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert refusal(path).startswith(f"{path} is damaged or cut short")


@pytest.mark.parametrize("files", [100, pytest.param(2000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ["uncompressed", "Zstandard", "JPEG XR"])
def test_damaged_files_are_read_or_refused(tmp_path: Path, kind: str, files: int) -> None:
    path = tmp_path / "a.czi"
    if kind == "JPEG XR":
        write_jpeg_xr(path, FIELDS[0])
    else:
        laid = [Laid(image, scene=scene, left=1000 * scene) for scene, image in enumerate(FIELDS[:2])]
        write_czi(path, laid, compression=None if kind == "uncompressed" else "zstd1:ExplicitLevel=1")
    whole = path.read_bytes()
    marks = [at for mark in (b"ZISRAW", b"DV") for at in range(len(whole)) if whole.startswith(mark, at)]
    chance = random.Random(files)  # noqa: S311 - damage, not secrets
    refused = 0
    for _ in range(files):
        damaged = bytearray(whole)
        for _ in range(chance.randrange(1, 5)):
            at = min(chance.choice(marks) + chance.randrange(200), len(whole) - 1)
            damaged[at] = chance.choice((0, 127, 128, 255))
        path.write_bytes(damaged)
        said = refusal_or_nothing(path)
        refused += bool(said)
        assert not said or (str(path) in said and "\n" not in said)
    assert refused > files / 10
