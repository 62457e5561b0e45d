"""DICOM whole slides in focal planes: each region is that of its sharpest, however the planes are kept."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from core.errors import UnreadableImageError
from core.slides import dicom_planes, open_overview, open_slide
from core.slides.dicom_frames import header_of
from core.slides.dicom_planes import tile_matrix
from tests.core.slides.dicom_slides import TILE_BYTES, divide, make_sparse, write_level, write_planes
from tests.core.slides.images import Image, picture

IMAGE = picture(200, 300)
FLAT = np.full_like(IMAGE, 128)
LEFT, RIGHT = IMAGE.copy(), IMAGE.copy()
LEFT[:, 150:] = 128
RIGHT[:, :150] = 128
PLANES = [LEFT, FLAT, RIGHT]
SERIES = generate_uid()


def at(across_mm: float, depth_um: float) -> dict[str, Any]:
    """What a file says of its place on the glass."""
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = across_mm, 5.0
    origin.ZOffsetInSlideCoordinateSystem = depth_um
    return {"TotalPixelMatrixOriginSequence": [origin]}


def in_one_file(folder: Path) -> None:
    write_planes(folder / "a.dcm", PLANES, SERIES)


def divided(folder: Path) -> None:
    divide(write_planes(folder / "a.dcm", PLANES, SERIES), 4)


def sparse(folder: Path) -> None:
    make_sparse(write_planes(folder / "a.dcm", PLANES, SERIES), depths=3)


def a_file_each(folder: Path) -> None:
    for number, plane in enumerate(PLANES):
        write_level(folder / f"{number}.dcm", plane, SERIES, **at(10.0, number * 0.5))


def with_levels(folder: Path) -> None:
    in_one_file(folder)
    write_level(folder / "0.dcm", IMAGE[::2, ::2], SERIES, 1)


@pytest.mark.parametrize("write", [in_one_file, divided, sparse, a_file_each, with_levels])
def test_each_region_is_that_of_its_sharpest_plane(tmp_path: Path, write: Callable[[Path], None]) -> None:
    write(tmp_path)
    slide = open_slide(tmp_path, region_px=100, overlap_px=0)
    slide = pickle.loads(pickle.dumps(slide))  # noqa: S301 - the bytes are our own
    names = slide.field_names()
    assert len(names) == 6
    assert {slide.planes_of(name) for name in names} == {3}
    for name in names:
        field = slide.read_field(name)
        if field.left_px == 100:
            continue  # half of either
        expected = IMAGE[field.top_px :, field.left_px :][:100, :100]
        assert np.array_equal(field.image, expected)
        assert field.um_per_pixel == 0.25
    assert open_overview(tmp_path) is None


def test_what_was_not_scanned_in_any_plane_is_white(tmp_path: Path) -> None:
    path = write_planes(tmp_path / "a.dcm", PLANES, SERIES)
    make_sparse(path, left_out=[0], depths=3)
    slide = open_slide(tmp_path)
    image = slide.read_field(slide.field_names()[0]).image
    assert (image[:64, :64] == 255).all()


def test_a_matrix_has_a_place_for_each_tile_of_each_plane(tmp_path: Path) -> None:
    matrix = tile_matrix((write_planes(tmp_path / "a.dcm", PLANES, SERIES),))
    assert matrix.at.shape == (3, 4, 5, 2)
    assert matrix.at[..., 1].ravel().tolist() == list(range(60))
    assert (matrix.width_px, matrix.height_px, matrix.tile_width_px) == (300, 200, 64)


def test_where_the_tiles_lie_is_read_once_of_each_of_two_slides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def counted(path: Path) -> Dataset:
        read.append(path.name)
        return header_of(path)

    monkeypatch.setattr(dicom_planes, "header_of", counted)
    paths = [write_level(tmp_path / name, IMAGE, generate_uid()) for name in ("a.dcm", "b.dcm")]
    for path in paths:
        make_sparse(path)
    for path in paths * 3:
        assert tile_matrix((path,)).is_plain
    assert read == ["a.dcm", "b.dcm"]


def test_a_file_with_more_tiles_than_its_size_has_is_named(tmp_path: Path) -> None:
    path = write_planes(tmp_path / "a.dcm", PLANES, SERIES)
    dataset = dcmread(path)
    dataset.TotalPixelMatrixRows = 60
    dataset.save_as(path)
    with pytest.raises(UnreadableImageError, match="60 tiles, where 3 planes of 1 x 5 are 15"):
        open_slide(path)


def test_a_tile_beyond_the_picture_is_named(tmp_path: Path) -> None:
    path = write_planes(tmp_path / "a.dcm", PLANES, SERIES)
    make_sparse(path, depths=3)
    dataset = dcmread(path)
    group = dataset.PerFrameFunctionalGroupsSequence[0]
    group.PlanePositionSlideSequence[0].RowPositionInTotalImagePixelMatrix = 100_000
    dataset.save_as(path)
    with pytest.raises(UnreadableImageError, match="and row 100000, off the grid of 64 x 64"):
        open_slide(path)


def change_tile(path: Path, tile: int, name: str, value: float) -> None:
    dataset = dcmread(path)
    (position,) = dataset.PerFrameFunctionalGroupsSequence[tile].PlanePositionSlideSequence
    setattr(position, name, value)
    dataset.save_as(path)


def test_a_place_that_lacks_a_depth_is_named(tmp_path: Path) -> None:
    path = write_planes(tmp_path / "a.dcm", PLANES, SERIES)
    make_sparse(path, depths=3)
    dataset = dcmread(path)
    dataset.PixelData, dataset.NumberOfFrames = dataset.PixelData[TILE_BYTES:], 59
    del dataset.PerFrameFunctionalGroupsSequence[0]
    dataset.save_as(path)
    with pytest.raises(
        UnreadableImageError,
        match=r"a\.dcm .*2 tiles at one place and 3 at another.*: export it in one focal",
    ):
        open_slide(path)


def test_two_depths_of_half_the_places_are_not_taken_for_one(tmp_path: Path) -> None:
    path = write_planes(tmp_path / "a.dcm", PLANES[:2], SERIES)
    make_sparse(path, left_out=range(10), depths=2)
    dataset = dcmread(path)
    del dataset.TotalPixelMatrixFocalPlanes
    dataset.save_as(path)
    slide = open_slide(path)
    assert slide.planes_of(slide.field_names()[0]) == 2


def test_depths_that_follow_the_surface_are_numbered_place_by_place(tmp_path: Path) -> None:
    path = write_planes(tmp_path / "a.dcm", PLANES, SERIES)
    make_sparse(path, depths=3)
    dataset = dcmread(path)
    for group in dataset.PerFrameFunctionalGroupsSequence:
        (position,) = group.PlanePositionSlideSequence
        tilt = (
            position.ColumnPositionInTotalImagePixelMatrix / 40 + position.RowPositionInTotalImagePixelMatrix
        )
        position.ZOffsetInSlideCoordinateSystem += tilt
    dataset.save_as(path)
    matrix = tile_matrix((path,))
    assert matrix.at.shape == (3, 4, 5, 2)
    slide = open_slide(path, region_px=100, overlap_px=0)
    assert np.array_equal(slide.read_field(slide.field_names()[0]).image, IMAGE[:100, :100])


@pytest.mark.parametrize("name", ["Column", "Row"])
def test_a_tile_off_the_grid_is_named(tmp_path: Path, name: str) -> None:
    path = write_level(tmp_path / "a.dcm", IMAGE, SERIES)
    make_sparse(path)
    change_tile(path, 3, f"{name}PositionInTotalImagePixelMatrix", 33)
    with pytest.raises(
        UnreadableImageError, match=r"a\.dcm .*33.* off the grid of 64 x 64 pixels.*: export it"
    ):
        open_slide(path)


def test_two_areas_of_one_size_in_one_series_are_named_and_not_taken_for_planes(tmp_path: Path) -> None:
    write_level(tmp_path / "a.dcm", IMAGE, SERIES)
    write_level(tmp_path / "b.dcm", picture(200, 300, seed=5), SERIES)
    with pytest.raises(
        UnreadableImageError, match=r"b\.dcm .*with a\.dcm, but not seen to be of one area.*: export"
    ):
        open_slide(tmp_path / "a.dcm")


def test_areas_that_say_that_they_lie_elsewhere_are_named(tmp_path: Path) -> None:
    write_level(tmp_path / "a.dcm", IMAGE, SERIES, **at(10.0, 0.0))
    write_level(tmp_path / "b.dcm", IMAGE, SERIES, **at(20.0, 0.5))
    with pytest.raises(
        UnreadableImageError, match=r"b\.dcm .*otherwise than those of a\.dcm.*: export it in"
    ):
        open_slide(tmp_path / "a.dcm")


def test_planes_a_file_each_with_tiles_of_other_sizes_are_named(tmp_path: Path) -> None:
    write_level(tmp_path / "a.dcm", IMAGE, SERIES)
    write_level(tmp_path / "b.dcm", IMAGE, SERIES, Rows=32, Columns=128)
    with pytest.raises(UnreadableImageError, match=r"b\.dcm .*otherwise than those of a\.dcm"):
        open_slide(tmp_path / "a.dcm")


def test_planes_a_file_each_that_are_out_of_focus_are_planes_still(tmp_path: Path) -> None:
    for number, spread in enumerate((3, 0.01, 2)):
        plane = np.asarray(cv2.GaussianBlur(IMAGE, (0, 0), spread), np.uint8)
        write_level(tmp_path / f"{number}.dcm", plane, SERIES)
    slide = open_slide(tmp_path, region_px=100, overlap_px=0)
    assert {slide.planes_of(name) for name in slide.field_names()} == {3}
    assert np.array_equal(slide.read_field(slide.field_names()[0]).image, IMAGE[:100, :100])


def with_a_cell(left: int, top: int) -> Image:
    return np.asarray(cv2.circle(np.full_like(IMAGE, 235), (left, top), 15, (180, 120, 150), -1), np.uint8)


def test_areas_with_few_cells_at_other_spots_are_named_where_they_do_not_say_that_they_are_planes(
    tmp_path: Path,
) -> None:
    first, second = with_a_cell(60, 60), with_a_cell(200, 130)
    write_level(tmp_path / "a.dcm", first, SERIES)
    write_level(tmp_path / "b.dcm", second, SERIES)
    with pytest.raises(UnreadableImageError, match="not seen to be of one area"):
        open_slide(tmp_path / "a.dcm")
    write_level(tmp_path / "a.dcm", first, SERIES, **at(10.0, 0.0))
    write_level(tmp_path / "b.dcm", second, SERIES, **at(10.0, 0.0))
    with pytest.raises(UnreadableImageError, match="not seen to be of one area"):
        open_slide(tmp_path / "a.dcm")


def test_pictures_that_differ_are_no_planes_whatever_the_files_say(tmp_path: Path) -> None:
    write_level(tmp_path / "a.dcm", IMAGE, SERIES, **at(10.0, 0.0))
    write_level(tmp_path / "b.dcm", picture(200, 300, seed=5), SERIES, **at(10.0, 0.5))
    with pytest.raises(UnreadableImageError, match="not seen to be of one area"):
        open_slide(tmp_path / "a.dcm")
