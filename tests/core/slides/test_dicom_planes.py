"""DICOM whole slides in focal planes: each region is that of its sharpest, however the planes are kept."""

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid

from core.errors import UnreadableImageError
from core.slides import open_overview, open_slide
from core.slides.dicom_planes import tile_matrix
from tests.core.slides.dicom_slides import divide, make_sparse, write_level, write_planes
from tests.core.slides.images import picture

IMAGE = picture(200, 300)
FLAT = np.full_like(IMAGE, 128)
LEFT, RIGHT = IMAGE.copy(), IMAGE.copy()
LEFT[:, 150:] = 128
RIGHT[:, :150] = 128
PLANES = [LEFT, FLAT, RIGHT]
SERIES = generate_uid()


def in_one_file(folder: Path) -> None:
    write_planes(folder / "a.dcm", PLANES, SERIES)


def divided(folder: Path) -> None:
    divide(write_planes(folder / "a.dcm", PLANES, SERIES), 4)


def sparse(folder: Path) -> None:
    make_sparse(write_planes(folder / "a.dcm", PLANES, SERIES), depths=3)


def a_file_each(folder: Path) -> None:
    for number, plane in enumerate(PLANES):
        write_level(folder / f"{number}.dcm", plane, SERIES)


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


def test_a_file_with_more_tiles_than_its_size_has_is_named(tmp_path: Path) -> None:
    path = write_planes(tmp_path / "a.dcm", PLANES, SERIES)
    dataset = dcmread(path)
    dataset.TotalPixelMatrixRows = 60
    dataset.save_as(path)
    with pytest.raises(UnreadableImageError, match=r"60 tiles, where 3 planes of 1 x 5 have less"):
        open_slide(path)


def test_a_tile_beyond_the_picture_is_named(tmp_path: Path) -> None:
    path = write_planes(tmp_path / "a.dcm", PLANES, SERIES)
    make_sparse(path, depths=3)
    dataset = dcmread(path)
    group = dataset.PerFrameFunctionalGroupsSequence[0]
    group.PlanePositionSlideSequence[0].RowPositionInTotalImagePixelMatrix = 100_000
    dataset.save_as(path)
    with pytest.raises(UnreadableImageError, match="a tile in row 1563"):
        open_slide(path)
